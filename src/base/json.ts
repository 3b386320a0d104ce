/**
 * JSON at the byte level: find the top-level fields of an object without building it, and splice new values in, so
 * that a body travels on byte for byte but for what must change. Assumes valid JSON; on anything else it finds
 * nothing rather than something wrong.
 */

export type JsonSpan = { readonly start: number; readonly end: number };

export type JsonObject = { readonly [key: string]: unknown };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Parses, or returns undefined: for text of strangers. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** What numbers and the words true, false and null are made of. */
const isScalar = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2d ||
  byte === 0x2b ||
  byte === 0x2e ||
  byte === 0x45;

/**
 * Where the values of the top-level fields stand, by key, counted from the start of `bytes`; `from` is where the
 * object begins (spaces before it are skipped). Undefined when there is no object, when it is cut, or when a key
 * stands twice (two readers could then see two different values).
 */
export function topLevelFields(bytes: Buffer, from = 0): Map<string, JsonSpan> | undefined {
  const fields = new Map<string, JsonSpan>();
  let i = skipSpace(bytes, from);
  if (bytes[i] !== OPEN_BRACE) return undefined;
  i = skipSpace(bytes, i + 1);
  if (bytes[i] === CLOSE_BRACE) return fields;
  for (;;) {
    if (bytes[i] !== QUOTE) return undefined;
    const keyEnd = stringEnd(bytes, i);
    if (keyEnd < 0) return undefined;
    const key = textAt(bytes, i, keyEnd);
    if (key === undefined || fields.has(key)) return undefined;
    i = skipSpace(bytes, keyEnd);
    if (bytes[i] !== COLON) return undefined;
    const start = skipSpace(bytes, i + 1);
    const end = valueEnd(bytes, start);
    if (end <= start) return undefined;
    fields.set(key, { start, end });
    i = skipSpace(bytes, end);
    if (bytes[i] === CLOSE_BRACE) return fields;
    if (bytes[i] !== COMMA) return undefined;
    i = skipSpace(bytes, i + 1);
  }
}

/** What stands at the span; undefined where there is none, or where it is no JSON. */
export const valueAt = (bytes: Buffer, span: JsonSpan | undefined): unknown =>
  span === undefined ? undefined : parseJson(bytes.toString('utf8', span.start, span.end));

/** The text of the JSON string that stands there, quotes included; undefined where it is none. */
export function textAt(bytes: Buffer, start: number, end: number): string | undefined {
  const raw = bytes.toString('utf8', start + 1, end - 1);
  if (!raw.includes('\\')) return raw;
  const parsed = parseJson(`"${raw}"`);
  return typeof parsed === 'string' ? parsed : undefined;
}

export function skipSpace(bytes: Buffer, from: number): number {
  let i = from;
  while (isSpace(bytes[i])) i++;
  return i;
}

/** Index after the closing quote of the string that opens at `start`; -1 when it never closes. */
export function stringEnd(bytes: Buffer, start: number): number {
  let i = start + 1;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, i);
    if (quote < 0) return -1;
    let slashes = 0;
    while (bytes[quote - 1 - slashes] === BACKSLASH && quote - 1 - slashes > start) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    i = quote + 1;
  }
}

/** Index after the value that begins at `start`; -1 when it is cut. */
function valueEnd(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return stringEnd(bytes, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return nestedEnd(bytes, start);
  let i = start;
  while (isScalar(bytes[i] ?? 0)) i++;
  return i;
}

function nestedEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let i = start; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, i);
      if (end < 0) return -1;
      i = end - 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}

/** Where the items of the array stand that begins at `start`; undefined when there is none, or when it is cut. */
export function arrayItems(bytes: Buffer, start: number): JsonSpan[] | undefined {
  if (bytes[start] !== OPEN_BRACKET) return undefined;
  const items: JsonSpan[] = [];
  let i = skipSpace(bytes, start + 1);
  if (bytes[i] === CLOSE_BRACKET) return items;
  for (;;) {
    const end = valueEnd(bytes, i);
    if (end <= i) return undefined;
    items.push({ start: i, end });
    i = skipSpace(bytes, end);
    if (bytes[i] === CLOSE_BRACKET) return items;
    if (bytes[i] !== COMMA) return undefined;
    i = skipSpace(bytes, i + 1);
  }
}

export type JsonEdit = { readonly start: number; readonly end: number; readonly text: string };

/** The bytes with each span replaced. Edits may come in any order; they may touch but must not overlap. */
export function splice(bytes: Buffer, edits: readonly JsonEdit[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    pieces.push(bytes.subarray(at, edit.start), Buffer.from(edit.text));
    at = edit.end;
  }
  pieces.push(bytes.subarray(at));
  return Buffer.concat(pieces);
}
