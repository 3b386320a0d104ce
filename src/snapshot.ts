/** What a call sees of a configuration: the models and their channels, with what is known of them, and the times in force. */

import { type Catalogue, createCatalogue } from './catalog/catalogue.ts';
import { readShipped } from './catalog/shipped.ts';
import type { AccountConfig, ChannelConfig, Config } from './config/config.ts';
import { channelId } from './domain/channel.ts';
import { limitsInForce } from './domain/limits.ts';
import { factsIn } from './domain/model-facts.ts';
import { providerOf } from './providers/index.ts';
import type { Provider } from './providers/provider.ts';
import type { RelaySettings, Snapshot } from './relay/rooms.ts';
import { type AccountPlan, createCatalog } from './routing/catalog.ts';

/** The configuration was checked against the same list, so an unknown id is a fault of ours. */
export function requireProvider(id: string): Provider {
  const provider = providerOf(id);
  if (provider === undefined) throw new Error(`unknown provider '${id}'`);
  return provider;
}

/** What a call sees of this configuration. */
export function snapshotOf(config: Config, catalogue = createCatalogue(readShipped)): Snapshot {
  const settings: RelaySettings = {
    maxWaitMs: config.queue.maxWaitMs,
    maxWaitStreamMs: config.queue.maxWaitStreamMs,
    firstByteMs: config.timeouts.firstByteMs,
    firstByteStreamMs: config.timeouts.firstByteStreamMs,
    idleMs: config.timeouts.idleMs,
    firstTokenMs: config.timeouts.firstTokenMs ?? Infinity,
    maxAttempts: config.retries.maxAttempts,
    retryUnknown: config.retries.unknown,
  };
  const said = new Map(config.channels?.map((channel) => [channel.id, channel]));
  const accounts = config.accounts.map((account) => knownPlanOf(account, { catalogue, said }));
  return { catalog: createCatalog(accounts, config.models), settings };
}

/** Whose limits and prices the simulator has. */
const SIMULATED_REGION = 'singapore';

/** Where an account is that names no region: the provider's first, or the one that its address belongs to. */
function usualRegion({ id, regions, baseUrl }: Provider, address: string | undefined): string | undefined {
  if (id === 'simulator') return SIMULATED_REGION;
  return address === undefined ? regions[0] : regions.find((region) => baseUrl(region) === address);
}

/** With what the catalogue knows of its models, where the account is. */
function knownPlanOf(
  config: AccountConfig,
  { catalogue, said }: { readonly catalogue: Catalogue; readonly said: Said },
): AccountPlan {
  const plan = planOf(config, said);
  const { provider, baseUrl, region } = config;
  const place = region ?? usualRegion(requireProvider(provider), baseUrl);
  return {
    ...plan,
    models: plan.models.map((model) => {
      const facts = catalogue.factsOf(provider, model.upstreamModel);
      return facts === undefined ? model : { ...model, facts: factsIn(facts, place) };
    }),
  };
}

/** What is said of single channels, by their ids. */
type Said = ReadonlyMap<string, ChannelConfig>;

export function planOf(config: AccountConfig, said: Said = new Map()): AccountPlan {
  const provider = requireProvider(config.provider);
  const { id, region, secrets, drainMs } = config;
  const place = region ?? (config.baseUrl === undefined ? undefined : URL.parse(config.baseUrl)?.host);
  const account = {
    id,
    provider: provider.id,
    ...(region === undefined ? {} : { region }),
    baseUrl: config.baseUrl ?? provider.baseUrl(region) ?? '',
    secrets,
    ...(place === undefined ? {} : { place }),
    ...(drainMs === 0 ? {} : { drainMs }),
    ...(config.waitTimeoutMs === undefined ? {} : { waitTimeoutMs: config.waitTimeoutMs }),
    ...(config.streamUpstream === undefined ? {} : { streamUpstream: config.streamUpstream }),
    ...(config.passes === undefined ? {} : { passes: config.passes }),
    ...(config.bodyRules === undefined ? {} : { bodyRules: config.bodyRules }),
  };
  const listed =
    config.models.length > 0
      ? config.models
      : provider.models.map((model) => ({ upstreamModel: model, limits: {} }));
  return {
    account,
    models: listed.map((model) => {
      const channel = said.get(channelId(id, model.upstreamModel));
      return {
        upstreamModel: model.upstreamModel,
        name: ('name' in model ? model.name : undefined) ?? model.upstreamModel,
        limits: limitsInForce(
          { ...config.limits, ...model.limits, ...channel?.limits },
          provider.limits(model.upstreamModel, region)?.limits,
          { enforcesSeconds: provider.enforcesSeconds, prepaid: provider.prepaid },
        ),
        tier: channel?.tier ?? ('tier' in model ? model.tier : undefined) ?? config.tier,
        weight: channel?.weight ?? ('weight' in model ? model.weight : undefined) ?? config.weight,
        ...(channel === undefined || channel.state === 'active' ? {} : { state: channel.state }),
      };
    }),
  };
}
