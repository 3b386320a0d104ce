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
