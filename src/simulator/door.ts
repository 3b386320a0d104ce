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
};

/** A provider that speaks one dialect: `/only/anthropic-messages/messages`. */
const ONLY = /^\/only\/([a-z-]+)(\/.+)$/;

export function routeOf(method: string, pathname: string): Route {
  const [, only, below] = ONLY.exec(pathname) ?? [];
  if (only !== undefined && below !== undefined) {
    const dialect = Object.values(dialects).find(({ id, path }) => id === only && path === below);
    const envelope = only === 'anthropic-messages' ? 'flat' : 'compatible';
    return { dialect: method === 'POST' ? dialect : undefined, envelope, models: false };
  }
  for (const [prefix, envelope] of PREFIXES) {
    if (!pathname.startsWith(`${prefix}/`)) continue;
    const path = pathname.slice(prefix.length);
    if (method === 'GET' && path === '/models') return { dialect: undefined, envelope, models: true };
    const dialect = Object.values(dialects).find((each) => each.path === path);
    return { dialect: method === 'POST' ? dialect : undefined, envelope, models: false };
  }
  return { dialect: undefined, envelope: 'compatible', models: false };
}

export function secretOf(headers: HeaderMap): string {
  const bearer = /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? headers['Authorization'] ?? '');
  return bearer?.[1] ?? headers['x-api-key'] ?? '';
}
