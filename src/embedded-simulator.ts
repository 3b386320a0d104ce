/** The simulator inside: accounts of the provider `simulator` are answered by it instead of the network. */

import type { Clock } from './base/clock.ts';
import type { Config } from './config/config.ts';
import type { Channel } from './domain/channel.ts';
import type { LimitSettings } from './domain/limits.ts';
import type { QuotaLimits } from './simulator/quotas.ts';
import { DEFAULT_SLOPE } from './simulator/ramp.ts';
import { createSimulator, type Simulator, type SimulatorOptions } from './simulator/upstream.ts';
import { planOf } from './snapshot.ts';

export const isEmbedded = (channel: Channel): boolean => channel.account.provider === 'simulator';

/** The simulator has to be made anew only when its own part of the configuration changes. */
export const simulatorKey = (config: Config): string =>
  JSON.stringify([config.simulator, config.accounts.filter(({ provider }) => provider === 'simulator')]);

/** The simulated accounts of this configuration; undefined when it has none. */
export function embeddedSimulator(
  config: Config,
  { clock, random }: { readonly clock: Clock; readonly random: () => number },
): Simulator | undefined {
  const accounts = config.accounts.filter(({ provider }) => provider === 'simulator');
  if (accounts.length === 0) return undefined;
  const { ttftMs, tokensPerSecond, outputTokens } = config.simulator;
  const options: SimulatorOptions = {
    clock,
    random,
    accounts: accounts.map((account) => ({
      id: account.id,
      secrets: account.secrets,
      limits: Object.fromEntries(
        planOf(account).models.map(({ upstreamModel }) => {
          const own = account.models.find((model) => model.upstreamModel === upstreamModel);
          return [upstreamModel, quotaOf({ ...account.limits, ...own?.limits }, config.simulator.ramp)];
        }),
      ),
    })),
    pace: {
      ...(ttftMs === undefined ? {} : { firstTokenMs: ttftMs }),
      ...(tokensPerSecond === undefined ? {} : { tokensPerSecond }),
    },
    answers: outputTokens === undefined ? {} : { outputTokens },
  };
  return createSimulator(options);
}

/**
 * The limits that the simulated account itself enforces: what is configured as a number, else its published ones. A
 * second's limit that is off is off at the simulated account too, or it would follow from the minute's.
 */
function quotaOf(limits: LimitSettings, ramp: LimitSettings['ramp']): QuotaLimits {
  const numbers = Object.entries(limits)
    .filter(([, value]) => typeof value === 'number' || value === 'off')
    .map(([name, value]) => [name, typeof value === 'number' ? value : Infinity]);
  const quota: QuotaLimits = Object.fromEntries(numbers);
  if (ramp === undefined || ramp === 'off') return quota;
  const { averageMs } = DEFAULT_SLOPE;
  const slope = {
    ...DEFAULT_SLOPE,
    growthPerSecond: ramp.growth ** (1_000 / averageMs) - 1,
    floorRequests: Math.max(1, (ramp.floor * (quota.rpm ?? DEFAULT_SIMULATED_RPM)) / 60),
  };
  return { ...quota, slope };
}

/** Of the founding case's stable model; only the floor of a simulated ramp is measured by it. */
const DEFAULT_SIMULATED_RPM = 600;
