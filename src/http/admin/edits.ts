/** Edits of what has a version: two people who edit at once do not undo each other's work unseen. */

import { AdminProblem } from './route.ts';

/** For a change whose `where` found the thing in another version, or not at all. */
export const staleVersion = (what: string): AdminProblem =>
  new AdminProblem(
    412,
    `${what} was changed by somebody else since you read it: read it again, and send its ETag as If-Match.`,
  );

export const noSuch = (kind: string, id: string): AdminProblem =>
  new AdminProblem(404, `There is no ${kind} '${id}'.`);

export const etagOf = (version: number): string => `"${version}"`;

/** The version in an `If-Match` header: `any` for `*`, undefined where there is none. Throws 400 on anything else. */
export function ifMatchOf(header: string | string[] | undefined): number | 'any' | undefined {
  if (header === undefined) return undefined;
  const text = String(header).trim();
  if (text === '*') return 'any';
  const version = /^(?:W\/)?"(\d{1,15})"$/.exec(text)?.[1];
  if (version === undefined)
    throw new AdminProblem(400, 'If-Match: expected one ETag as it was answered, such as "3".');
  return Number(version);
}

/** May a client that has one of these go on with what it has? */
export function ifNoneMatches(header: string | string[] | undefined, version: number): boolean {
  if (header === undefined) return false;
  const tags = String(header)
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etagOf(version));
}
