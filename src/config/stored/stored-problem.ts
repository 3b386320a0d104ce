/**
 * What is wrong with something that the database says: a sentence for people, in the words that a wrong file would get.
 * It never shows a value, for a value in the wrong place could be a secret.
 */

import type { Issue } from '../issue.ts';
import { looksSecret } from '../mask.ts';
import { nearestWord } from '../nearest.ts';
import { type Path, pathText } from '../place.ts';

export type StoredKind = 'account' | 'model' | 'channel';

export type StoredProblem = {
  readonly kind: StoredKind;
  readonly id: string;
  /** Within its settings, `models.qwen3-max.limits.rpm`; empty: it as a whole. */
  readonly path: string;
  readonly message: string;
  /** Because of it, nothing of the thing is in force; else only this part is not. */
  readonly out: boolean;
};

/** `value`: what stands at the issue's path. */
export function messageOf({ at, path, expected, unknown, message }: Issue, value: unknown): string {
  if (message !== undefined) return message;
  const word = at === 'name' ? path.at(-1) : value;
  if (unknown === undefined || typeof word !== 'string')
    return value === undefined ? `missing: expected ${expected}` : `expected ${expected}`;
  const shown = looksSecret(word) ? '(not shown, it could be a secret)' : `'${word}'`;
  const nearest = nearestWord(word, unknown.words);
  return `unknown ${unknown.noun} ${shown}${nearest === undefined ? `: expected ${expected}` : `: did you mean '${nearest}'?`}`;
}

/** Without the name itself, where it could be a secret in the wrong place. */
export function shownPath(path: Path, at: Issue['at']): string {
  const last = path.at(-1);
  return pathText(at === 'name' && typeof last === 'string' && looksSecret(last) ? path.slice(0, -1) : path);
}

/** What stands at a path of plain data. */
export const valueAtPath = (data: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined,
    data,
  );
