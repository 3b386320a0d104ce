/**
 * What the rest of the house gets to know of the configuration: plain data, every default filled in, every duration
 * in milliseconds. Which limits hold on a channel in the end is decided by `limitsInForce` in `domain/limits.ts`.
 */

import type { AlertType } from '../domain/alert.ts';
import type { BodyRules } from '../domain/body-rules.ts';
import type { ChannelState } from '../domain/channel.ts';
import type { LimitSettings } from '../domain/limits.ts';
import type { PriceTerms } from '../domain/model-facts.ts';
import type { MoneySettings } from '../domain/money.ts';
import { termsOf } from '../domain/written-price.ts';
import { given } from './given.ts';
import { moneyOf, withAccountPrices } from './money.ts';
import {
  type KeyConfig,
  keyOf,
  type ProjectConfig,
  projectOf,
  type TenantConfig,
  tenantOf,
} from './people.ts';
import type { AccountValues, ChannelValues, FileValues, LimitsValues, ModelValues } from './schema.ts';
import { type StorageConfig, storageOf } from './storage-section.ts';

export type AccountModelConfig = {
  readonly upstreamModel: string;
  /** Offered under this name instead. */
  readonly name?: string;
  readonly limits: LimitSettings;
  readonly weight?: number;
  readonly tier?: number;
  /** What the account pays for it, where that is no share of the list price. */
  readonly price?: PriceTerms;
};

export type AccountConfig = {
  readonly id: string;
  readonly provider: string;
  readonly region?: string;
  /** Without a trailing slash. */
  readonly baseUrl?: string;
  readonly secrets: readonly string[];
  readonly weight: number;
  readonly tier: number;
  /** Of each model that has none of its own. */
  readonly limits: LimitSettings;
  /** For how long the provider may keep a call in a line of its own; undefined: not at all. */
  readonly waitTimeoutMs?: number;
  /** Plain calls are asked for as streams and put together; undefined: where the provider is better asked so. */
  readonly streamUpstream?: 'on' | 'off';
  /** How long an answer is read on after its client left; 0: not at all. */
  readonly drainMs: number;
  /** Paths that are passed through to it; undefined: what the provider is known to have. */
  readonly passes?: readonly string[];
  /** What is changed in the body of every request. */
  readonly bodyRules?: BodyRules;
  /** What the account pays of the list price, as decimal text; undefined: all of it. */
  readonly costFactor?: string;
  /** Empty: the provider's usual ones. */
  readonly models: readonly AccountModelConfig[];
};

/** What holds for one channel beside what its account says of it. */
export type ChannelConfig = {
  /** `account/upstream-model`. */
  readonly id: string;
  readonly state: ChannelState;
  /** They win over those of the account and its model. */
  readonly limits: LimitSettings;
  readonly weight?: number;
  readonly tier?: number;
};

export type ModelConfig = {
  readonly name: string;
  readonly strategy?: string;
  readonly fallbacks: readonly string[];
  /** A fallback serves when the wait would be longer and it is quicker; undefined: only past the deadline. */
  readonly fallbackAfterMs?: number;
  /** Calls of one conversation prefer the account that served it last. */
  readonly affinity: boolean;
  /** A text that breaks off is continued on another channel. */
  readonly resume: boolean;
  /** Only these channels, `account/upstream-model`. */
  readonly channels?: readonly string[];
};

export type LogConfig = FileValues['log'];

export type Config = {
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly bodyLimitBytes: number;
    readonly uploadLimitBytes: number;
    /** Time open streams get to end after SIGTERM. */
    readonly drainMs: number;
    /** How long the answer to a call with an `Idempotency-Key` is kept; 0: the header means nothing. */
    readonly idempotencyTtlMs: number;
    /** Addresses and blocks of proxies whose word on the client's address is believed. */
    readonly trustedProxies: readonly string[];
  };
  readonly accounts: readonly AccountConfig[];
  readonly models: readonly ModelConfig[];
  /** Those of which something is said, by hand and while running. */
  readonly channels?: readonly ChannelConfig[];
  /** Is every model offered as `claude-via-…` too? */
  readonly claudeAliases: boolean;
  readonly keys: readonly KeyConfig[];
  readonly tenants: readonly TenantConfig[];
  readonly projects: readonly ProjectConfig[];
  readonly queue: {
    readonly maxWaitMs: number;
    readonly maxWaitStreamMs: number;
    /** Calls, and the bytes of their bodies, in line per model. */
    readonly maxLength: number;
    readonly maxBytes: number;
    readonly maxLengthPerKey?: number;
    readonly maxBytesPerKey?: number;
    readonly overloadWaitMs: number;
  };
  readonly timeouts: {
    readonly connectMs: number;
    readonly firstByteMs: number;
    readonly firstByteStreamMs: number;
    readonly firstTokenMs?: number;
    readonly idleMs: number;
  };
  readonly retries: { readonly maxAttempts: number; readonly share: number; readonly unknown: boolean };
  /** What is kept for clients between their calls. */
  readonly memory: { readonly maxBytes: number; readonly ttlMs: number };
  readonly money: MoneySettings;
  /** 0: none. */
  readonly heartbeatMs: number;
  /** What is learned and kept across restarts. */
  readonly dataDir: string;
  readonly storage: StorageConfig;
  /** Room for entries that the database has not taken yet. */
  readonly ledger: { readonly spillBytes: number };
  readonly alerts: {
    readonly webhooks: readonly { readonly url: string; readonly secret: string }[];
    /** What the webhooks are told. */
    readonly on: readonly AlertType[];
  };
  readonly log: { readonly level: LogConfig['level']; readonly format: LogConfig['format'] };
  readonly admin: {
    readonly enabled: boolean;
    readonly key?: string;
    /** Addresses and blocks; empty: all. */
    readonly addresses: readonly string[];
    readonly hosts: readonly string[];
    readonly sessionIdleMs: number;
    readonly sessionMaxMs: number;
  };
  /** What is not given is the simulator's own choice. */
  readonly simulator: {
    readonly ttftMs?: number;
    readonly tokensPerSecond?: number;
    readonly outputTokens?: number;
    readonly ramp?: LimitSettings['ramp'];
  };
};

export function configOf(values: FileValues): Config {
  const { server, queue, timeouts, simulator } = values;
  const accounts = values.accounts.map(accountOf);
  return {
    server: {
      host: server.host,
      port: server.port,
      bodyLimitBytes: server.body_limit,
      uploadLimitBytes: server.upload_limit,
      drainMs: server.drain,
      idempotencyTtlMs: server.idempotency_ttl,
      trustedProxies: server.trusted_proxies,
    },
    accounts,
    models: Object.entries(values.models).map(modelOf),
    claudeAliases: values.claude_aliases,
    keys: values.keys.map(keyOf),
    tenants: values.tenants.map(tenantOf),
    projects: values.projects.map(projectOf),
    queue: {
      ...given({ maxLengthPerKey: queue.max_length_per_key, maxBytesPerKey: queue.max_bytes_per_key }),
      maxWaitMs: queue.max_wait,
      maxWaitStreamMs: queue.max_wait_stream,
      maxLength: queue.max_length,
      maxBytes: queue.max_bytes,
      overloadWaitMs: queue.overload_wait,
    },
    timeouts: {
      connectMs: timeouts.connect,
      firstByteMs: timeouts.first_byte,
      firstByteStreamMs: timeouts.first_byte_stream,
      ...given({ firstTokenMs: timeouts.first_token }),
      idleMs: timeouts.idle,
    },
    retries: {
      maxAttempts: values.retries.max_attempts,
      share: values.retries.share,
      unknown: values.retry_unknown,
    },
    memory: { maxBytes: values.memory.max_bytes, ttlMs: values.memory.ttl },
    money: withAccountPrices(moneyOf(values.money), accounts),
    heartbeatMs: values.heartbeat,
    dataDir: values.data_dir,
    storage: storageOf(values.storage),
    ledger: { spillBytes: values.ledger.spill_limit },
    alerts: values.alerts,
    log: values.log,
    admin: {
      ...given({ key: values.admin.key }),
      enabled: values.admin.enabled,
      addresses: values.admin.addresses,
      hosts: values.admin.hosts,
      sessionIdleMs: values.admin.session_idle,
      sessionMaxMs: values.admin.session_max,
    },
    simulator: given({
      ttftMs: simulator.ttft,
      tokensPerSecond: simulator.tokens_per_second,
      outputTokens: simulator.output_tokens,
      ramp: simulator.ramp,
    }),
  };
}

export const accountOf = (account: AccountValues): AccountConfig => ({
  ...given({
    region: account.region,
    baseUrl: account.base_url,
    waitTimeoutMs: account.wait_timeout === 'off' ? undefined : account.wait_timeout,
    streamUpstream: account.stream_upstream === 'auto' ? undefined : account.stream_upstream,
    passes: account.passes,
    bodyRules: bodyRulesOf(account),
    costFactor: account.cost_factor === '1' ? undefined : account.cost_factor,
  }),
  id: account.id,
  provider: account.provider,
  secrets: account.secrets,
  weight: account.weight,
  tier: account.tier,
  limits: given(account.limits),
  drainMs: account.on_client_gone,
  models: modelEntriesOf(account).map(([upstreamModel, model]) => ({
    ...given({ name: model.name, weight: model.weight, tier: model.tier }),
    ...(model.price === undefined ? {} : { price: termsOf(model.price) }),
    upstreamModel,
    limits: given<LimitsValues>(model.limits ?? {}),
  })),
});

export const channelOf = (
  { id, state }: Pick<ChannelConfig, 'id' | 'state'>,
  channel: ChannelValues,
): ChannelConfig => ({
  ...given({ weight: channel.weight, tier: channel.tier }),
  id,
  state,
  limits: given<LimitsValues>(channel.limits),
});

function bodyRulesOf({ drop, rename, set }: AccountValues): BodyRules | undefined {
  const rules = [drop, Object.keys(rename), Object.keys(set)];
  return rules.every(({ length }) => length === 0) ? undefined : { drop, rename, set };
}

type AccountModelValues = Exclude<AccountValues['models'], string[]>[string];

/** The models of an account, whichever way they were written. */
export const modelEntriesOf = ({
  models,
}: AccountValues): readonly (readonly [string, AccountModelValues])[] =>
  Array.isArray(models) ? models.map((model) => [model, {}] as const) : Object.entries(models);

export const modelOf = ([name, model]: [string, ModelValues]): ModelConfig => ({
  ...given({
    strategy: model.strategy,
    channels: model.channels,
    fallbackAfterMs: model.fallback_after,
  }),
  name,
  fallbacks: model.fallbacks,
  affinity: model.affinity,
  resume: model.resume,
});
