/**
 * Who asks: client keys by their hash, however the client sends them, and which models a key may use. One function
 * authenticates every route.
 */

import { hash } from 'node:crypto';
import type { ClientKey } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';

export type KeyPlan = ClientKey & { readonly key: string };

export type Access = {
  /** Throws `invalid_key`. */
  authenticate(headers: Readonly<Record<string, string | string[] | undefined>>): ClientKey;
  /** Throws `model_forbidden`. */
  allow(key: ClientKey, model: string): void;
  /** How many keys there are. */
  readonly size: number;
};

const MAX_RECENT = 1_000;

/** Keys are looked up by their SHA-256, so that the time it takes tells nothing about a key. */
export function createAccess(plans: readonly KeyPlan[]): Access {
  const keys = new Map(
    plans.map(({ key, ...rest }): [string, ClientKey] => [hash('sha256', key, 'hex'), rest]),
  );
  // A hash costs as much as the rest of the door: keys that were right lately are not hashed again.
  const recent = new Map<string, ClientKey>();
  return {
    size: keys.size,
    authenticate(headers) {
      const sent = keyFrom(headers);
      if (sent === undefined)
        throw new Failure('invalid_key', {
          message:
            "No key was sent. Send one as 'Authorization: Bearer …' (or x-api-key, x-goog-api-key, api-key).",
        });
      const known = recent.get(sent);
      if (known !== undefined) return known;
      const key = keys.get(hash('sha256', sent, 'hex'));
      if (key === undefined)
        throw new Failure('invalid_key', {
          message: 'The key is not known here. Check that it is complete.',
        });
      if (recent.size >= MAX_RECENT) recent.clear();
      recent.set(sent, key);
      return key;
    },
    allow(key, model) {
      if (key.models !== undefined && !key.models.includes(model))
        throw new Failure('model_forbidden', {
          message: `The key '${key.id}' may not use '${model}'. Allowed: ${key.models.join(', ')}.`,
          param: 'model',
        });
    },
  };
}

const KEY_HEADERS = ['x-api-key', 'x-goog-api-key', 'api-key'] as const;

function keyFrom(headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined {
  const { authorization } = headers;
  if (typeof authorization === 'string') {
    const token = /^bearer\s+(.+)$/i.exec(authorization)?.[1]?.trim();
    if (token !== undefined && token !== '') return token;
  }
  for (const name of KEY_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value !== '') return value.trim();
  }
  return undefined;
}
