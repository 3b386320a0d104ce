/** What a run over HTTP came to, from the calls the clients made and the figures of the provider. */

import type { SimulatorStats } from '../../../src/simulator/tally.ts';
import { percentileOf } from '../../overhead/statistics.ts';
import { figure, tableOf } from '../../overhead/table.ts';
import { jainOf, maxMinShares } from '../statistics.ts';
import type { LiveCall } from './load.ts';
import { FIRST_TOKEN_MS, LIVE_ACCOUNTS, LIVE_LIMITS } from './setting.ts';

export type Seen = Pick<SimulatorStats, 'requests' | 'admitted' | 'refused'>;

export type LiveRun = {
  readonly calls: readonly LiveCall[];
  readonly keys: number;
  readonly fromMs: number;
  readonly untilMs: number;
  /** The provider's figures at both ends of the measured time. */
  readonly before: Seen;
  readonly after: Seen;
};

export type LiveFigures = {
  readonly sharePercent: number;
  readonly refusalsPerThousand: number;
  readonly shownPercent: number;
  readonly unavoidablePercent: number;
  readonly p50WaitMs: number;
  readonly p99WaitMs: number;
  readonly jain: number;
  readonly answeredPerMinute: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  /** How late the load itself was: above some tens of milliseconds the machine was too small. */
  readonly p99LateMs: number;
};

export function liveFiguresOf({ calls, keys, fromMs, untilMs, before, after }: LiveRun): LiveFigures {
  const minutes = (untilMs - fromMs) / 60_000;
  const counted = calls.filter(({ arrivedMs }) => arrivedMs >= fromMs && arrivedMs < untilMs);
  const answered = counted.filter((call) => call.answered);
  const shown = counted.filter((call) => !call.answered);
  const available = LIVE_ACCOUNTS * LIVE_LIMITS.rpm * minutes;
  const admitted = after.admitted - before.admitted;
  const refusals = difference(after.refused, before.refused);
  const refused = Object.values(refusals).reduce((sum, count) => sum + count, 0);
  const waits = answered.map(({ firstTokenMs = Number.NaN, arrivedMs }) =>
    Math.max(0, firstTokenMs - arrivedMs - FIRST_TOKEN_MS),
  );
  const countsOf = (some: readonly LiveCall[]): number[] =>
    Array.from({ length: keys }, (_, key) => some.filter((call) => call.key === key).length);
  const given = countsOf(answered);
  const due = maxMinShares(countsOf(counted), answered.length);
  const outcomes: Record<string, number> = {};
  for (const { outcome } of shown) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return {
    sharePercent: (100 * admitted) / available,
    refusalsPerThousand: (1_000 * refused) / Math.max(1, after.requests - before.requests),
    shownPercent: (100 * shown.length) / Math.max(1, counted.length),
    unavoidablePercent: 100 * Math.max(0, 1 - available / counted.length),
    p50WaitMs: percentileOf(waits, 0.5),
    p99WaitMs: percentileOf(waits, 0.99),
    jain: jainOf(due.flatMap((share, key) => (share > 0 ? [(given[key] ?? 0) / share] : []))),
    answeredPerMinute: admitted / minutes,
    refusals,
    outcomes,
    p99LateMs: percentileOf(
      counted.map(({ lateMs }) => lateMs),
      0.99,
    ),
  };
}

function difference(after: Seen['refused'], before: Seen['refused']): Record<string, number> {
  const earlier: Readonly<Record<string, number | undefined>> = before;
  return Object.fromEntries(
    Object.entries(after)
      .map(([kind, count]) => [kind, count - (earlier[kind] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
}

export function liveTable(name: string, figures: LiveFigures): string {
  const listed = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([what, count]) => `${what}: ${count}`)
      .join(', ') || 'none';
  const table = tableOf(
    [
      '',
      'limit used, %',
      'upstream 429 per 1,000',
      'shown, % of calls',
      'unavoidable',
      'p50 wait, s',
      'p99 wait, s',
      'Jain',
      'answered a minute',
    ],
    [
      [
        name,
        figure(figures.sharePercent, 1),
        figure(figures.refusalsPerThousand, 2),
        figure(figures.shownPercent, 2),
        figure(figures.unavoidablePercent, 1),
        figure(figures.p50WaitMs / 1_000, 2),
        figure(figures.p99WaitMs / 1_000, 2),
        figure(figures.jain, 3),
        figure(figures.answeredPerMinute, 0),
      ],
    ],
  );
  return [
    table,
    '',
    `Upstream refusals: ${listed(figures.refusals)}. Shown: ${listed(figures.outcomes)}.`,
    `The load was at most ${figure(figures.p99LateMs, 0)} ms late in 99 of 100 calls.`,
  ].join('\n');
}
