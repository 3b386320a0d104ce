/** Who knocks, and on which door: the dialect and the envelope follow from the path, the account from the secret. */

import type { HeaderMap } from '../base/fetch.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import type { Envelope } from './refusals.ts';

/** Paths below which a dialect is spoken, and how refusals are wrapped there. */
const PREFIXES = [
  ['/compatible-mode/v1', 'compatible'],
  ['/apps/anthropic/v1', 'flat'],
  ['/v1beta', 'google'],
  ['/v1', 'compatible'],
] as const satisfies readonly (readonly [string, Envelope])[];

export type Route = {
  readonly dialect: Dialect | undefined;
  readonly envelope: Envelope;
  readonly models: boolean;
  /** The path of files and batches, below the version. */
  readonly objects?: string;
};

const OBJECTS = /^\/(?:files|batches)(?:\/|$)/;
/** A provider that speaks one dialect: `/only/anthropic-messages/messages`. */
const ONLY = /^\/only\/([a-z-]+)(\/.+)$/;

export function routeOf(method: string, pathname: string): Route {
  const [, only, below] = ONLY.exec(pathname) ?? [];
  if (only !== undefined && below !== undefined) {
    const dialect = dialectAt(below);
    const envelope = ENVELOPES.get(only) ?? 'compatible';
    if (dialect?.id !== only) return { dialect: undefined, envelope, models: false };
    return { dialect: method === 'POST' ? dialect : undefined, envelope, models: false };
  }
  for (const [prefix, envelope] of PREFIXES) {
    if (!pathname.startsWith(`${prefix}/`)) continue;
    const path = pathname.slice(prefix.length);
    if (method === 'GET' && path === '/models') return { dialect: undefined, envelope, models: true };
    if (OBJECTS.test(path)) return { dialect: undefined, envelope, models: false, objects: path };
    const dialect = dialectAt(path);
    const told = ENVELOPES.get(dialect?.id ?? '') ?? envelope;
    return { dialect: method === 'POST' ? dialect : undefined, envelope: told, models: false };
  }
  return { dialect: undefined, envelope: 'compatible', models: false };
}

const ENVELOPES: ReadonlyMap<string, Envelope> = new Map([
  ['anthropic-messages', 'flat'],
  ['gemini', 'google'],
]);

/** What stands behind the model in an address that names it. */
const ACTION = /:(?:g|streamG)enerateContent$/;

const dialectAt = (path: string): Dialect | undefined =>
  Object.values(dialects).find((each) =>
    each.enter === undefined ? each.path === path : path.startsWith(`${each.path}/`) && ACTION.test(path),
  );

export function secretOf(headers: HeaderMap): string {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? headers['Authorization'] ?? '');
  return bearer?.[1] ?? headers['x-api-key'] ?? headers['x-goog-api-key'] ?? '';
}
