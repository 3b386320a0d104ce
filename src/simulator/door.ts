/** Who knocks, and on which door: the dialect and the envelope follow from the path, the account from the secret. */

import type { HeaderMap } from '../base/fetch.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import type { Envelope } from './refusals.ts';

/** Paths below which a dialect is spoken, and how refusals are wrapped there. */
const PREFIXES = [
  ['/compatible-mode/v1', 'compatible'],
  ['/apps/anthropic/v1', 'flat'],
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

export function routeOf(method: string, pathname: string): Route {
  for (const [prefix, envelope] of PREFIXES) {
    if (!pathname.startsWith(`${prefix}/`)) continue;
    const path = pathname.slice(prefix.length);
    if (method === 'GET' && path === '/models') return { dialect: undefined, envelope, models: true };
    if (OBJECTS.test(path)) return { dialect: undefined, envelope, models: false, objects: path };
    const dialect = Object.values(dialects).find((each) => each.path === path);
    return { dialect: method === 'POST' ? dialect : undefined, envelope, models: false };
  }
  return { dialect: undefined, envelope: 'compatible', models: false };
}

export function secretOf(headers: HeaderMap): string {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? headers['Authorization'] ?? '');
  return bearer?.[1] ?? headers['x-api-key'] ?? '';
}
