/**
 * What can be asked for: accounts become channels, channels become models under their public names. A snapshot,
 * made anew when the configuration changes; calls in flight keep theirs.
 */

import { type Account, type Channel, channelId, type Model } from '../domain/channel.ts';
import type { Limits } from '../domain/limits.ts';
import type { ModelFacts } from '../domain/model-facts.ts';

export type AccountPlan = {
  readonly account: Account;
  readonly models: readonly {
    readonly upstreamModel: string;
    /** The public name; the provider's own by default. */
    readonly name: string;
    readonly limits: Limits;
    readonly tier: number;
    readonly weight: number;
    readonly facts?: ModelFacts;
    readonly state?: NonNullable<Channel['state']>;
  }[];
};

export type ModelPlan = {
  readonly name: string;
  readonly strategy?: string;
  readonly fallbacks: readonly string[];
  readonly fallbackAfterMs?: number;
  readonly affinity?: boolean;
  readonly resume?: boolean;
  /** Restricts the model to these channel ids. */
  readonly channels?: readonly string[];
};

export type Catalog = {
  resolve(name: string): Model | undefined;
  readonly models: readonly Model[];
  readonly channels: readonly Channel[];
};

export function createCatalog(accounts: readonly AccountPlan[], plans: readonly ModelPlan[]): Catalog {
  const channels: Channel[] = [];
  const channelsByName = new Map<string, Channel[]>();
  for (const { account, models } of accounts) {
    for (const { upstreamModel, name, facts, ...rest } of models) {
      const id = channelId(account.id, upstreamModel);
      const family = [account.provider, account.place, upstreamModel].filter(Boolean).join('/');
      const channel: Channel = { id, account, upstreamModel, family, ...rest, ...(facts && { facts }) };
      channels.push(channel);
      channelsByName.set(name, [...(channelsByName.get(name) ?? []), channel]);
    }
  }
  const planByName = new Map(plans.map((plan) => [plan.name, plan]));
  const models = new Map<string, Model>();
  const lines = new Map<string, string>();
  for (const name of new Set([...channelsByName.keys(), ...planByName.keys()])) {
    const plan = planByName.get(name);
    const own = channelsByName.get(name) ?? [];
    const chosen =
      plan?.channels === undefined ? own : channels.filter((channel) => plan.channels?.includes(channel.id));
    const group = chosen
      .map(({ id }) => id)
      .sort()
      .join(' ');
    const line = lines.get(group) ?? name;
    lines.set(group, line);
    models.set(name, {
      name,
      channels: chosen,
      line,
      strategy: plan?.strategy ?? 'earliest-start',
      fallbacks: plan?.fallbacks ?? [],
      ...(plan?.fallbackAfterMs === undefined ? {} : { fallbackAfterMs: plan.fallbackAfterMs }),
      affinity: plan?.affinity ?? true,
      resume: plan?.resume ?? false,
    });
  }
  return { resolve: (name) => models.get(name), models: [...models.values()], channels };
}
