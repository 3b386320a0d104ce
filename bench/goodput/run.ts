/**
 * One run: one policy in one scenario with one seed. Traffic, provider and policy draw from chances of their own, so
 * that every policy sees the same calls at the same times. The traffic goes on for a while after the measured time:
 * calls at its end shall not have it easier than those before.
 */

import { createSeededRandom } from '../../src/base/seeded-random.ts';
import type { BenchCall, Policy } from './contract.ts';
import { EventClock } from './event-clock.ts';
import { type Figures, figuresOf } from './figures.ts';
import { Ledger } from './ledger.ts';
import { createProvider } from './provider.ts';
import { capacityOf, type Scenario } from './scenario.ts';
import { drawSize } from './sizes.ts';
import { startWorkload } from './workload.ts';

export type Run = { readonly scenario: Scenario; readonly policy: Policy; readonly seed: number };

/** How long the traffic goes on after the measured time, and how long its last calls may then take. */
const COOL_DOWN_MS = 60_000;
const LONGEST_END_MS = 20 * 60_000;

/** Windows by the wall clock shall not begin with the run. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

export async function measure({ scenario, policy, seed }: Run): Promise<Figures> {
  const chance = chancesOf(seed);
  const clock = new EventClock(EPOCH_MS + chance.phase() * 60_000);
  const startMs = clock.now();
  const fromMs = startMs + scenario.warmUpMs;
  const ledger = new Ledger({ fromMs, untilMs: fromMs + scenario.measuredMs });
  const endMs = ledger.span.untilMs + COOL_DOWN_MS;
  const upstream = createProvider({ clock, random: chance.provider, scenario, ledger, endMs });
  const { offer } = policy.create({
    clock,
    random: chance.policy,
    accounts: Array.from({ length: scenario.accounts }, (_, index) => ({
      id: `account-${index + 1}`,
      limits: scenario.limits,
    })),
    prepaidKnown: scenario.prepaidKnown,
    upstream,
    waitBudgetMs: scenario.waitBudgetMs,
    answered: (call) => ledger.end(call, 'answered'),
    shown: (call, why) => ledger.end(call, 'shown', why),
    started: (call) => ledger.started(call),
  });
  startWorkload({
    clock,
    random: chance.traffic,
    traffic: scenario.traffic,
    tenants: scenario.tenants,
    capacity: capacityOf(scenario) * scenario.accounts,
    rampMs: scenario.rampMs,
    endMs,
    offer(tenant, over) {
      const id = ledger.entries.length;
      const call: BenchCall = {
        id,
        tenant,
        ...drawSize(scenario.profile, chance.sizes),
        arrivedMs: clock.now(),
      };
      ledger.arrive(call, over);
      offer(call);
    },
  });
  const ended = (): boolean => clock.now() >= endMs && ledger.open === 0;
  if (policy.turns === true) await clock.runTurning(endMs + LONGEST_END_MS, ended);
  else clock.run(endMs + LONGEST_END_MS, ended);
  ledger.close();
  return figuresOf(ledger, scenario);
}

function chancesOf(seed: number) {
  const next = createSeededRandom(seed);
  const own = () => createSeededRandom(Math.floor(next() * 2 ** 32));
  return { phase: own(), traffic: own(), sizes: own(), provider: own(), policy: own() };
}
