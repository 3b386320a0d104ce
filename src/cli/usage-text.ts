/** Usage as a table with bars for the terminal: whose share of the cost is how large, and how long answers took. */

import pc from 'picocolors';
import { barText, countText, moneyText, shareText, timeText } from './figures.ts';
import { type Column, tableText } from './table.ts';

type Times = { readonly p50: number | null; readonly p99: number | null };

/** What of an answer is shown. */
export type UsageLine = {
  readonly group: Readonly<Record<string, string>>;
  readonly calls: number;
  readonly errors: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly tokens: {
    readonly input: number;
    readonly cache_read: number;
    readonly cache_write: number;
    readonly output: number;
    readonly reasoning: number;
  };
  readonly unpriced: number;
  readonly list: string | null;
  readonly charged: string | null;
  readonly upstream?: string | null;
  readonly margin?: string | null;
  readonly duration_ms: Times;
  readonly first_content_ms: Times;
  readonly queue_ms: Times;
};

export type UsageAnswer = {
  readonly from: string;
  readonly to: string;
  readonly by: readonly string[];
  readonly data: readonly UsageLine[];
  readonly total: UsageLine;
};

/** Without its bar the table is so wide. */
const LEAST_BAR = 4;
const MOST_BAR = 20;

export function usageText(answer: UsageAnswer, width: number): string {
  const { data, total, by } = answer;
  const head = pc.bold(`Usage from ${shortTime(answer.from)} to ${shortTime(answer.to)} UTC`);
  if (total.calls === 0) return `${head}\n\nThere were no calls.\n`;
  const rows = [...data, ...(by.length > 0 ? [{ ...total, group: { [by[0] ?? '']: 'in all' } }] : [total])];
  const table = fitted(rows, { by, data, width });
  const lines = table.trimEnd().split('\n');
  const last = lines.pop() ?? '';
  const body = by.length > 0 ? [...lines, pc.bold(last)] : [...lines, last];
  return `${[head, '', ...body, '', ...notes(total)].join('\n')}\n`;
}

type Shown = { readonly by: readonly string[]; readonly data: readonly UsageLine[]; readonly width: number };

/** The bar takes what room is left, and goes where there is none. */
function fitted(rows: readonly UsageLine[], { by, data, width }: Shown): string {
  const columns = columnsOf(by);
  const bare = Math.max(...tableText(rows, columns, width).split('\n').map(length));
  const bar = Math.min(MOST_BAR, width - bare - 2);
  if (by.length === 0 || bar < LEAST_BAR) return tableText(rows, columns, width);
  const cost = (line: UsageLine): number => Number(line.charged ?? 0);
  const most = Math.max(...data.map(cost));
  const shared: Column<UsageLine> = {
    head: '',
    of: (line) => (data.includes(line) ? barText(cost(line), most, bar) : ''),
  };
  return tableText(rows, [...columns, shared], width);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
const length = (line: string): number => line.replace(/\u001b\[\d+m/g, '').length;

const columnsOf = (by: readonly string[]): Column<UsageLine>[] => [
  ...by.map(
    (name): Column<UsageLine> => ({
      head: name,
      of: ({ group }) => (group[name] === '' ? '(none)' : (group[name] ?? '')),
    }),
  ),
  { head: 'calls', right: true, of: ({ calls }) => countText(calls) },
  { head: 'failed', right: true, of: ({ calls, errors }) => shareText(errors, calls) },
  {
    head: 'in',
    right: true,
    spare: true,
    of: ({ tokens }) => countText(tokens.input + tokens.cache_read + tokens.cache_write),
  },
  { head: 'out', right: true, spare: true, of: ({ tokens }) => countText(tokens.output + tokens.reasoning) },
  { head: 'charged', right: true, of: ({ charged, unpriced }) => moneyText(charged, unpriced) },
  { head: 'p50', right: true, spare: true, of: ({ duration_ms }) => timeText(duration_ms.p50) },
  { head: 'p99', right: true, spare: true, of: ({ duration_ms }) => timeText(duration_ms.p99) },
];

function notes(total: UsageLine): string[] {
  const { tokens, first_content_ms: first, queue_ms: queue, unpriced } = total;
  const input = tokens.input + tokens.cache_read + tokens.cache_write;
  const paid =
    total.upstream === undefined
      ? ''
      : `, paid ${moneyText(total.upstream, unpriced)}, margin ${moneyText(total.margin)}`;
  const lines = [
    `List price ${moneyText(total.list, unpriced)}, charged ${moneyText(total.charged, unpriced)}${paid}.`,
    `Of the input ${shareText(tokens.cache_read, input)} came from caches. First content after ${timeText(first.p50)} (p99 ${timeText(first.p99)}),`,
    `wait in line ${timeText(queue.p50)} (p99 ${timeText(queue.p99)}).`,
  ];
  if (total.errors > 0) lines.push(`Failed: ${failuresText(total.failures)}.`);
  const noted = lines.map((line) => pc.dim(line));
  if (unpriced > 0)
    noted.push(
      pc.yellow(`${countText(unpriced)} calls have no known price: what they cost is in none of the sums.`),
    );
  return noted;
}

const SHOWN_FAILURES = 4;

function failuresText(failures: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(failures);
  const shown = kinds.slice(0, SHOWN_FAILURES).map(([kind, calls]) => `${countText(calls)} ${kind}`);
  const rest = kinds.slice(SHOWN_FAILURES).reduce((sum, [, calls]) => sum + calls, 0);
  return [...shown, ...(rest > 0 ? [`${countText(rest)} otherwise`] : [])].join(', ');
}

/** Without what says nothing: `2026-11-01`, `2026-11-26 14:05`. */
const shortTime = (iso: string): string => iso.slice(0, 16).replace('T', ' ').replace(' 00:00', '');
