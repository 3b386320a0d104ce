/** Moments and durations for people: local time beside UTC, two units at most. */

const UNITS = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** `14 days`, `3 h 20 min`, `2.5 s`. */
export function durationText(ms: number): string {
  if (ms < 10_000) return `${Math.round(ms / 100) / 10} s`;
  const whole = Math.round(ms / 1_000) * 1_000;
  const at = UNITS.findIndex(([, unitMs]) => whole >= unitMs);
  const texts = UNITS.slice(at, at + 2).map(([name, unitMs], index) => {
    const count = Math.floor((index === 0 ? whole : whole % (UNITS[at]?.[1] ?? 1)) / unitMs);
    return count === 0 ? '' : `${count} ${name}${name === 'day' && count > 1 ? 's' : ''}`;
  });
  return texts.filter((text) => text !== '').join(' ');
}

/** `2026-10-16 00:00 Asia/Shanghai (2026-10-15 16:00 UTC)`; the zone is the machine's own when none is given. */
export function momentText(atMs: number, timeZone: string | undefined): string {
  const zone = timeZone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const utc = `${zonedText(atMs, 'UTC')} UTC`;
  return zone === 'UTC' ? utc : `${zonedText(atMs, zone)} ${zone} (${utc})`;
}

/** Swedish writes dates as machines do. */
const zonedText = (atMs: number, timeZone: string): string =>
  new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).format(atMs);
