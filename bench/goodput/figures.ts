/** What one run came to: the measures, read from its ledger. */

import { percentileOf } from '../overhead/statistics.ts';
import type { BenchCall } from './contract.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Scenario } from './scenario.ts';
import { jainOf, maxMinShares } from './statistics.ts';
import { GREEDY_TENANT } from './workload.ts';

export type Figures = {
  /** Of what the providers had left for us, in percent: the greater of requests and tokens. */
  readonly sharePercent: number;
  readonly refusalsPerThousand: number;
  readonly shownPercent: number;
  readonly shownTokensPercent: number;
  /** What nobody could have answered: 1 - 1/load, in percent of the tokens. */
  readonly unavoidablePercent: number;
  readonly p50WaitMs: number;
  readonly p99WaitMs: number;
  /** Of the tenants beside the greedy one; `NaN` where there is none. */
  readonly othersP99WaitMs: number;
  /** Of each tenant's answered cost against what it was due. */
  readonly jain: number;
  readonly answeredPerMinute: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly whyShown: Readonly<Record<string, number>>;
  readonly calls: number;
};

export function figuresOf(ledger: Ledger, scenario: Scenario): Figures {
  const minutes = scenario.measuredMs / 60_000;
  const entries = ledger.entries.filter(({ call }) => ledger.isCounted(call.arrivedMs));
  const answered = entries.filter(({ fate }) => fate === 'answered');
  const shown = entries.filter(({ fate }) => fate === 'shown');
  const { rpm, tpm } = { ...scenario.limits, ...scenario.truth };
  const requestsLeft = scenario.accounts * rpm * minutes - ledger.outsiderRequests;
  const tokensLeft = scenario.accounts * tpm * minutes - ledger.outsiderTokens;
  const load = Math.max(entries.length / requestsLeft, tokensOf(entries) / tokensLeft);
  const waits = answered.map(waitMs);
  const others = answered.filter(({ call }) => call.tenant !== GREEDY_TENANT);
  const refused = [...ledger.refusals.values()].reduce((sum, count) => sum + count, 0);
  const closed = scenario.traffic.kind === 'closed';
  return {
    sharePercent: 100 * Math.max(ledger.admitted / requestsLeft, ledger.tokens / tokensLeft),
    refusalsPerThousand: (1_000 * refused) / Math.max(1, ledger.sends),
    shownPercent: (100 * shown.length) / Math.max(1, entries.length),
    shownTokensPercent: (100 * tokensOf(shown)) / Math.max(1, tokensOf(entries)),
    unavoidablePercent: closed ? 0 : 100 * Math.max(0, 1 - 1 / load),
    p50WaitMs: percentileOf(waits, 0.5),
    p99WaitMs: percentileOf(waits, 0.99),
    othersP99WaitMs: scenario.traffic.kind === 'greedy' ? percentileOf(others.map(waitMs), 0.99) : Number.NaN,
    jain: jainOf(satisfactionOf(entries, scenario)),
    answeredPerMinute: ledger.admitted / minutes,
    refusals: Object.fromEntries(ledger.refusals),
    whyShown: countBy(shown, ({ why }) => why),
    calls: entries.length,
  };
}

const waitMs = ({ admittedSendMs, call }: Entry): number => (admittedSendMs ?? Number.NaN) - call.arrivedMs;

const tokensOf = (entries: readonly Entry[]): number =>
  entries.reduce((sum, { call }) => sum + call.input + call.output, 0);

/** The share of the pool that a call takes, of the resource it takes most of. */
const costOf = ({ input, output }: BenchCall, { limits }: Scenario): number =>
  Math.max(1 / limits.rpm, (input + output) / limits.tpm);

/** By tenant: what was answered, against an even deal of all that was answered. */
function satisfactionOf(entries: readonly Entry[], scenario: Scenario): number[] {
  const asked: number[] = Array.from({ length: scenario.tenants }, () => 0);
  const given = [...asked];
  for (const { call, fate } of entries) {
    const cost = costOf(call, scenario);
    asked[call.tenant] = (asked[call.tenant] ?? 0) + cost;
    if (fate === 'answered') given[call.tenant] = (given[call.tenant] ?? 0) + cost;
  }
  const due = maxMinShares(
    asked,
    given.reduce((sum, cost) => sum + cost, 0),
  );
  return due.flatMap((share, tenant) => (share > 0 ? [(given[tenant] ?? 0) / share] : []));
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
