/**
 * The numbers a quota owner enforces, as the field writes them. Every one is optional, every one given is honoured
 * before the call. A new kind of limit is a field here and a row in `state/windows.ts`.
 */

export type Ramp = {
  /** Rate that is always allowed, as a share (0-1) of the request rate limit. */
  readonly floor: number;
  /** Highest factor by which the rate may exceed its recent average. */
  readonly growth: number;
};

export type Limits = {
  /** Requests per trailing minute. */
  readonly rpm?: number;
  /** Tokens (input + output) per trailing minute. */
  readonly tpm?: number;
  /** Requests per trailing second. */
  readonly rps?: number;
  /** Input tokens admitted per trailing second. */
  readonly tps?: number;
  /** Attempts in flight at once, streams included until their end. */
  readonly concurrency?: number;
  /** Requests per trailing 24 hours. */
  readonly rpd?: number;
  /** Tokens per trailing 24 hours. */
  readonly tpd?: number;
  /** How fast the rate may grow after a start or a pause. */
  readonly ramp?: Ramp;
  /** No limit but how one is counted: the most a call may use is charged when it arrives, not what it used. */
  readonly prepaid?: boolean;
};

export const LIMIT_NAMES = ['rpm', 'tpm', 'rps', 'tps', 'concurrency', 'rpd', 'tpd', 'ramp'] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** What a call is expected to cost, in tokens, before anybody knows. */
export type Estimate = {
  readonly inputTokens: number;
  /** Mean expected output, never above `maxOutputTokens`. */
  readonly outputTokens: number;
  /** The most the client allows; Infinity when it set no bound. */
  readonly maxOutputTokens: number;
};

/** Limits as people write them: `off` takes one away. */
export type LimitSettings = { readonly [K in keyof Limits]?: Limits[K] | 'off' | undefined };

/**
 * Where a provider enforces seconds it also guards against sudden growth, by a threshold that it does not publish: a
 * careful start, from which the lane learns.
 */
export const DEFAULT_RAMP: Ramp = { floor: 0.22, growth: 2 };

/**
 * What holds on a channel: what is set wins over what is published, and where the provider enforces seconds, the
 * per-second limits follow from the per-minute ones unless set or published. Below 60 rpm a second's share is no whole request,
 * and only the minute counts. Whether it is prepaid is what is set, else published, else the provider's way.
 */
export function limitsInForce(
  set: LimitSettings,
  published: Limits | undefined,
  options: { readonly enforcesSeconds: boolean; readonly prepaid?: boolean },
): Limits {
  const merged: Record<string, unknown> = { ...published };
  // Published seconds belong to the published minute: another minute has other seconds.
  if (set.rpm !== undefined) delete merged['rps'];
  if (set.tpm !== undefined) delete merged['tps'];
  for (const name of LIMIT_NAMES) {
    const value = set[name];
    if (value === 'off') delete merged[name];
    else if (value !== undefined) merged[name] = value;
  }
  delete merged['prepaid'];
  // The provider's way where nobody says; what is said to be not so stays said.
  const prepaid = set.prepaid ?? published?.prepaid ?? (options.prepaid === true ? true : undefined);
  if (prepaid !== undefined) merged['prepaid'] = prepaid;
  const limits = merged as { -readonly [K in keyof Limits]: Limits[K] };
  if (options.enforcesSeconds) {
    if (limits.rpm !== undefined && limits.rpm >= 60 && set.rps !== 'off') limits.rps ??= limits.rpm / 60;
    if (limits.tpm !== undefined && set.tps !== 'off') limits.tps ??= limits.tpm / 60;
    if (limits.rpm !== undefined && set.ramp !== 'off') limits.ramp ??= DEFAULT_RAMP;
  }
  return limits;
}
