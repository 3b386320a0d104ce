/** Runs of several seeds as tables: the mean of each figure with its least and greatest value. */

import { figure, type Row, tableOf } from '../overhead/table.ts';
import type { Figures } from './figures.ts';
import { POLICIES } from './policies/index.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { type Range, rangeOf } from './statistics.ts';
import type { Outcome } from './worker.ts';

export type Measure = { [K in keyof Figures]: Figures[K] extends number ? K : never }[keyof Figures];

/** One policy in one scenario, over all seeds. */
export type Summary = {
  readonly scenario: string;
  readonly policy: string;
  readonly runs: readonly Figures[];
  of(measure: Measure): Range;
};

export function summariesOf(outcomes: readonly Outcome[]): Summary[] {
  const done = outcomes.flatMap((outcome) => ('figures' in outcome ? [outcome] : []));
  const groups = Map.groupBy(done, ({ job }) => `${job.scenario} ${job.policy}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const runs = group.map(({ figures }) => figures);
    return [
      {
        scenario: first.job.scenario,
        policy: first.job.policy,
        runs,
        of: (measure: Measure) => rangeOf(runs.map((figures) => figures[measure])),
      },
    ];
  });
}

type Column = { readonly title: string; cell(summary: Summary): string };

const column = (title: string, measure: Measure, { digits = 1, scale = 1 } = {}): Column => ({
  title,
  cell: (summary) => rangeText(summary.of(measure), { digits, scale }),
});

const COLUMNS: readonly Column[] = [
  column('limit used, %', 'sharePercent'),
  column('upstream 429 per 1,000', 'refusalsPerThousand', { digits: 2 }),
  column('shown, % of calls', 'shownPercent', { digits: 2 }),
  column('of tokens', 'shownTokensPercent', { digits: 2 }),
  column('unavoidable', 'unavoidablePercent'),
  column('p50 wait, s', 'p50WaitMs', { digits: 2, scale: 1e-3 }),
  column('p99 wait, s', 'p99WaitMs', { digits: 1, scale: 1e-3 }),
  column('Jain', 'jain', { digits: 3 }),
];
const OTHERS = column("others' p99, s", 'othersP99WaitMs', { digits: 2, scale: 1e-3 });
const ANSWERED = column('answered a minute', 'answeredPerMinute', { digits: 0 });

export function tablesOf(summaries: readonly Summary[]): string {
  return tableGroupsOf(summaries)
    .map(({ title, table }) => `${title}\n\n${table}`)
    .join('\n\n');
}

/** One table a group of scenarios. */
export function tableGroupsOf(summaries: readonly Summary[]): { title: string; table: string }[] {
  const groups = Map.groupBy(SCENARIOS, ({ group }) => group);
  return [...groups].flatMap(([title, scenarios]) => {
    const rows = scenarios.flatMap((scenario) =>
      summaries
        .filter((summary) => summary.scenario === scenario.id)
        .map((summary) => ({ summary, scenario })),
    );
    if (rows.length === 0) return [];
    const columns = [
      ...COLUMNS,
      ...(rows.some(({ scenario }) => scenario.traffic.kind === 'greedy') ? [OTHERS] : []),
      ...(rows.some(({ scenario }) => scenario.id.startsWith('accounts-')) ? [ANSWERED] : []),
    ];
    const body = rows.map(
      ({ summary, scenario }): Row => [
        `${scenario.name} · ${nameOf(summary.policy)}`,
        ...columns.map(({ cell }) => cell(summary)),
      ],
    );
    return [{ title, table: tableOf(['', ...columns.map((each) => each.title)], body) }];
  });
}

export function scenarioOf(id: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.id === id);
  if (scenario === undefined) throw new RangeError(`there is no workload ${id}`);
  return scenario;
}

export const nameOf = (policy: string): string => POLICIES.find(({ id }) => id === policy)?.name ?? policy;

export function rangeText(range: Range, { digits, scale }: { digits: number; scale: number }): string {
  const [mean, low, high] = [range.mean, range.low, range.high].map((value) => figure(value * scale, digits));
  return low === high ? `${mean}` : `${mean} [${low}-${high}]`;
}
