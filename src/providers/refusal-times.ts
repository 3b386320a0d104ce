/**
 * When a refusal ends, by the provider's own word: headers, durations (`6m0s`), sentences (`try again in 6.379s`) and
 * printed dates (`reset at 10-15 16:00:00 UTC`). Everything returns undefined rather than a doubtful number.
 */

import type { HeaderMap } from '../base/fetch.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;
const DAY_MS = UNIT_MS.d;
const HOUR_MS = UNIT_MS.h;

/** Longer than any plan's month: a fault of somebody's clock. */
const LONGEST_HINT_MS = 400 * DAY_MS;

const plausible = (ms: number): number | undefined =>
  ms > 0 && ms <= LONGEST_HINT_MS ? Math.ceil(ms) : undefined;

/** `120ms`, `6.379s`, `6m0s`, `1d2h`. */
export function durationMs(text: unknown): number | undefined {
  if (typeof text !== 'string' || !/^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[dhms]))+$/.test(text)) return undefined;
  return sumOf(text);
}

const WORDS =
  /(?:try again|retry)(?: your request)? (?:in|after) ((?:\d{1,9}(?:\.\d{1,9})?\s?(?:milliseconds?|seconds?|minutes?|hours?|days?|ms|[dhms])\s?)+)/i;

/** The time told in a sentence: `Please retry after 22 seconds`. */
export function wordsHintMs(message: string): number | undefined {
  const told = WORDS.exec(message)?.[1];
  return told === undefined ? undefined : sumOf(told);
}

function sumOf(text: string): number | undefined {
  let sum = 0;
  for (const [, amount, word = ''] of text.matchAll(/(\d+(?:\.\d+)?)\s?([a-z]+)/gi)) {
    const lower = word.toLowerCase();
    const unit = (lower === 'ms' || lower.startsWith('milli') ? 'ms' : lower.charAt(0)) as Unit;
    sum += Number(amount) * UNIT_MS[unit];
  }
  return plausible(sum);
}

/** `retry-after-ms`, else `retry-after` in seconds or as a date. */
export function headerHintMs(headers: HeaderMap, nowMs: number): number | undefined {
  const ms = numberOf(headers['retry-after-ms']);
  if (ms !== undefined) return plausible(ms);
  const value = headers['retry-after'];
  const seconds = numberOf(value);
  if (seconds !== undefined) return plausible(seconds * 1_000);
  return value === undefined || !/[A-Za-z]{3}/.test(value) ? undefined : plausible(Date.parse(value) - nowMs);
}

/** Rate-limit headers of the family that was hit; OpenAI tells a duration, Anthropic a date, others epoch or seconds. */
export function resetHeaderMs(
  headers: HeaderMap,
  family: 'requests' | 'tokens',
  nowMs: number,
): number | undefined {
  for (const name of [
    `x-ratelimit-reset-${family}`,
    `anthropic-ratelimit-${family}-reset`,
    ...(family === 'tokens' ? ['anthropic-ratelimit-input-tokens-reset'] : []),
    'x-ratelimit-reset',
  ]) {
    const value = headers[name];
    if (value !== undefined) return untilResetMs(value, nowMs);
  }
  return undefined;
}

/** How long until a reset that is told as a duration, a moment, or plain seconds. */
export function untilResetMs(value: string | undefined, nowMs: number): number | undefined {
  const duration = durationMs(value);
  if (duration !== undefined) return duration;
  const at = stampMs(value);
  if (at !== undefined) return plausible(at - nowMs);
  const seconds = numberOf(value);
  return seconds === undefined ? undefined : plausible(seconds * 1_000);
}

/** A moment in any of the machine forms: RFC 3339, epoch seconds, epoch milliseconds. */
export function stampMs(text: string | undefined): number | undefined {
  const number = numberOf(text);
  if (number !== undefined) return number >= 1e12 ? number : number >= 1e9 ? number * 1_000 : undefined;
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}T\S{1,32}$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

const PRINTED =
  /(?:(\d{4})[-/])?(\d{1,2})[-/](\d{1,2})(?:T| (?:at )?)(\d{2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?/;

/** A date printed in a sentence. `zoneHours` is the zone where none is printed; a missing year is the coming one. */
export function printedMs(
  message: string,
  { nowMs, zoneHours }: { readonly nowMs: number; readonly zoneHours: number },
): number | undefined {
  const found = PRINTED.exec(message);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second = '0', zone] = found;
  const offset = zone === undefined ? zoneHours : zoneHoursOf(zone);
  const at = (y: number): number =>
    Date.UTC(y, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) -
    offset * HOUR_MS;
  if (year !== undefined) return sane(at(Number(year)), nowMs);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const coming = at(thisYear) < nowMs - DAY_MS ? at(thisYear + 1) : at(thisYear);
  return sane(coming, nowMs);
}

function zoneHoursOf(zone: string): number {
  const sign = zone.startsWith('-') ? -1 : zone.startsWith('+') ? 1 : 0;
  const digits = zone.replace(/\D/g, '');
  return sign * (Number(digits.slice(0, 2)) + Number(digits.slice(2)) / 60);
}

const sane = (atMs: number, nowMs: number): number | undefined =>
  atMs > nowMs && atMs - nowMs <= LONGEST_HINT_MS ? atMs : undefined;

/** The next midnight of Beijing, which knows no daylight saving. */
export const beijingMidnightMs = (nowMs: number): number =>
  Math.ceil((nowMs + 8 * HOUR_MS + 1) / DAY_MS) * DAY_MS - 8 * HOUR_MS;

const PACIFIC = new Intl.DateTimeFormat('en-US', {
  timeZone: 'America/Los_Angeles',
  hourCycle: 'h23',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

const pacificMsOfDay = (atMs: number): number => {
  const [hour = 0, minute = 0, second = 0] = PACIFIC.format(atMs).split(':').map(Number);
  return hour * HOUR_MS + minute * 60_000 + second * 1_000;
};

/** The next midnight in California, where Gemini's day ends; right on the days the clocks change, too. */
export function pacificMidnightMs(nowMs: number): number {
  const second = Math.floor(nowMs / 1_000) * 1_000;
  const guess = second + DAY_MS - pacificMsOfDay(second);
  const off = pacificMsOfDay(guess);
  return guess - (off > DAY_MS / 2 ? off - DAY_MS : off);
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,15}(?:\.\d{1,9})?\s*$/.test(text) ? Number(text) : undefined;
}
