/**
 * What is to be said of a verdict: the row of the failure table, the times, and the advice, in words. The same for
 * people and for `--json`.
 */

import type { Confidence, Failure, FailureKind, FailureScope } from '../../domain/failure.ts';
import type { LimitName } from '../../domain/limits.ts';
import { adviceOf } from './advice.ts';
import type { Step } from './advice-steps.ts';
import { durationText, momentText } from './time-text.ts';

export type VerdictView = {
  readonly kind: FailureKind;
  readonly meaning: string;
  readonly scope: FailureScope;
  readonly whose: string;
  readonly limit: LimitName | undefined;
  readonly whichLimit: string | undefined;
  /** ISO 8601, where the provider said it. */
  readonly resetAt: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly passes: string;
  readonly confidence: Confidence | undefined;
  readonly toldBy: string;
  /** What the relay does, a sentence each. */
  readonly sluice: readonly string[];
  readonly client: {
    readonly status: number;
    readonly type: string;
    readonly code: string | null;
    readonly retry: boolean;
  };
  readonly advice: readonly Step[];
};

export type ViewOptions = {
  /** Whose words and advice; undefined: nobody's in particular. */
  readonly provider: string | undefined;
  readonly toldBy: string;
  /** When the answer came, from which its hints count. */
  readonly answeredAtMs: number;
  readonly nowMs: number;
  readonly timeZone: string | undefined;
};

const WHOSE = {
  request: 'this request alone: it says nothing about the pool',
  secret: 'this secret alone: other secrets of the account may work',
  channel: 'the channel: this model in this account, with all its secrets',
  account: 'the whole account, with all its models and secrets',
  model: 'this model of the provider, in every account',
} as const satisfies Record<FailureScope, string>;

const BENCHED = {
  request: 'Nothing',
  secret: 'The secret',
  channel: 'The channel',
  account: 'The account',
  model: "The model's channels in all accounts of the provider",
} as const satisfies Record<FailureScope, string>;

export function viewOf(failure: Failure, options: ViewOptions): VerdictView {
  const { kind, rule, scope } = failure;
  const { resetAtMs, retryAfterMs, confidence, limit } = failure.options;
  const advice = adviceOf(kind, options.provider);
  return {
    kind,
    meaning: options.provider === undefined ? rule.meaning : meaningOf(failure),
    scope,
    whose: WHOSE[scope],
    limit,
    whichLimit: advice.limit,
    resetAt: resetAtMs === undefined ? undefined : new Date(resetAtMs).toISOString(),
    retryAfterMs,
    passes: passesOf(failure, advice.passes, options),
    confidence,
    toldBy: options.toldBy,
    sluice: doneBySluice(failure),
    client: { status: failure.status, type: rule.type, code: rule.code, retry: failure.retry },
    advice: advice.steps,
  };
}

/** The classifier's own words say more than the table's where it has some: `qwen: the secret … (401 InvalidApiKey)`. */
function meaningOf({ message, rule }: Failure): string {
  const said = /^[a-z-]+: (.+) \((?:in the stream|\d{3})[^()]*\)$/s.exec(message)?.[1] ?? '';
  const general = rule.meaning.replace(/\.$/, '');
  if (said === '' || said.toLowerCase() === general.toLowerCase()) return `${general}.`;
  return `${said.replace(/^./, (letter) => letter.toUpperCase())}.`;
}

/** Up to here a hint is a pause; beyond, people want the hour. */
const PAUSE_MS = 120_000;

function passesOf(failure: Failure, general: string, options: ViewOptions): string {
  const { resetAtMs, retryAfterMs } = failure.options;
  const { answeredAtMs, nowMs, timeZone } = options;
  const atMs = resetAtMs ?? (retryAfterMs === undefined ? undefined : answeredAtMs + retryAfterMs);
  if (atMs === undefined) return general;
  if (atMs <= nowMs) return `it has passed, at ${momentText(atMs, timeZone)}`;
  if (resetAtMs === undefined && retryAfterMs !== undefined && retryAfterMs <= PAUSE_MS)
    return `${durationText(retryAfterMs)} after the answer, by the provider's word`;
  return `at ${momentText(atMs, timeZone)}, in ${durationText(atMs - nowMs)}`;
}

const NEXT = {
  stop: 'The call ends with it: nothing is tried elsewhere.',
  next: 'The call moves to another channel at once.',
  wait: 'The call goes back in line, and to whichever channel is free first.',
} as const;

function doneBySluice(failure: Failure): string[] {
  const { rule, scope, status, retry } = failure;
  const seen = [`HTTP ${status}`, rule.type, ...(rule.code === null ? [] : [`(${rule.code})`])].join(' ');
  const again = retry ? 'its SDK may try again' : 'its SDK does not try again (x-should-retry: false)';
  const client =
    rule.blame !== 'upstream' || rule.next === 'stop'
      ? `The client sees ${seen}; ${again}.`
      : `The client sees nothing of it, unless no other channel can serve before its deadline: then ${seen}; ${again}.`;
  return [
    NEXT[rule.next],
    ...(rule.blame === 'upstream' ? [benchText(failure)] : []),
    ...(rule.switchesOff === true
      ? [`${BENCHED[scope]} is switched off when a second refusal confirms it, until somebody acts.`]
      : []),
    client,
  ];
}

function benchText({ rule, scope, options }: Failure): string {
  const who = BENCHED[scope];
  const are = scope === 'model' ? 'are' : 'is';
  if (rule.benchMs === 0) {
    if (rule.next !== 'wait') return 'Nothing is benched.';
    return `${who} ${are} paused for as long as was told or learned, and the limit in force is corrected.`;
  }
  if (options.resetAtMs !== undefined) return `${who} ${are} left alone until the reset.`;
  const first = durationText(rule.benchMs);
  const longest = durationText(rule.benchMaxMs);
  const growing = rule.benchMaxMs > rule.benchMs ? `, doubled up to ${longest} while it repeats` : '';
  const patient = rule.patience === undefined ? '' : ` after ${rule.patience} failures in a row`;
  return `${who} ${are} left alone for ${first}${growing}${patient}, or as long as the provider says.`;
}
