/**
 * Who may ask, and what: client keys by their hash, however the client sends them; until when, from where, at which
 * endpoints and for which models. One function authenticates every route, and no database is asked on the way of a call.
 */

import { type AddressBlock, blocksOf, clientAddress, isWithin } from '../base/address-blocks.ts';
import type { ClientKey } from '../domain/call.ts';
import { type Endpoint, reachesEndpoint } from '../domain/endpoints.ts';
import { Failure } from '../domain/failure.ts';
import { DEFAULT_TENANT, type Project, type Tenant } from '../domain/tenancy.ts';
import { hashOfKey } from './hash-of-key.ts';
import { type FilePeople, KeyBook, type KnownKey, type StoredChange } from './key-book.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

export type Asked = {
  readonly headers: Headers;
  /** Of the socket. */
  readonly peer: string | undefined;
  /** Undefined: open to every key. */
  readonly endpoint?: Endpoint;
};

export type Access = {
  /** Throws `invalid_key`, `tenant_inactive`, `address_forbidden` or `endpoint_forbidden`. */
  authenticate(asked: Asked): ClientKey;
  /** Throws `model_forbidden`. */
  allow(key: ClientKey, model: string): void;
  /** Where a request comes from, as far as proxies that are trusted say. */
  addressOf(asked: Pick<Asked, 'headers' | 'peer'>): string | undefined;
  tenant(id: string): Tenant | undefined;
  project(id: string): Project | undefined;
  /** How many keys there are, and how many of them in the database. */
  readonly size: number;
  readonly stored: number;
  /** Ids of keys of the database that are not in force because the file names the same ones. */
  readonly hidden: ReadonlySet<string>;
  /** What the configuration file says, from now on. */
  useFile(people: FilePeople & { readonly trustedProxies?: readonly string[] }): void;
  /** What the database says, as far as it has changed. */
  useStored(change: StoredChange): void;
};

export type AccessOptions = {
  readonly now: () => number;
  /** Told once of each key of the database that the file hides. */
  readonly onHidden?: (id: string) => void;
};

const MAX_RECENT = 1_000;

export function createAccess({ now, onHidden }: AccessOptions): Access {
  const book = new KeyBook();
  // A hash costs as much as the rest of the door: keys that were right lately are not hashed again.
  const recent = new Map<string, KnownKey>();
  let trusted: readonly AddressBlock[] = [];
  let size = 0;
  let hidden: ReadonlySet<string> = new Set();
  const changed = (): void => {
    recent.clear();
    size = book.size;
    const before = hidden;
    hidden = new Set(book.hidden());
    for (const id of hidden) if (!before.has(id)) onHidden?.(id);
  };
  const addressOf: Access['addressOf'] = ({ headers, peer }) =>
    clientAddress(peer, headers['x-forwarded-for'], trusted);

  const find = (headers: Headers): KnownKey => {
    const sent = keyFrom(headers);
    if (sent === undefined)
      throw new Failure('invalid_key', {
        message:
          "No key was sent. Send one as 'Authorization: Bearer …' (or x-api-key, x-goog-api-key, api-key).",
      });
    const before = recent.get(sent);
    if (before !== undefined) return before;
    const known = book.find(hashOfKey(sent));
    if (known === undefined)
      throw new Failure('invalid_key', {
        message: 'The key is not known here, or not any more. Check that it is complete.',
      });
    if (recent.size >= MAX_RECENT) recent.clear();
    recent.set(sent, known);
    return known;
  };

  return {
    authenticate(asked) {
      const { key, wordsEndAtMs, blocks } = find(asked.headers);
      const { endsAtMs = Infinity } = key;
      if (wordsEndAtMs < Infinity || endsAtMs < Infinity) requireTime(endsAtMs, wordsEndAtMs, now());
      if (book.tenant(key.tenant ?? DEFAULT_TENANT)?.active !== true)
        throw new Failure('tenant_inactive', {
          message: 'The organisation of this key is not active here: ask whoever runs this relay.',
        });
      if (blocks !== undefined) requireAddress(blocks, addressOf(asked));
      const { endpoint } = asked;
      if (endpoint !== undefined && !reachesEndpoint(key, endpoint)) {
        const allowed = key.endpoints === undefined ? '' : ` Allowed: ${key.endpoints.join(', ')}.`;
        throw new Failure('endpoint_forbidden', {
          message: `The key '${key.id}' may not ask at '${endpoint}'.${allowed}`,
        });
      }
      return key;
    },
    allow(key, model) {
      if (key.models !== undefined && !key.models.includes(model))
        throw new Failure('model_forbidden', {
          message: `The key '${key.id}' may not use '${model}'. Allowed: ${key.models.join(', ')}.`,
          param: 'model',
        });
    },
    addressOf,
    tenant: (id) => book.tenant(id),
    project: (id) => book.project(id),
    get size() {
      return size;
    },
    get stored() {
      return book.stored;
    },
    get hidden() {
      return hidden;
    },
    useFile({ trustedProxies = [], ...people }) {
      trusted = blocksOf(trustedProxies);
      book.useFile(people);
      changed();
    },
    useStored(change) {
      book.useStored(change);
      changed();
    },
  };
}

function requireTime(keyEndsAtMs: number, wordsEndAtMs: number, nowMs: number): void {
  if (nowMs >= keyEndsAtMs)
    throw new Failure('invalid_key', {
      message: `The key has expired (${timeOf(keyEndsAtMs)}): ask for a new one.`,
    });
  if (nowMs >= wordsEndAtMs)
    throw new Failure('invalid_key', {
      message: `The key was replaced by a newer one, and was good until ${timeOf(wordsEndAtMs)}: use the newer one.`,
    });
}

const timeOf = (atMs: number): string => new Date(atMs).toISOString();

function requireAddress(blocks: readonly AddressBlock[], address: string | undefined): void {
  if (isWithin(blocks, address)) return;
  throw new Failure('address_forbidden', {
    message: `The key may not be used from ${address ?? 'an unknown address'}.`,
  });
}

const KEY_HEADERS = ['x-api-key', 'x-goog-api-key', 'api-key'] as const;

function keyFrom(headers: Headers): string | undefined {
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
