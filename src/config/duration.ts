/** Durations as people write them: `50s`, `300ms`, `5m`, `1h`, `30d`, or a plain number of seconds. */

const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;

/** What a duration looks like, for a JSON schema. */
export const DURATION_PATTERN = '\\d+(\\.\\d+)? *(ms|s|m|h|d)?';

const DURATION = /^(\d+(?:\.\d+)?) *(ms|s|m|h|d)?$/;

/** Milliseconds, or undefined when it is not a duration. */
export function readDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value * UNITS_MS.s : undefined;
  if (typeof value !== 'string') return undefined;
  const match = DURATION.exec(value.trim().toLowerCase());
  if (match === null) return undefined;
  const durationMs = Number(match[1]) * UNITS_MS[(match[2] ?? 's') as keyof typeof UNITS_MS];
  return Number.isFinite(durationMs) ? durationMs : undefined;
}

/** The shortest exact form: `300000` is `5m`, `90000` is `90s`. */
export function durationText(durationMs: number): string {
  if (durationMs === 0) return '0s';
  for (const [unit, unitMs] of Object.entries(UNITS_MS)) {
    if (durationMs % unitMs === 0) return `${durationMs / unitMs}${unit}`;
  }
  return `${durationMs}ms`;
}
