/**
 * Every string value of a JSON text with the name under which it stands, found without building anything, so that some
 * of them can be replaced while all other bytes stay. A string in a list has the name of the list.
 */

import { parseJson, skipSpace, stringEnd } from './json.ts';

export type JsonString = {
  /** Empty for the whole text, and in lists without a name. */
  readonly key: string;
  readonly text: string;
  /** With its quotes. */
  readonly start: number;
  readonly end: number;
};

/** Deeper is no answer and no request, but an attack. */
const DEEPEST = 200;

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;

/**
 * Calls `visit` for each string value outside of what stands under the names to `skip`. False where the text is no JSON
 * as far as its strings and brackets tell; some strings may then have been visited.
 */
export function visitStrings(
  bytes: Buffer,
  skip: ReadonlySet<string>,
  visit: (value: JsonString) => void,
): boolean {
  /** Of the open brackets: the name of each, what closes it, and whether it is left out. */
  const names: string[] = [];
  const closers: number[] = [];
  let skippedBelow = Infinity;
  let key = '';
  for (let i = skipSpace(bytes, 0); i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, i);
      const text = end < 0 ? undefined : textAt(bytes, i, end);
      if (text === undefined) return false;
      const next = skipSpace(bytes, end);
      if (closers.at(-1) === CLOSE_BRACE && bytes[next] === COLON && !afterColon(bytes, i)) {
        key = text;
        i = next;
      } else {
        if (skippedBelow === Infinity && !skip.has(key)) visit({ key, text, start: i, end });
        i = end - 1;
      }
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      names.push(key);
      closers.push(byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET);
      if (closers.length > DEEPEST) return false;
      if (skippedBelow === Infinity && skip.has(key)) skippedBelow = closers.length;
      if (byte === OPEN_BRACE) key = '';
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (closers.pop() !== byte) return false;
      // Behind an object in a list the list's name holds again.
      key = names.pop() ?? '';
      if (closers.length < skippedBelow) skippedBelow = Infinity;
    }
  }
  return closers.length === 0;
}

/** A value that is followed by a colon would be no JSON; whoever reads it otherwise reads a name. */
function afterColon(bytes: Buffer, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && (bytes[i] === 0x20 || bytes[i] === 0x0a || bytes[i] === 0x0d || bytes[i] === 0x09)) i--;
  return bytes[i] === COLON;
}

function textAt(bytes: Buffer, start: number, end: number): string | undefined {
  const raw = bytes.toString('utf8', start + 1, end - 1);
  if (!raw.includes('\\')) return raw;
  const text = parseJson(`"${raw}"`);
  return typeof text === 'string' ? text : undefined;
}
