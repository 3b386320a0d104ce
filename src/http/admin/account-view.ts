/**
 * An account as the admin API shows it: where it is from, what is configured, whether it is in force and why not, and of
 * its secrets no more than people know them by.
 */

import { z } from 'zod';
import type { JsonObject } from '../../base/json.ts';
import type { AccountConfig } from '../../config/config.ts';
import type { StoredAccount } from '../../config/stored/rows.ts';
import { momentAnswer, momentText } from './fields.ts';
import { problemSchema, problemsOn, type UpstreamDoors } from './upstreams.ts';

export const secretAnswer = z
  .strictObject({
    id: z.string(),
    hint: z.string().meta({ description: 'The last characters of a long one.' }),
    created_at: momentAnswer(),
  })
  .meta({ id: 'AccountSecret' });

export const accountAnswer = z.strictObject({
  id: z.string(),
  provider: z.string(),
  source: z.enum(['database', 'file', 'environment', 'simulator']),
  in_force: z.boolean(),
  problems: z.array(problemSchema),
  settings: z.record(z.string(), z.unknown()).meta({ description: 'As the file would have them.' }),
  secret_count: z.number(),
  secrets: z.array(secretAnswer).meta({ description: 'Of an account in the database.' }),
  channels: z.array(z.string()),
  created_at: momentAnswer().nullable(),
  updated_at: momentAnswer().nullable(),
});

export type AccountView = z.output<typeof accountAnswer>;

type Doors = Pick<UpstreamDoors, 'stored' | 'front'>;

const channelsOf = ({ front }: Doors, account: string): string[] =>
  front()
    .snapshot()
    .catalog.channels.filter((channel) => channel.account.id === account)
    .map(({ id }) => id);

export const secretsOf = ({ secrets }: StoredAccount): z.output<typeof secretAnswer>[] =>
  secrets.map(({ id, hint, createdMs }) => ({ id, hint, created_at: momentText(createdMs) }));

export function storedAccountView(doors: Doors, account: StoredAccount): AccountView {
  const { stored } = doors;
  const { id, provider, settings, secrets, createdMs, updatedMs } = account;
  const isOwn = !stored.base().config.accounts.some((each) => each.id === id) || isStandIn(doors);
  const inForce = isOwn && stored.config().accounts.some((each) => each.id === id);
  return {
    ...{ id, provider, source: 'database', in_force: inForce, settings, secret_count: secrets.length },
    problems: problemsOn(stored.problems(), 'account', id),
    secrets: secretsOf(account),
    channels: inForce ? channelsOf(doors, id) : [],
    created_at: momentText(createdMs),
    updated_at: momentText(updatedMs),
  };
}

/** The simulator's accounts are there only as long as there are no others. */
const isStandIn = ({ stored }: Doors): boolean => stored.base().source === 'simulator';

/** Those that stand outside the database and are in force. */
export function baseAccounts({ stored }: Doors): readonly AccountConfig[] {
  const { config, source } = stored.base();
  return source !== 'simulator' || stored.config().accounts[0] === config.accounts[0] ? config.accounts : [];
}

export function baseAccountView(doors: Doors, account: AccountConfig): AccountView {
  const { id, provider } = account;
  return {
    ...{ id, provider, source: doors.stored.base().source, in_force: true, problems: [] },
    settings: shownSettings(account),
    secret_count: account.secrets.length,
    secrets: [],
    channels: channelsOf(doors, id),
    created_at: null,
    updated_at: null,
  };
}

/** By the file's names. An address is shown without its query, which may hold a key; so are fields that are set. */
function shownSettings({
  region,
  baseUrl,
  weight,
  tier,
  limits,
  models,
  bodyRules,
}: AccountConfig): JsonObject {
  return {
    ...(region === undefined ? {} : { region }),
    ...(baseUrl === undefined ? {} : { base_url: baseUrl.replace(/[?#].*$/, '') }),
    ...{ weight, tier, limits },
    ...(bodyRules === undefined
      ? {}
      : { drop: bodyRules.drop, rename: bodyRules.rename, set: Object.keys(bodyRules.set ?? {}) }),
    models: Object.fromEntries(models.map(({ upstreamModel, ...model }) => [upstreamModel, model] as const)),
  };
}
