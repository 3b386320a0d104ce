/**
 * Every string value of a JSON text with the name under which it stands, found without building anything, so that some
 * of them can be replaced while all other bytes stay. A string in a list has the name of the list.
 */

import { skipSpace, stringEnd, textAt } from './json.ts';

export type JsonString = {
  /** Empty for the whole text, and in lists without a name. */
  readonly key: string;
  readonly text: string;
  /** With its quotes. */
  readonly start: number;
  readonly end: number;
  /** What it stands in, the outermost first. Only to be looked at within the call. */
  readonly path: readonly Bracket[];
};

/** An object or a list that is open. */
export type Bracket = {
  /** Under which it stands; in a list that of the list. */
  readonly name: string;
  readonly isList: boolean;
  /** Its strings are not wanted, nor those of what it holds. */
  readonly isSkipped: boolean;
};

/** Is an object or a list under this name to be left out, or, where nothing opens, a string? */
export type Skip = (name: string, path: readonly Bracket[], opens: 'object' | 'list' | undefined) => boolean;

/** Deeper is no answer and no request, but an attack. */
const DEEPEST = 200;

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COLON = 0x3a;

/**
 * Calls `visit` for each string value outside of what is to be skipped. False where the text is no JSON as far as its
 * strings and brackets tell; some strings may then have been visited.
 */
export function visitStrings(bytes: Buffer, skip: Skip, visit: (value: JsonString) => void): boolean {
  const path: Bracket[] = [];
  let key = '';
  for (let i = skipSpace(bytes, 0); i < bytes.length; i++) {
    const byte = bytes[i];
    const inside = path.at(-1);
    if (byte === QUOTE) {
      const end = stringEnd(bytes, i);
      const text = end < 0 ? undefined : textAt(bytes, i, end);
      if (text === undefined) return false;
      const next = skipSpace(bytes, end);
      if (inside?.isList === false && bytes[next] === COLON && !afterColon(bytes, i)) {
        key = text;
        i = next;
      } else {
        if (inside?.isSkipped !== true && !skip(key, path, undefined))
          visit({ key, text, start: i, end, path });
        i = end - 1;
      }
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      const isList = byte === OPEN_BRACKET;
      const isSkipped = inside?.isSkipped === true || skip(key, path, isList ? 'list' : 'object');
      path.push({ name: key, isList, isSkipped });
      if (path.length > DEEPEST) return false;
      if (!isList) key = '';
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (inside === undefined || inside.isList !== (byte === CLOSE_BRACKET)) return false;
      path.pop();
      // Behind an object in a list the list's name holds again.
      key = inside.name;
    }
  }
  return path.length === 0;
}

/** A value that is followed by a colon would be no JSON; whoever reads it otherwise reads a name. */
function afterColon(bytes: Buffer, at: number): boolean {
  let i = at - 1;
  while (i >= 0 && (bytes[i] === 0x20 || bytes[i] === 0x0a || bytes[i] === 0x0d || bytes[i] === 0x09)) i--;
  return bytes[i] === COLON;
}
