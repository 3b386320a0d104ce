/**
 * Undoes the `Content-Encoding` of a request's body, off the event loop and within a bound: a body that grows beyond it
 * is given up at that byte, however small it came. Several encodings are undone in the reverse of their order.
 */

import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib';
import { Failure } from '../domain/failure.ts';

type Options = { maxOutputLength: number; chunkSize: number; rejectGarbageAfterEnd: boolean };
type Decode = (body: Uint8Array, options: Options) => Promise<Buffer>;

const inflated: Decode = promisify(inflate);
const inflatedRaw: Decode = promisify(inflateRaw);
const gunzipped: Decode = promisify(gunzip);

/** Some writers of `deflate` leave the two bytes of zlib's head away: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2 */
const hasZlibHead = ([first = 0, second = 0]: Uint8Array): boolean =>
  (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ['gzip', gunzipped],
  ['x-gzip', gunzipped],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
  ['deflate', (body, options) => (hasZlibHead(body) ? inflated : inflatedRaw)(body, options)],
]);

/** Nobody wraps a body more often; each layer costs a whole pass. */
const MOST_LAYERS = 3;

/** The encodings of a header, in the order in which they were put on, without those that are none. */
const layersOf = (encoding: string): string[] =>
  encoding
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');

/** Is there nothing to undo? */
export const isPlain = (encoding: string | undefined): boolean =>
  encoding === undefined || layersOf(encoding).length === 0;

/**
 * Throws `body_encoding_unsupported`, `body_encoding_invalid` or `body_too_large_decoded`. A body without an encoding comes
 * back as it is.
 */
export async function decodedBody(body: Buffer, encoding: string, limitBytes: number): Promise<Buffer> {
  const layers = layersOf(encoding);
  const decoders = layers.map((name) => DECODERS.get(name));
  if (layers.length > MOST_LAYERS || decoders.includes(undefined)) throw unsupported(encoding);
  let decoded = body;
  for (const [index, decode] of [...decoders.entries()].reverse())
    if (decode !== undefined)
      decoded = await undone(decoded, decode, { name: layers[index] ?? '', limitBytes });
  return decoded;
}

async function undone(
  body: Buffer,
  decode: Decode,
  { name, limitBytes }: { readonly name: string; readonly limitBytes: number },
): Promise<Buffer> {
  try {
    return await decode(body, {
      maxOutputLength: limitBytes,
      rejectGarbageAfterEnd: true,
      // The bound of one piece: with the small default a large body costs a thousand turns.
      chunkSize: 64 * 1024,
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new Failure('body_too_large_decoded', {
        message: `The body is over the limit of ${limitBytes} bytes (server.body_limit) once its ${name} is undone.`,
      });
    throw new Failure('body_encoding_invalid', {
      message: `The body is not valid ${name}, as its content-encoding says, or it is cut.`,
    });
  }
}

export const unsupported = (encoding: string): Failure =>
  new Failure('body_encoding_unsupported', {
    message:
      `content-encoding '${encoding.slice(0, 60)}' is not understood here: ` +
      `send the body as gzip, br, zstd or deflate, or uncompressed.`,
  });
