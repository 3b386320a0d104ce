/**
 * The provider of a run: the simulator's own quotas, one an account, behind wires that delay each message by itself.
 * Outsiders call the same quotas from elsewhere. Answers are charged when they are complete, unless the rules say
 * otherwise.
 */

import type { Clock } from '../../src/base/clock.ts';
import { createQuota, DEFAULT_RULES, type Quota } from '../../src/simulator/quotas.ts';
import { exponential, lognormal, type Random, uniform } from './chance.ts';
import type { Told, Upstream } from './contract.ts';
import { LATENCIES } from './latency.ts';
import type { Ledger } from './ledger.ts';
import { capacityOf, type Scenario } from './scenario.ts';
import { drawSize } from './sizes.ts';

export type ProviderOptions = {
  readonly clock: Clock;
  readonly random: Random;
  readonly scenario: Scenario;
  readonly ledger: Ledger;
  readonly endMs: number;
};

/** The provider's clock runs ahead of ours: only differences may be trusted. */
const CLOCK_OFFSET_MS = 37.4;

export function createProvider(options: ProviderOptions): Upstream {
  const { clock, random, scenario, ledger } = options;
  const rules = { ...DEFAULT_RULES, outputCountsAt: 'production' as const, ...scenario.rules };
  const limits = { ...scenario.limits, ...scenario.truth };
  const quotas = Array.from({ length: scenario.accounts }, () => createQuota(clock, limits, rules));
  const latency = (): number => LATENCIES[scenario.latency](random);

  if (scenario.outsiders > 0) for (const quota of quotas) startOutsiders(quota, options);

  return {
    send(account, call, events) {
      const quota = quotas[account];
      if (quota === undefined) throw new RangeError(`there is no account ${account}`);
      const entry = ledger.entry(call);
      entry.sends += 1;
      const sentMs = clock.now();
      clock.after(latency(), () => {
        const told: Told = { arrivedMs: Math.floor(clock.now() + CLOCK_OFFSET_MS) };
        const counted = ledger.isCounted(clock.now());
        if (counted) ledger.sends += 1;
        quota.arrive();
        const ticket = quota.admit(call.input, call.maxTokens);
        if (typeof ticket === 'string') {
          if (counted) ledger.refusals.set(ticket, (ledger.refusals.get(ticket) ?? 0) + 1);
          clock.after(latency(), () => events.refused(ticket, told));
          return;
        }
        entry.admittedSendMs = sentMs;
        if (counted) {
          ledger.admitted += 1;
          ledger.tokens += call.input;
        }
        const headMs = firstTokenMs(random);
        const bodyMs = saidMs(call.output, random);
        const backMs = latency();
        clock.after(headMs + backMs, () => events.head(told));
        clock.after(headMs + bodyMs, () => {
          ticket.grow(call.output);
          ticket.end();
          if (ledger.isCounted(clock.now())) ledger.tokens += call.output;
          // Bytes of one answer keep their order: its end does not overtake its head.
          clock.after(Math.max(backMs - bodyMs, latency()), () => events.done(call.output));
        });
      });
    },
  };
}

const firstTokenMs = (random: Random): number => 300 + lognormal(random, 400, 0.5);
const saidMs = (tokens: number, random: Random): number => (tokens * 1_000) / uniform(random, 40, 80);

function startOutsiders(quota: Quota, { clock, random, scenario, ledger, endMs }: ProviderOptions): void {
  const meanMs = 1_000 / (capacityOf(scenario) * scenario.outsiders);
  const gapMs = (): number =>
    scenario.outsidersCome === 'evenly' ? uniform(random, 0.9, 1.1) * meanMs : exponential(random, meanMs);
  const next = (): void => {
    if (clock.now() >= endMs) return;
    clock.after(gapMs(), next);
    const { input, output, maxTokens } = drawSize(scenario.profile, random);
    quota.arrive();
    const ticket = quota.admit(input, maxTokens);
    if (typeof ticket === 'string') return;
    if (ledger.isCounted(clock.now())) {
      ledger.outsiderRequests += 1;
      ledger.outsiderTokens += input;
    }
    clock.after(firstTokenMs(random) + saidMs(output, random), () => {
      ticket.grow(output);
      ticket.end();
      if (ledger.isCounted(clock.now())) ledger.outsiderTokens += output;
    });
  };
  clock.after(gapMs(), next);
}
