/** What a request of the admin API says, read by the schemas of its route. What no database could keep is refused here. */

import type { z } from 'zod';
import { wrongFields } from './problem.ts';
import { AdminProblem, type AdminRoute } from './route.ts';

export type RawInput = {
  readonly params: unknown;
  readonly query: unknown;
  /** The bytes; undefined: there were none. */
  readonly body: Uint8Array | undefined;
};

export type Input = {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** The body as JSON without its spaces: equal for equal bodies. */
  readonly bodyText: string;
};

/** Deeper than any body of this API. */
const DEEPEST = 32;

export function readInput(route: AdminRoute, raw: RawInput): Input {
  const params = read(route.params, raw.params, 'params');
  const query = read(route.query?.strict(), raw.query, 'query');
  const sent = jsonIn(raw.body);
  if (route.body === undefined) {
    if (sent !== undefined && !isEmpty(sent))
      throw new AdminProblem(400, 'body: this route takes none.', [
        { path: 'body', message: 'expected nothing' },
      ]);
    return { params, query, body: undefined, bodyText: '' };
  }
  return { params, query, body: read(route.body, sent, 'body'), bodyText: JSON.stringify(sent) ?? '' };
}

function read(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
  refuseOdd(value, where);
  if (schema === undefined) {
    const [name] = Object.keys(Object(value));
    if (name !== undefined)
      throw new AdminProblem(400, `${where}.${name.slice(0, 100)}: there is no such field.`, [
        { path: `${where}.${name.slice(0, 100)}`, message: 'there is no such field' },
      ]);
    return {};
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw wrongFields(where, result.error);
}

function jsonIn(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined || bytes.length === 0) return undefined;
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    // What the parser says quotes the body, which may hold a secret.
    throw new AdminProblem(400, 'body: expected JSON in UTF-8.', [
      { path: 'body', message: 'expected JSON' },
    ]);
  }
}

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** PostgreSQL has no place for U+0000 in a text, and no text has a use for it; what is too deep cannot be written again. */
function refuseOdd(value: unknown, where: string): void {
  const left: { readonly value: unknown; readonly path: string; readonly depth: number }[] = [
    { value, path: where, depth: 0 },
  ];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { value: each, path, depth } = next;
    if (depth > DEEPEST) throw odd(where, `expected at most ${DEEPEST} levels`);
    if (typeof each === 'string' && each.includes('\0')) throw odd(path, 'expected text without U+0000');
    if (typeof each !== 'object' || each === null) continue;
    for (const [name, inner] of Object.entries(each)) {
      if (name.includes('\0')) throw odd(path, 'expected names without U+0000');
      left.push({ value: inner, path: depth < 3 ? `${path}.${name.slice(0, 100)}` : path, depth: depth + 1 });
    }
  }
}

const odd = (path: string, message: string): AdminProblem =>
  new AdminProblem(400, `${path}: ${message}.`, [{ path, message }]);
