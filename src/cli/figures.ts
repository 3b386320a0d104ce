/** Figures as people read them on a terminal: money, counts and times with as many places as say something. */

/** What a cost is known to be: of some calls no price may be known. */
export function moneyText(dollars: string | null | undefined, unpriced = 0): string {
  if (dollars === null || dollars === undefined) return 'unknown';
  const amount = Math.abs(Number(dollars));
  const places =
    amount === 0 || amount >= 1 ? 2 : Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(amount))));
  const text = amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: places });
  return `${unpriced > 0 ? '≥' : ''}${Number(dollars) < 0 ? '-' : ''}$${text}`;
}

const SIZES = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** `950`, `12.3k`, `1.20M`. */
export function countText(count: number): string {
  // What would be rounded to a thousand of the smaller size is one of this.
  for (const [size, letter] of SIZES)
    if (count >= size * 0.9995)
      return `${(count / size).toFixed(count >= size * 99.95 ? 0 : count >= size * 9.995 ? 1 : 2)}${letter}`;
  return String(Math.round(count));
}

/** `12ms`, `1.2s`, `4m10s`. */
export function timeText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '-';
  if (ms > 0 && ms < 1) return '<1ms';
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(ms < 9_950 ? 1 : 0)}s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}

export function shareText(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0%';
  const share = (part / whole) * 100;
  return share < 0.1 ? '<0.1%' : `${share.toFixed(share < 10 ? 1 : 0)}%`;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** As long as its share of `most`; what is there at all is seen. */
export function barText(value: number, most: number, width: number): string {
  if (!(value > 0) || !(most > 0)) return '';
  const eighths = Math.max(1, Math.round(Math.min(1, value / most) * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
