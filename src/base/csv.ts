/**
 * Tables as comma-separated values after RFC 4180. A cell that a spreadsheet would take for a formula is led in by an
 * apostrophe, for names come from strangers; numbers are left alone.
 */

export type CsvCell = string | number | bigint | null;

const FORMULA = /^[\s]*[=+\-@\t\r]/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;

export const csvOf = (rows: Iterable<readonly CsvCell[]>): string => {
  let text = '';
  for (const row of rows) text += `${row.map(cellOf).join(',')}\r\n`;
  return text;
};

function cellOf(cell: CsvCell): string {
  if (cell === null) return '';
  const text = String(cell);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
