/** What may be said of a client key over the admin API: the same as in the configuration file, in JSON. */

import { z } from 'zod';
import type { KeySettings } from '../../access/key-settings.ts';
import { blockOf } from '../../base/address-blocks.ts';
import { PRIORITIES } from '../../domain/call.ts';
import { ENDPOINT_WORDS } from '../../domain/endpoints.ts';
import { idText, line, moment, reference } from './fields.ts';
import { budgets, metadata, written } from './people-fields.ts';
import { AdminProblem, type Asker } from './route.ts';

const MOST = 1_000;
const list = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(MOST);
const limit = () => z.number().positive().optional();

const all = {
  label: line().optional(),
  project: idText().nullable().optional(),
  expires_at: moment().nullable().optional(),
};

const settings = {
  models: list(reference()).nullable().optional().meta({ description: 'Null: all.' }),
  endpoints: list(z.enum(ENDPOINT_WORDS))
    .nullable()
    .optional()
    .meta({ description: '`chat`, a task, one dialect, `objects` or `live`. Null: everywhere.' }),
  addresses: list(
    z
      .string()
      .max(100)
      .refine((text) => blockOf(text) !== undefined, {
        error: 'expected an address or a block of them, such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32',
      }),
  )
    .nullable()
    .optional()
    .meta({ description: 'Where calls may come from. Null: anywhere.' }),
  limits: z
    .strictObject({
      ...{ rpm: limit(), tpm: limit(), rps: limit(), tps: limit(), concurrency: limit() },
      ...{ rpd: limit(), tpd: limit() },
    })
    .nullable()
    .optional(),
  on_limit: z.enum(['queue', 'reject']).optional(),
  priority: z.enum(PRIORITIES).optional(),
  weight: z.number().positive().max(1_000_000).optional(),
  fallback: z.boolean().optional().meta({ description: 'May its calls be served by a fallback model?' }),
  fallbacks: list(reference())
    .nullable()
    .optional()
    .meta({ description: 'Models that may, in this order. Null: those of the model that is asked for.' }),
  objects: z.boolean().nullable().optional().meta({
    description:
      'May it reach files and batches? Null: unless it is bound to models, or charged to a wallet or a budget.',
  }),
  budgets: budgets().nullable().optional(),
  metadata: metadata().nullable().optional(),
};

export const keyFields = { ...all, ...settings };

export type KeySaid = z.output<z.ZodObject<typeof keyFields>>;

/** As it is kept; null where something is to be taken away. */
export function settingsIn(said: KeySaid): {
  readonly [Name in keyof KeySettings]: KeySettings[Name] | null;
} {
  const names = Object.keys(settings) as (keyof typeof settings)[];
  const picked = Object.fromEntries(names.map((name) => [name, said[name]]));
  return {
    ...picked,
    budgets: said.budgets === null || said.budgets === undefined ? said.budgets : written(said.budgets),
  };
}

/** A tenant admin gives its keys no more than anybody has: what is more is at the cost of other tenants. */
export function requireModest({ role }: Asker, { priority, weight, endpoints }: KeySaid): void {
  if (role !== 'tenant-admin') return;
  const refused = [
    ...(priority === 'interactive' ? [{ path: 'body.priority', message: 'expected normal or batch' }] : []),
    ...((weight ?? 1) > 1 ? [{ path: 'body.weight', message: 'expected at most 1' }] : []),
    ...(endpoints?.includes('live')
      ? [{ path: 'body.endpoints', message: 'expected others than live, which shows everybody’s traffic' }]
      : []),
  ];
  const [first] = refused;
  if (first !== undefined)
    throw new AdminProblem(403, `${first.path}: ${first.message}, of a tenant admin.`, refused);
}
