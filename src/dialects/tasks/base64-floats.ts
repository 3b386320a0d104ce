/**
 * Vectors as OpenAI's clients like them: base64 of the 32-bit floats, the lowest byte first, whatever machine this is.
 * Source: https://platform.openai.com/docs/api-reference/embeddings
 */

const FLOAT_BYTES = 4;

export function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * FLOAT_BYTES);
  for (let i = 0; i < vector.length; i++) bytes.writeFloatLE(vector[i] ?? 0, i * FLOAT_BYTES);
  return bytes.toString('base64');
}

/** Undefined where the text is not the base64 of floats. */
export function fromBase64(text: string): number[] | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % FLOAT_BYTES !== 0) return undefined;
  const vector: number[] = [];
  for (let at = 0; at < bytes.length; at += FLOAT_BYTES) vector.push(bytes.readFloatLE(at));
  return vector;
}
