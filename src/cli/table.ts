/**
 * Rows for people and for programs: a table that fits the terminal, with numbers under each other, or CSV, or JSON. Where
 * there is too little room, columns without a word in them go first, then what can be spared; then those that may be cut are
 * cut, the widest first: never what people have to copy or tell apart, such as ids and names.
 */

import pc from 'picocolors';
import { csvOf } from '../base/csv.ts';

export type Column<Row> = {
  readonly head: string;
  of(row: Row): string | number | bigint | boolean | null | undefined;
  /** For numbers. */
  readonly right?: true;
  /** May be cut where there is too little room. */
  readonly cut?: true;
  /** May be left out where there is too little room, the last first. */
  readonly spare?: true;
};

export type RowFlags = { readonly json?: boolean; readonly csv?: boolean };

const GAP = '  ';
const LEAST_WIDTH = 8;
/** What stands where a row has nothing to say. */
const EMPTY: ReadonlySet<string> = new Set(['', '-']);
const USUAL_WIDTH = 80;

/** `--json` prints the rows as they are; `none` is said where there are none. */
export function rowsText<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  {
    flags,
    none,
    width = USUAL_WIDTH,
  }: { readonly flags: RowFlags; readonly none: string; readonly width?: number | undefined },
): string {
  if (flags.json === true) return `${JSON.stringify(rows, null, 2)}\n`;
  if (flags.csv === true) return csvText(rows, columns);
  return rows.length === 0 ? `${none}\n` : tableText(rows, columns, width);
}

export function tableText<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  width = Infinity,
): string {
  const needed = columns.map(({ head, of }) =>
    Math.max(head.length, ...rows.map((row) => plain(of(row)).length)),
  );
  if (totalOf(needed) > width) {
    const told = columns.filter(({ of }) => rows.some((row) => !EMPTY.has(plain(of(row)))));
    if (told.length > 0 && told.length < columns.length) return tableText(rows, told, width);
    const spare = columns.findLastIndex((column) => column.spare === true);
    if (spare >= 0) return tableText(rows, columns.toSpliced(spare, 1), width);
  }
  const cells = rows.map((row) => columns.map((column) => plain(column.of(row))));
  const widths = fitted(
    needed,
    columns.map(({ cut }) => cut === true),
    width,
  );
  const lineOf = (row: readonly string[]): string =>
    columns
      .map(({ right }, index) => {
        const size = widths[index] ?? 0;
        const text = shortened(row[index] ?? '', size);
        return right === true ? text.padStart(size) : text.padEnd(size);
      })
      .join(GAP)
      .trimEnd();
  return `${[pc.dim(lineOf(columns.map(({ head }) => head))), ...cells.map(lineOf)].join('\n')}\n`;
}

export function csvText<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  return csvOf([
    columns.map(({ head }) => head),
    ...rows.map((row) => columns.map((column) => String(column.of(row) ?? ''))),
  ]);
}

/** Nothing that a terminal would obey. */
const plain = (value: string | number | bigint | boolean | null | undefined): string =>
  value === null || value === undefined
    ? '-'
    : typeof value === 'boolean'
      ? value
        ? 'yes'
        : 'no'
      : // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it
        String(value).replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');

const shortened = (text: string, size: number): string =>
  text.length <= size ? text : `${text.slice(0, Math.max(0, size - 1))}…`;

const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, each) => sum + each, GAP.length * Math.max(0, widths.length - 1));

function fitted(widths: readonly number[], mayCut: readonly boolean[], width: number): number[] {
  const fit = [...widths];
  while (totalOf(fit) > width) {
    const widest = fit.reduce(
      (best, each, index) => (mayCut[index] === true && each > (fit[best] ?? 0) ? index : best),
      mayCut.indexOf(true),
    );
    const size = fit[widest];
    if (size === undefined || size <= LEAST_WIDTH) break;
    fit[widest] = size - 1;
  }
  return fit;
}
