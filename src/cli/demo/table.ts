/** The outcome in figures: one column a contender, one row a measure, for the terminal and as Markdown. */

import type { Result } from './contenders.ts';
import { QUOTA_PER_SECOND } from './traffic.ts';

export type Figures = {
  readonly id: string;
  readonly name: string;
  readonly accounts: number;
  readonly calls: number;
  readonly answered: number;
  readonly failed: number;
  /** 429s that reached the client, and 429s that the upstream gave. */
  readonly refusalsSeen: number;
  readonly refusalsGiven: number;
  readonly lastAnswerMs: number;
  /** Of the answered calls, from arrival to answer, without the model's own time. */
  readonly waitP50Ms: number;
  readonly waitP99Ms: number;
  /** Answered calls / what the accounts allow (60 RPM each) until the last answer; 0-1. */
  readonly quotaShare: number;
  /** Input and output of answered calls. */
  readonly tokens: number;
};

export function figuresOf({ contender, journal, refusalsGiven }: Result): Figures {
  const { id, name, accounts } = contender;
  const { answers, failures, arrived } = journal;
  const waits = answers.map(({ waitMs }) => waitMs);
  const lastAnswerMs = answers.reduce((last, { atMs }) => Math.max(last, atMs), 0);
  const allowed = (accounts * QUOTA_PER_SECOND * lastAnswerMs) / 1_000;
  return {
    id,
    name,
    accounts,
    calls: arrived,
    answered: answers.length,
    failed: failures.length,
    refusalsSeen: journal.refusedAtMs.length,
    refusalsGiven,
    lastAnswerMs,
    waitP50Ms: quantile(waits, 0.5),
    waitP99Ms: quantile(waits, 0.99),
    quotaShare: allowed === 0 ? 0 : answers.length / allowed,
    tokens: answers.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

/** What the demonstration has shown: did Sluice answer every call? */
export function verdictOf(results: readonly Result[]): { readonly ok: boolean; readonly sentence: string } {
  const journal = results.find(({ contender }) => contender.id === 'sluice')?.journal;
  if (journal === undefined) return { ok: false, sentence: 'Sluice did not run.' };
  const [reason] = journal.failures;
  if (reason === undefined) return { ok: true, sentence: 'Sluice answered every call.' };
  const failed = `${journal.failures.length} of ${journal.arrived} calls failed`;
  return { ok: false, sentence: `Sluice did not answer every call: ${failed}, the first with ${reason}` };
}

/** The smallest value that is not exceeded by a share `q` of them; 0 of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const count = (value: number): string => value.toLocaleString('en');

const MEASURES: readonly (readonly [string, (figures: Figures) => string])[] = [
  ['Accounts', ({ accounts }) => count(accounts)],
  ['Calls', ({ calls }) => count(calls)],
  ['Answered', ({ answered, calls }) => `${count(answered)} (${percent(answered / Math.max(1, calls))})`],
  ['Failed', ({ failed }) => count(failed)],
  ['429s seen by the client', ({ refusalsSeen }) => count(refusalsSeen)],
  ['429s given by the upstream', ({ refusalsGiven }) => count(refusalsGiven)],
  ['Last answer after', ({ lastAnswerMs }) => seconds(lastAnswerMs)],
  ['Wait, median', ({ waitP50Ms }) => seconds(waitP50Ms)],
  ['Wait, p99', ({ waitP99Ms }) => seconds(waitP99Ms)],
  ['Quota used', ({ quotaShare }) => percent(quotaShare)],
  ['Tokens answered', ({ tokens }) => count(tokens)],
];

/** What the two words in the table that could mean something else do mean. */
export const LEGEND = [
  "Wait: from arrival to answer without the model's own time, of answered calls.",
  'Quota used: answered calls / (60 RPM x accounts x time to the last answer).',
];

function cellsOf(all: readonly Figures[]): readonly (readonly string[])[] {
  return [['', ...all.map(({ name }) => name)], ...MEASURES.map(([name, text]) => [name, ...all.map(text)])];
}

export function textTable(all: readonly Figures[]): string {
  const rows = padded(cellsOf(all)).map((row) => row.join('   ').trimEnd());
  const rule = '─'.repeat(Math.max(...rows.map((row) => row.length)));
  const [head = '', ...body] = rows;
  return [head, rule, ...body].join('\n');
}

export function markdownTable(all: readonly Figures[]): string {
  const [head = [], ...body] = padded(cellsOf(all));
  const rule = head.map((cell, column) =>
    column === 0 ? '-'.repeat(cell.length) : `${'-'.repeat(cell.length - 1)}:`,
  );
  const table = [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`);
  return `${[...table, '', ...LEGEND].join('\n')}\n`;
}

/** The first column to the left, figures to the right. */
function padded(rows: readonly (readonly string[])[]): string[][] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    }),
  );
}
