/** A client key as the admin API tells it, the same for those of the file and those of the database: never the key. */

import { z } from 'zod';
import { clientKeyOf, type KeySettings } from '../../access/key-settings.ts';
import { writeBudgets } from '../../domain/budgets.ts';
import { type ClientKey, PRIORITIES } from '../../domain/call.ts';
import { DEFAULT_TENANT } from '../../domain/tenancy.ts';
import type { ClientKeyRow, KeyHashRow } from '../../storage/tables.ts';
import { momentText, momentTextOrNull } from './fields.ts';
import { budgetsAnswer, type FileKey, source } from './people-fields.ts';

export const KEY_LIMITS = ['rpm', 'tpm', 'rps', 'tps', 'concurrency', 'rpd', 'tpd'] as const;
export const KEY_STATES = ['active', 'revoked', 'expired'] as const;

const date = () => z.string().meta({ format: 'date-time' });

export const keyAnswer = z
  .object({
    id: z.string(),
    label: z.string(),
    tenant: z.string(),
    project: z.string().nullable(),
    source,
    state: z.enum(KEY_STATES),
    shadowed: z.boolean().meta({
      description: 'Not in force, because the configuration file has a key of the same id, or the same key.',
    }),
    words: z
      .array(z.object({ prefix: z.string(), created_at: date(), ends_at: date().nullable() }))
      .meta({ description: 'The beginnings of what clients send: two while the key is rotated.' }),
    expires_at: date().nullable(),
    models: z.array(z.string()).nullable(),
    endpoints: z.array(z.string()).nullable(),
    addresses: z.array(z.string()).nullable(),
    limits: z.record(z.string(), z.number()),
    on_limit: z.enum(['queue', 'reject']),
    priority: z.enum(PRIORITIES),
    weight: z.number(),
    fallback: z.boolean(),
    fallbacks: z.array(z.string()).nullable(),
    objects: z.boolean().nullable(),
    budgets: budgetsAnswer,
    metadata: z.record(z.string(), z.unknown()),
    version: z.number().int().nullable(),
    created_at: date().nullable(),
    updated_at: date().nullable(),
  })
  .meta({ id: 'Key' });

export type KeyView = z.output<typeof keyAnswer>;

const said = (key: ClientKey) => ({
  tenant: key.tenant ?? DEFAULT_TENANT,
  project: key.project ?? null,
  expires_at: momentTextOrNull(key.endsAtMs ?? null),
  models: copied(key.models),
  endpoints: copied(key.endpoints),
  addresses: copied(key.addresses),
  limits: Object.fromEntries(
    KEY_LIMITS.flatMap((name) => {
      const value = key.limits[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  ),
  on_limit: key.onLimit,
  priority: key.priority,
  weight: key.weight,
  fallback: key.fallback,
  fallbacks: copied(key.fallbacks),
  objects: key.objects ?? null,
  budgets: writeBudgets(key.budgets ?? {}),
});

const copied = (list: readonly string[] | undefined): string[] | null =>
  list === undefined ? null : [...list];

const stateOf = (state: string, endsAtMs: number | undefined, nowMs: number): KeyView['state'] => {
  if (state === 'revoked') return 'revoked';
  return endsAtMs !== undefined && endsAtMs <= nowMs ? 'expired' : 'active';
};

export const viewOfFile = (key: FileKey, nowMs: number): KeyView => ({
  id: key.id,
  label: key.label ?? '',
  ...said(key),
  source: 'file',
  state: stateOf('active', key.endsAtMs, nowMs),
  ...{ shadowed: false, words: [], metadata: { ...key.metadata } },
  ...{ version: null, created_at: null, updated_at: null },
});

export function viewOfRow(
  row: ClientKeyRow,
  hashes: readonly KeyHashRow[],
  { nowMs, hidden }: { readonly nowMs: number; readonly hidden: ReadonlySet<string> },
): KeyView {
  const settings = JSON.parse(row.settings) as KeySettings;
  const key = clientKeyOf({ ...row, expiresMs: row.expires_ms }, settings);
  return {
    id: row.id,
    label: row.label,
    ...said(key),
    source: 'database',
    state: stateOf(row.state, key.endsAtMs, nowMs),
    shadowed: hidden.has(row.id),
    words: hashes
      .filter(({ ends_ms }) => ends_ms === null || ends_ms > nowMs)
      .map(({ prefix, created_ms, ends_ms }) => ({
        prefix,
        created_at: momentText(created_ms),
        ends_at: momentTextOrNull(ends_ms),
      })),
    metadata: { ...settings.metadata },
    version: row.version,
    created_at: momentText(row.created_ms),
    updated_at: momentText(row.updated_ms),
  };
}
