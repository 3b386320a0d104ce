/** One table for the terminal and for Markdown: padded columns, the first to the left, figures to the right. */

export type Row = readonly string[];

export function tableOf(header: Row, rows: readonly Row[]): string {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  const line = (row: Row): string =>
    `| ${widths.map((width, column) => padded(row[column] ?? '', width, column)).join(' | ')} |`;
  return [header, rule, ...rows].map(line).join('\n');
}

/** `digits` after the point; a dash for what was not measured. */
export function figure(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '–';
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** A figure that is a difference, with its sign. */
export function difference(value: number, digits: number): string {
  const text = figure(value, digits);
  return Number(text) >= 0 ? `+${text}` : text;
}

function padded(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width);
}
