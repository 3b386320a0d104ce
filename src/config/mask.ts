/**
 * A line of the file as it may be shown. Shown is what is known to be harmless (`open`); covered is what is known to
 * be a secret (`closed`) and, anywhere else (comments, unknown keys, a file that is not YAML), whatever could be one.
 * A covered text keeps its length, so that a marker under the line still fits.
 */

import type { Range } from './source.ts';

export type Line = { readonly text: string; readonly start: number };

export type Ranges = { readonly open: readonly Range[]; readonly closed: readonly Range[] };

/** A run of characters as keys are made of. The names before a colon are not meant. */
const TOKEN = /[\w\-+/=.~!@#$%^&*]{12,}/g;
/** Of YAML itself. */
const PUNCTUATION = /[\s{}[\],:"'#]/;
const NAME_FOLLOWS = /^["']?\s*:(\s|$)/;
const SECRET_NAME = /(key|secret|token|password|passwd|credential|bearer)\w*["']?\s*[:=]?\s*\S/i;

export function maskLine({ text, start }: Line, { open, closed }: Ranges): string {
  const shown = text
    .split('')
    .map((_, index) => covers(open, start + index) && !covers(closed, start + index));
  const suspect = suspects(text);
  return text.replace(/./gsu, (character, index: number) => {
    const guessed = !shown[index] && suspect.has(index) && !PUNCTUATION.test(character);
    const hidden = covers(closed, start + index) || guessed;
    return hidden && !/\s/.test(character) ? '*'.repeat(character.length) : character;
  });
}

const covers = (ranges: readonly Range[], offset: number): boolean =>
  ranges.some(({ start, end }) => offset >= start && offset < end);

/** Offsets inside the line that could belong to a secret. */
function suspects(text: string): Set<number> {
  const found = new Set<number>();
  const add = (from: number, to: number): void => {
    for (let index = from; index < to; index++) found.add(index);
  };
  for (const match of text.matchAll(TOKEN)) {
    const end = match.index + match[0].length;
    if (!NAME_FOLLOWS.test(text.slice(end))) add(match.index, end);
  }
  const named = SECRET_NAME.exec(text);
  if (named !== null) add(named.index + named[0].length - 1, text.length);
  return found;
}

/** A name that nobody would choose for a key of a file: more likely a secret in the wrong place. */
export const looksSecret = (name: string): boolean =>
  /^(sk|pk|rk|ak)[-_]/i.test(name) ||
  name.length > 40 ||
  (name.length >= 16 && /\d/.test(name) && /[a-z]/i.test(name));

/** Only the name of where it comes from: a default could be the secret itself. */
export const isPlainReference = (written: string): boolean =>
  /^\$\{([A-Za-z_]\w*|file:[^}]+)\}$/.test(written);

/** An address can carry a password or a key. */
export const carriesSecret = (value: string): boolean => /:\/\/[^/\s]*@|\?/.test(value);
