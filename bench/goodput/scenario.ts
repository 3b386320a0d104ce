/** One situation to be measured, whole: the pool as configured and as it is, the traffic, the wires. */

import type { Limits } from '../../src/domain/limits.ts';
import type { QuotaLimits, QuotaRules } from '../../src/simulator/quotas.ts';
import type { LatencyName } from './latency.ts';
import { meanTokensOf, type ProfileName } from './sizes.ts';
import type { Traffic } from './workload.ts';

export type Scenario = {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly accounts: number;
  /** Of each account, as configured. */
  readonly limits: AccountLimits;
  /** What the provider enforces, where it is not the same. */
  readonly truth: Partial<QuotaLimits>;
  readonly rules: Partial<QuotaRules>;
  readonly prepaidKnown: boolean;
  readonly profile: ProfileName;
  readonly traffic: Traffic;
  readonly tenants: number;
  readonly latency: LatencyName;
  /** Share of every account's limit that calls from elsewhere take. */
  readonly outsiders: number;
  /** As a paced job sends them, or as many users do. */
  readonly outsidersCome: 'evenly' | 'at random';
  readonly rampMs: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  readonly waitBudgetMs: number;
};

export type AccountLimits = Required<Pick<Limits, 'rpm' | 'tpm' | 'rps' | 'tps'>>;

export const ACCOUNT_LIMITS: AccountLimits = { rpm: 600, tpm: 1_000_000, rps: 10, tps: 16_667 };

const MINUTE_MS = 60_000;

export const PLAIN: Omit<Scenario, 'id' | 'name' | 'group'> = {
  accounts: 5,
  limits: ACCOUNT_LIMITS,
  truth: {},
  rules: {},
  prepaidKnown: false,
  profile: 'tok',
  traffic: { kind: 'steady', load: 1.2 },
  tenants: 20,
  latency: 'far',
  outsiders: 0,
  outsidersCome: 'evenly',
  rampMs: 150_000,
  warmUpMs: 5 * MINUTE_MS,
  measuredMs: 10 * MINUTE_MS,
  waitBudgetMs: MINUTE_MS,
};

/** Calls a second that one account lets through, as configured. */
export const capacityOf = ({ limits, profile }: Pick<Scenario, 'limits' | 'profile'>): number =>
  Math.min(limits.rpm, limits.tpm / meanTokensOf(profile)) / 60;
