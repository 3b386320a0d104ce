/** What Sluice must hold, and whether it does: in every seed, on average only, or not. */

import { figure, type Row, tableOf } from '../overhead/table.ts';
import { type Measure, rangeText, type Summary, scenarioOf } from './report.ts';
import type { Range } from './statistics.ts';

export type Bound = {
  readonly scenario: string;
  readonly measure: Measure;
  readonly atLeast?: number;
  readonly atMost?: number;
};

export type Verdict = {
  readonly bound: Bound;
  readonly measured: Range;
  readonly held: 'yes' | 'on average' | 'no';
};

const PER_ACCOUNT = 600;

const used = (scenario: string, atLeast: number, refusals: number): Bound[] => [
  { scenario, measure: 'sharePercent', atLeast },
  { scenario, measure: 'refusalsPerThousand', atMost: refusals },
];

const nothingShown = (scenario: string): Bound => ({ scenario, measure: 'shownPercent', atMost: 0 });

export const BOUNDS: readonly Bound[] = [
  ...used('wires-far-tok', 98, 1),
  ...used('wires-far-req', 88, 1),
  ...used('wires-near-req', 98.5, 1),
  ...['closed', 'on-off', 'steady-0.95'].map(nothingShown),
  ...['cold-slope', 'cold-doubling', 'cold-stepped'].flatMap((scenario): Bound[] => [
    { scenario, measure: 'refusalsPerThousand', atMost: 5 },
    { scenario, measure: 'shownPercent', atMost: 0.5 },
  ]),
  ...used('wires-spikes-tok', 95, 3),
  ...used('wires-spikes-req', 85, 3),
  ...['outsiders-tok', 'outsiders-req'].flatMap((scenario) => used(scenario, 92, 8)),
  ...['truth-80-tok', 'truth-80-req'].flatMap((scenario) => used(scenario, 88, 5)),
  ...['steady-1.2', 'greedy'].map((scenario): Bound => ({ scenario, measure: 'jain', atLeast: 0.99 })),
  { scenario: 'greedy', measure: 'othersP99WaitMs', atMost: 1_500 },
  ...[1, 3, 5, 10].map(
    (accounts): Bound => ({
      scenario: `accounts-${accounts}`,
      measure: 'answeredPerMinute',
      atLeast: 0.98 * PER_ACCOUNT * accounts,
      atMost: 1.02 * PER_ACCOUNT * accounts,
    }),
  ),
];

/** Of those that were measured. */
export function verdictsOf(summaries: readonly Summary[], policy = 'sluice'): Verdict[] {
  return BOUNDS.flatMap((bound) => {
    const summary = summaries.find((each) => each.scenario === bound.scenario && each.policy === policy);
    if (summary === undefined) return [];
    const measured = summary.of(bound.measure);
    const holds = (value: number): boolean =>
      value >= (bound.atLeast ?? -Infinity) && value <= (bound.atMost ?? Infinity);
    const always = holds(measured.low) && holds(measured.high);
    return [{ bound, measured, held: always ? 'yes' : holds(measured.mean) ? 'on average' : 'no' }];
  });
}

const NAMES = {
  sharePercent: { title: 'limit used, %', digits: 1, scale: 1 },
  refusalsPerThousand: { title: 'upstream 429 per 1,000', digits: 2, scale: 1 },
  shownPercent: { title: 'shown, % of calls', digits: 2, scale: 1 },
  jain: { title: 'Jain', digits: 3, scale: 1 },
  othersP99WaitMs: { title: "others' p99, s", digits: 2, scale: 1e-3 },
  answeredPerMinute: { title: 'answered a minute', digits: 0, scale: 1 },
} as const satisfies Partial<Record<Measure, { title: string; digits: number; scale: number }>>;

const nameOf = (measure: Measure): { title: string; digits: number; scale: number } =>
  measure in NAMES ? NAMES[measure as keyof typeof NAMES] : { title: measure, digits: 2, scale: 1 };

export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ bound, measured, held }): Row => {
    const { title, digits, scale } = nameOf(bound.measure);
    const { group, name } = scenarioOf(bound.scenario);
    const said = (value: number): string => figure(value * scale, scale === 1 && digits > 2 ? 2 : 1);
    const limits = [
      ...(bound.atLeast === undefined ? [] : [`≥ ${said(bound.atLeast)}`]),
      ...(bound.atMost === undefined ? [] : [`≤ ${said(bound.atMost)}`]),
    ];
    return [`${group} · ${name}`, title, limits.join(', '), rangeText(measured, { digits, scale }), held];
  });
  return tableOf(['must hold', 'measure', 'bound', 'measured', 'held'], rows);
}
