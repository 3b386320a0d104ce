/**
 * What a provider tells in the headers of any answer, good or bad: when the request reached it, by its own clock, and
 * what is left of its windows. Read for every answer, so one look-up a row, and one for all where the provider tells
 * no more. Whatever is doubtful is left out. What follows from it is decided where limits are learned.
 * Sources: https://platform.openai.com/docs/guides/rate-limits , https://docs.claude.com/en/api/rate-limits ,
 * https://console.groq.com/docs/rate-limits ; DashScope's and Mistral's are as seen, in no document.
 */

import type { HeaderMap } from '../base/fetch.ts';
import { untilResetMs } from './refusal-times.ts';

export type ToldWindow = {
  readonly limit?: number;
  readonly remaining?: number;
  /** Clock time at which the window is whole again, ms. */
  readonly resetAtMs?: number;
};

export type Told = {
  /** The provider's own clock when the request arrived, epoch ms. */
  readonly arrivedAtMs?: number;
  /** Of a minute; without a limit, of a window whose length nobody told. */
  readonly requests?: ToldWindow;
  readonly requestsPerDay?: ToldWindow;
  /** Of a minute, as the rest. */
  readonly tokens?: ToldWindow;
  readonly inputTokens?: ToldWindow;
  readonly outputTokens?: ToldWindow;
};

type ToldName = Exclude<keyof Told, 'arrivedAtMs'>;

type Row = {
  readonly name: ToldName;
  /** Every family tells what remains: without it the row is not looked at. */
  readonly remaining: string;
  /** Absent where the header does not say of which window it is. */
  readonly limit?: string;
  readonly reset: string;
};

const openai = (name: ToldName, of: string): Row => ({
  name,
  remaining: `x-ratelimit-remaining-${of}`,
  limit: `x-ratelimit-limit-${of}`,
  reset: `x-ratelimit-reset-${of}`,
});

const anthropic = (name: ToldName, of: string): Row => ({
  name,
  remaining: `anthropic-ratelimit-${of}-remaining`,
  limit: `anthropic-ratelimit-${of}-limit`,
  reset: `anthropic-ratelimit-${of}-reset`,
});

/** The first row that has something to say of a window wins. */
const ROWS: readonly Row[] = [
  openai('requests', 'requests'),
  openai('tokens', 'tokens'),
  anthropic('requests', 'requests'),
  anthropic('tokens', 'tokens'),
  anthropic('inputTokens', 'input-tokens'),
  anthropic('outputTokens', 'output-tokens'),
  // Mistral, older and newer, and Cerebras.
  {
    name: 'tokens',
    remaining: 'x-ratelimitbysize-remaining-minute',
    limit: 'x-ratelimitbysize-limit-minute',
    reset: 'ratelimitbysize-reset',
  },
  openai('requests', 'req-minute'),
  openai('requests', 'requests-minute'),
  openai('requestsPerDay', 'requests-day'),
  openai('tokens', 'tokens-minute'),
  { name: 'requests', remaining: 'ratelimit-remaining', reset: 'ratelimit-reset' },
  { name: 'requests', remaining: 'x-ratelimit-remaining', reset: 'x-ratelimit-reset' },
];

const NOTHING: Told = Object.freeze({});

/** Total: never throws, whatever the headers. */
export function toldBy(headers: HeaderMap, nowMs: number): Told {
  const arrivedAtMs = arrivalOf(headers);
  // Only DashScope tells it, and it never tells its windows.
  if (arrivedAtMs !== undefined) return { arrivedAtMs };
  let told: { -readonly [Name in ToldName]?: ToldWindow } | undefined;
  for (const row of ROWS) {
    const remaining = headers[row.remaining];
    if (remaining === undefined || told?.[row.name] !== undefined) continue;
    const window = windowOf(row, headers, nowMs);
    if (window === undefined) continue;
    told ??= {};
    told[row.name] = window;
  }
  return told ?? NOTHING;
}

/** For a provider whose unnamed window of requests is the day's. */
export function toldPerDay(headers: HeaderMap, nowMs: number): Told {
  const told = toldBy(headers, nowMs);
  if (told.requests === undefined) return told;
  const { requests, ...rest } = told;
  return { requestsPerDay: requests, ...rest };
}

function arrivalOf(headers: HeaderMap): number | undefined {
  const arrived = headers['req-arrive-time'];
  if (arrived !== undefined) return countOf(arrived);
  const started = headers['resp-start-time'];
  if (started === undefined) return undefined;
  const startedAtMs = countOf(started);
  const costMs = countOf(headers['req-cost-time']);
  return startedAtMs === undefined || costMs === undefined || costMs >= startedAtMs
    ? undefined
    : startedAtMs - costMs;
}

function windowOf(row: Row, headers: HeaderMap, nowMs: number): ToldWindow | undefined {
  // Azure's -1 means that it does not know.
  const remaining = countOf(headers[row.remaining]);
  const limit = row.limit === undefined ? undefined : countOf(headers[row.limit]);
  const untilMs = untilResetMs(headers[row.reset], nowMs);
  const window: { -readonly [Name in keyof ToldWindow]: ToldWindow[Name] } = {};
  // A limit of 0 is a model the plan does not have: a refusal says it, and says it better.
  if (limit !== undefined && limit > 0) window.limit = limit;
  if (remaining !== undefined) window.remaining = remaining;
  if (window.limit === undefined && remaining === undefined) return undefined;
  if (untilMs !== undefined) window.resetAtMs = nowMs + untilMs;
  return window;
}

/** A whole number, also where a repeated header was joined or a policy follows (`100, 100;w=60`). */
function countOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const digits = /^\s*(\d{1,15})(?![\d.])/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
