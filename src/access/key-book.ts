/**
 * The keys, tenants and projects that are in force, all in memory: those of the configuration file and those of the
 * database, which come in bit by bit as they change. Where both name the same key, or the same words of it, the file's
 * counts. A key of the database is read when it is first used: of a hundred thousand most never are.
 */

import { type AddressBlock, blocksOf } from '../base/address-blocks.ts';
import type { ClientKey } from '../domain/call.ts';
import { DEFAULT_TENANT, type Project, type Tenant } from '../domain/tenancy.ts';
import { hashOfKey } from './hash-of-key.ts';
import { clientKeyOf, type KeyOwner, type KeySettings } from './key-settings.ts';

/** As the configuration file has it. What is only for people is not kept. */
export type KeyPlan = ClientKey & {
  readonly key: string;
  readonly label?: string;
  readonly metadata?: unknown;
};

export type FilePeople = {
  readonly keys: readonly KeyPlan[];
  readonly tenants?: readonly Tenant[];
  readonly projects?: readonly Project[];
};

/** A key as the database has it. */
export type StoredKey = KeyOwner & {
  /** False: revoked. */
  readonly active: boolean;
  /** JSON of `KeySettings`. */
  readonly settings: string;
  /** SHA-256 of what clients send, in hex; an old one is good for a while after a rotation. */
  readonly hashes: readonly { readonly hash: string; readonly endsMs: number | null }[];
};

export type StoredChange = {
  /** All that there is: what is not in it is gone. */
  readonly whole: boolean;
  readonly keys: readonly StoredKey[];
  readonly tenants: readonly Tenant[];
  readonly projects: readonly Project[];
};

/** What is known of one key when somebody comes with it. */
export type KnownKey = {
  readonly key: ClientKey;
  /** The words that were sent are no longer good from then on; Infinity: no end is set. */
  readonly wordsEndAtMs: number;
  /** Where it may come from; undefined: anywhere. */
  readonly blocks: readonly AddressBlock[] | undefined;
};

type Words = { readonly stored: StoredKey; readonly endsAtMs: number };

export class KeyBook {
  #file = new Map<string, KnownKey>();
  #fileIds = new Set<string>();
  #fileTenants = new Map<string, Tenant>();
  #fileProjects = new Map<string, Project>();
  readonly #byHash = new Map<string, Words>();
  readonly #byId = new Map<string, StoredKey>();
  readonly #read = new WeakMap<StoredKey, ClientKey>();
  readonly #tenants = new Map<string, Tenant>();
  readonly #projects = new Map<string, Project>();

  useFile({ keys, tenants = [], projects = [] }: FilePeople): void {
    this.#file = new Map(
      keys.map(({ key, label: _, metadata: __, ...rest }) => [hashOfKey(key), known(rest, Infinity)]),
    );
    this.#fileIds = new Set(keys.map(({ id }) => id));
    this.#fileTenants = byId(tenants);
    this.#fileProjects = byId(projects);
  }

  useStored({ whole, keys, tenants, projects }: StoredChange): void {
    if (whole) for (const map of [this.#byHash, this.#byId, this.#tenants, this.#projects]) map.clear();
    for (const tenant of tenants) this.#tenants.set(tenant.id, tenant);
    for (const project of projects) this.#projects.set(project.id, project);
    for (const stored of keys) {
      for (const { hash } of this.#byId.get(stored.id)?.hashes ?? []) this.#byHash.delete(hash);
      this.#byId.delete(stored.id);
      if (!stored.active) continue;
      this.#byId.set(stored.id, stored);
      for (const { hash, endsMs } of stored.hashes)
        this.#byHash.set(hash, { stored, endsAtMs: endsMs ?? Infinity });
    }
  }

  /** By the hash of what was sent, so that the time it takes tells nothing about a key. */
  find(hash: string): KnownKey | undefined {
    const own = this.#file.get(hash);
    if (own !== undefined) return own;
    const words = this.#byHash.get(hash);
    if (words === undefined || this.#fileIds.has(words.stored.id)) return undefined;
    return known(this.#keyOf(words.stored), words.endsAtMs);
  }

  tenant(id: string): Tenant | undefined {
    return this.#fileTenants.get(id) ?? this.#tenants.get(id) ?? (id === DEFAULT_TENANT ? usual : undefined);
  }

  project(id: string): Project | undefined {
    return this.#fileProjects.get(id) ?? this.#projects.get(id);
  }

  /** Keys of the database that the file hides, by their ids or by the words themselves. */
  hidden(): string[] {
    const ids = [...this.#fileIds].filter((id) => this.#byId.has(id));
    for (const hash of this.#file.keys()) {
      const id = this.#byHash.get(hash)?.stored.id;
      if (id !== undefined && !ids.includes(id)) ids.push(id);
    }
    return ids;
  }

  get size(): number {
    return this.#file.size + this.stored;
  }

  /** In force. */
  get stored(): number {
    return this.#byId.size - this.hidden().length;
  }

  /** One object for as long as nothing changes. */
  #keyOf(stored: StoredKey): ClientKey {
    let key = this.#read.get(stored);
    if (key === undefined) {
      key = clientKeyOf(stored, JSON.parse(stored.settings) as KeySettings);
      this.#read.set(stored, key);
    }
    return key;
  }
}

const known = (key: ClientKey, wordsEndAtMs: number): KnownKey => ({
  key,
  wordsEndAtMs,
  blocks: key.addresses === undefined ? undefined : blocksOf(key.addresses),
});

const byId = <T extends { readonly id: string }>(list: readonly T[]): Map<string, T> =>
  new Map(list.map((each) => [each.id, each]));

const usual: Tenant = {
  id: DEFAULT_TENANT,
  name: DEFAULT_TENANT,
  wallet: 'none',
  creditLimit: 0n,
  budgets: {},
  active: true,
};
