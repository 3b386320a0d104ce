/** What the simulator has seen, counted per account and model and summed on demand. */

import type { BodyEnd } from './pace.ts';
import type { Quota, QuotaGauges } from './quotas.ts';
import type { RefusalKind } from './refusal-kind.ts';

export type SimulatorStats = QuotaGauges & {
  /** Calls that arrived. */
  readonly requests: number;
  readonly admitted: number;
  readonly refused: Readonly<Partial<Record<RefusalKind, number>>>;
  /** Calls hit by a fault. */
  readonly faults: number;
  /** How admitted calls ended: with their terminal, by a fault or a refusal of ours, by the caller's leaving. */
  readonly completed: number;
  readonly died: number;
  readonly aborted: number;
  /** Tokens of admitted calls, as far as they were said. */
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly openStreams: number;
};

export class Tally {
  requests = 0;
  admitted = 0;
  faults = 0;
  promptTokens = 0;
  outputTokens = 0;
  openStreams = 0;
  readonly ended: Record<BodyEnd, number> = { complete: 0, died: 0, aborted: 0 };
  readonly refused = new Map<RefusalKind, number>();

  refuse(kind: RefusalKind): void {
    this.refused.set(kind, (this.refused.get(kind) ?? 0) + 1);
  }
}

/** One tally for strangers, one per account for calls that reached no quota, one per account and model. */
export class Tallies {
  readonly strangers = new Tally();
  readonly #byAccount = new Map<string, Map<string, Tally>>();

  of(accountId: string, model = ''): Tally {
    const models = this.#byAccount.get(accountId) ?? new Map<string, Tally>();
    this.#byAccount.set(accountId, models);
    const tally = models.get(model) ?? new Tally();
    models.set(model, tally);
    return tally;
  }

  /** Takes a call to where it now turns out to belong. */
  move(visit: { tally: Tally }, to: Tally): void {
    visit.tally.requests -= 1;
    to.requests += 1;
    visit.tally = to;
  }

  chosen(accountId: string | undefined, model: string | undefined): Tally[] {
    if (accountId === undefined)
      return [this.strangers, ...[...this.#byAccount.values()].flatMap((models) => [...models.values()])];
    if (model !== undefined) return [this.of(accountId, model)];
    return [...(this.#byAccount.get(accountId)?.values() ?? [])];
  }
}

/** Counts are sums; peaks are those of the fullest single quota, for no two quotas share a limit. */
export function statsOf(tallies: Iterable<Tally>, quotas: Iterable<Quota>): SimulatorStats {
  const sum = new Tally();
  for (const tally of tallies) addTo(sum, tally);
  return {
    requests: sum.requests,
    admitted: sum.admitted,
    refused: Object.fromEntries(sum.refused),
    faults: sum.faults,
    completed: sum.ended.complete,
    died: sum.ended.died,
    aborted: sum.ended.aborted,
    promptTokens: sum.promptTokens,
    outputTokens: sum.outputTokens,
    openStreams: sum.openStreams,
    ...gaugesOf([...quotas].map((quota) => quota.gauges())),
  };
}

function addTo(sum: Tally, tally: Tally): void {
  sum.requests += tally.requests;
  sum.admitted += tally.admitted;
  sum.faults += tally.faults;
  sum.promptTokens += tally.promptTokens;
  sum.outputTokens += tally.outputTokens;
  sum.openStreams += tally.openStreams;
  sum.ended.complete += tally.ended.complete;
  sum.ended.died += tally.ended.died;
  sum.ended.aborted += tally.ended.aborted;
  for (const [kind, count] of tally.refused) sum.refused.set(kind, (sum.refused.get(kind) ?? 0) + count);
}

function gaugesOf(gauges: readonly QuotaGauges[]): QuotaGauges {
  const total = (name: keyof QuotaGauges): number => gauges.reduce((sum, gauge) => sum + gauge[name], 0);
  const most = (name: keyof QuotaGauges): number =>
    gauges.reduce((peak, gauge) => Math.max(peak, gauge[name]), 0);
  return {
    inFlight: total('inFlight'),
    peakInFlight: most('peakInFlight'),
    peakRequestsPerMinute: most('peakRequestsPerMinute'),
    peakRequestsPerSecond: most('peakRequestsPerSecond'),
    peakTokensPerMinute: most('peakTokensPerMinute'),
    peakTokensPerSecond: most('peakTokensPerSecond'),
    requestsLastMinute: total('requestsLastMinute'),
    tokensLastMinute: total('tokensLastMinute'),
  };
}
