/** Sizes as people write them: `32mb`, `512kb`, or a plain number of bytes. A kilobyte is 1024 bytes. */

const UNITS_BYTES = { gb: 1024 ** 3, mb: 1024 ** 2, kb: 1024, b: 1 } as const;

/** What a size looks like, for a JSON schema. */
export const SIZE_PATTERN = '\\d+(\\.\\d+)? *([kKmMgG]?[bB])?';

const SIZE = /^(\d+(?:\.\d+)?) *(gb|mb|kb|b)?$/;

/** Whole bytes, at least one, or undefined when it is not a size. */
export function readSize(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return undefined;
  const match = SIZE.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const bytes = Number(match[1]) * UNITS_BYTES[(match[2] ?? 'b') as keyof typeof UNITS_BYTES];
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** The shortest exact form: `33554432` is `32mb`. */
export function sizeText(bytes: number): string {
  for (const [unit, unitBytes] of Object.entries(UNITS_BYTES)) {
    if (bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`;
  }
  return `${bytes}b`;
}
