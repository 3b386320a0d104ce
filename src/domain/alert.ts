/**
 * What the operator has to know of without asking: something was switched off, is on again, or will be missing for
 * long. Whoever notices it says what and why; the words for people are added here.
 */

import { type FailureKind, ruleOf } from './failure.ts';

export const ALERT_TYPES = ['switched_off', 'switched_on', 'benched_long'] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

/** What has happened, as the one who noticed it tells it. */
export type Occurrence = {
  readonly type: AlertType;
  /** `account qwen-a`, `channel qwen-a/qwen3-max`, `secret 2 of qwen-a`: safe to show. */
  readonly what: string;
  /** Why. Of `switched_on`: why it had been off. */
  readonly kind: FailureKind;
  /** Epoch ms at which it ends by itself, where it does. */
  readonly untilMs?: number;
  /** Instead of the usual words. Never holds a secret or an upstream's raw text. */
  readonly message?: string;
};

export type Alert = Occurrence & {
  /** The same however often it is sent. */
  readonly id: string;
  readonly atMs: number;
  readonly message: string;
  /** One sentence on what the operator can do. */
  readonly advice: string;
};

/** "For ever" is no date. */
const LAST_DATE_MS = 8.64e15;

export function alertOf(told: Occurrence, made: { readonly id: string; readonly atMs: number }): Alert {
  const { untilMs, ...rest } = told;
  const occurrence = untilMs !== undefined && Math.abs(untilMs) <= LAST_DATE_MS ? { ...rest, untilMs } : rest;
  return {
    ...occurrence,
    ...made,
    message: occurrence.message ?? messageOf(occurrence),
    advice: adviceOf(occurrence),
  };
}

function messageOf({ type, what, kind, untilMs }: Occurrence): string {
  const { meaning } = ruleOf(kind);
  switch (type) {
    case 'switched_off':
      return `${what} is switched off: ${meaning}`;
    case 'switched_on':
      return `${what} is switched on again. It was off because of: ${meaning}`;
    case 'benched_long': {
      const until = untilMs === undefined ? 'for long' : `until ${new Date(untilMs).toISOString()}`;
      return `${what} is left alone ${until}: ${meaning}`;
    }
  }
}

const ADVICE: Partial<Record<FailureKind, string>> = {
  balance: 'Settle the bill or add credit at the provider, then switch it on again.',
  free_tier: 'Allow paid use of the model at the provider, or take the model out of this account.',
  auth: 'Put a valid secret of this region and plan into the configuration.',
  banned: 'Ask the provider why the account is closed, and take it out of the configuration meanwhile.',
  day: "Wait for the provider's day to end, ask for a larger quota, or add an account.",
  plan: 'Wait for the next window of the plan, take a larger plan, or add an account.',
  overload:
    "Nothing is wrong on your side: look at the provider's status page, or give the model a fallback.",
  no_access: 'Apply for the model at the provider, or take it out of this account.',
  model_missing: "Correct the model's name in the configuration, or the region of the account.",
  connection: "Check the account's address, the network and the provider's status page.",
  timeout: "Check the network and the provider's status page, or allow a longer silence in `timeouts`.",
  upstream_error: "Look at the provider's status page.",
  malformed: "Check that the account's address is that of the API.",
};

const OTHER_ADVICE =
  'See what `sluice check --live` says of the account, and the log of the calls it refused.';

/** One sentence on what the operator can do about what is benched or switched off. */
export const adviceFor = (kind: FailureKind): string => ADVICE[kind] ?? OTHER_ADVICE;

const adviceOf = ({ type, kind }: Occurrence): string =>
  type === 'switched_on' ? 'Nothing needs to be done.' : adviceFor(kind);
