/** A comparison of costs for a terminal of 80 columns, with bars, savings and what each way means for limits; or as CSV. */

import pc from 'picocolors';
import { decimalOf, nanoOf } from '../domain/cost.ts';
import type { Limits } from '../domain/limits.ts';
import { savedPerMille } from '../ledger/comparison.ts';
import { csvText } from './table.ts';

export type CostRow = {
  readonly option: string;
  readonly kind: string;
  /** Dollars as decimal text; null: nobody has published a price. */
  readonly usd: string | null;
  readonly saved_percent: number | null;
  readonly limits: string;
  readonly note: string | null;
};

export type CostTable = {
  /** What is bought, line by line. */
  readonly head: readonly string[];
  readonly rows: readonly CostRow[];
  readonly foot: readonly string[];
};

const BAR = 20;
const NAME = 26;

export function costText({ head, rows, foot }: CostTable): string {
  const amounts = rows.map(({ usd }) => (usd === null ? 'unknown' : moneyText(usd)));
  const width = Math.max(...amounts.map(({ length }) => length));
  const most = rows.reduce(
    (highest, { usd }) => (usd !== null && nanoOf(usd) > highest ? nanoOf(usd) : highest),
    0n,
  );
  const lines = rows.flatMap(({ option, usd, saved_percent, limits, note }, index) => [
    [
      pc.bold(option.padEnd(NAME)),
      (amounts[index] ?? '').padStart(width),
      ` ${pc.cyan(barText(usd === null ? 0n : nanoOf(usd), most))}`,
      savedText(saved_percent).padStart(8),
    ]
      .join(' ')
      .trimEnd(),
    ...dim(
      wrapped([limits, ...(note === null ? [] : [note])].filter((text) => text !== '').join('; '), '  '),
    ),
  ]);
  const opening = head.flatMap((line) => wrapped(line));
  return `${[...opening, '', ...lines, '', ...dim(foot.flatMap((line) => wrapped(line)))].join('\n')}\n`;
}

/** No wider than the terminal. */
function wrapped(text: string, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > 80) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].filter((each) => each !== '').map((each) => indent + each);
}

const dim = (lines: readonly string[]): string[] => lines.map((line) => pc.dim(line));

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function barText(nano: bigint, most: bigint): string {
  if (most === 0n) return ''.padEnd(BAR);
  const eighths = Number((nano * BigInt(BAR * 8) + most / 2n) / most);
  return `${'█'.repeat(Math.floor(eighths / 8))}${EIGHTHS[eighths % 8]}`.padEnd(BAR);
}

function savedText(percent: number | null): string {
  if (percent === null) return '';
  return percent === 0 ? '±0 %' : `${percent > 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
}

/** To the cent; what is less than one cent, as it is. */
export function moneyText(usd: string): string {
  const nano = nanoOf(usd);
  if (nano > 0n && nano < 10_000_000n) return `$${decimalOf(nano)}`;
  const cents = (nano + 5_000_000n) / 10_000_000n;
  const whole = (cents / 100n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
  return `$${whole}.${(cents % 100n).toString().padStart(2, '0')}`;
}

export const costCsv = (rows: readonly CostRow[]): string =>
  csvText(rows, [
    { head: 'option', of: (row) => row.option },
    { head: 'kind', of: (row) => row.kind },
    { head: 'usd', of: (row) => row.usd },
    { head: 'saved_percent', of: (row) => row.saved_percent },
    { head: 'limits', of: (row) => row.limits },
    { head: 'note', of: (row) => row.note },
  ]);

type Costing = { readonly nano: bigint | null; readonly direct: bigint | null };

export const costCells = ({ nano, direct }: Costing): Pick<CostRow, 'usd' | 'saved_percent'> => {
  const saved = savedPerMille(nano, direct);
  return { usd: nano === null ? null : decimalOf(nano), saved_percent: saved === null ? null : saved / 10 };
};

export const grouped = (count: number): string => count.toLocaleString('en-US');

/** `600 RPM, 1,000,000 TPM`, of so many accounts together. */
export function limitsText(limits: Limits | undefined, accounts = 1): string {
  const { rpm, tpm } = limits ?? {};
  const parts = [
    ...(rpm === undefined ? [] : [`${grouped(rpm * accounts)} RPM`]),
    ...(tpm === undefined ? [] : [`${grouped(tpm * accounts)} TPM`]),
  ];
  return parts.length === 0 ? 'limits are not published' : parts.join(', ');
}
