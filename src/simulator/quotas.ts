/**
 * One quota: what one account may do with one model in its region. Admission is on the prompt; the answer's tokens
 * are added as they are produced. Written from Alibaba's published rules, not from Sluice's own admission.
 * https://www.alibabacloud.com/help/en/model-studio/rate-limit
 */

import type { Clock } from '../base/clock.ts';
import type { Limits } from '../domain/limits.ts';
import { createWindow, type WindowKind } from './cheap-windows.ts';
import { createRampGuard, type RampGuard, type Slope } from './ramp.ts';
import { createRiseGuard, type Rise } from './rise.ts';
import { TrailingWindow, type Window, type WindowEntry } from './windows.ts';

/** `slope` and `rise` are independent of the other numbers and take the place of the relay's own ramp. */
export type QuotaLimits = Omit<Limits, 'ramp'> & { readonly slope?: Slope; readonly rise?: Rise };

/** What the vendor leaves open, as switches. */
export type QuotaRules = {
  /** "May also be enforced per second": RPS = RPM/60 and TPS = TPM/60, where the limits do not name them. */
  readonly perSecond: boolean;
  /** Do refused requests count as requests? Unpublished. */
  readonly countRefused: boolean;
  /** Does an answer that grows over the TPM end in a refusal, in the midst of its stream? */
  readonly outputTrips: boolean;
  /** Do an answer's tokens count at the time of its admission, or when they are produced? Unpublished. */
  readonly outputCountsAt: 'admission' | 'production';
  /**
   * What is charged at the door: the prompt, with the output added as it comes; or prompt and `max_tokens`, with the
   * truth put in its place at the end. Unpublished; others do either.
   */
  readonly charging: 'used' | 'reserved';
  /** How minutes and seconds are counted. Unpublished. */
  readonly minuteWindow: WindowKind;
  readonly secondWindow: WindowKind;
};

export const DEFAULT_RULES: QuotaRules = {
  perSecond: true,
  countRefused: false,
  outputTrips: false,
  outputCountsAt: 'admission',
  charging: 'used',
  minuteWindow: 'sliding',
  secondWindow: 'sliding',
};

/** Reserved for a call that names no `max_tokens`. */
export const UNNAMED_OUTPUT_TOKENS = 4_096;

export type LimitKind = 'burst' | 'rps' | 'rpm' | 'rpd' | 'tps' | 'tpm' | 'tpd' | 'concurrency';

/** One admitted call. */
export interface Ticket {
  /** Counts output. False: the answer has grown over the limit and must end. */
  grow(tokens: number): boolean;
  /** Frees the slot. Twice is once. */
  end(): void;
}

export type QuotaGauges = {
  readonly inFlight: number;
  readonly peakInFlight: number;
  /** Most calls that arrived, refused ones included, in any trailing minute or second. */
  readonly peakRequestsPerMinute: number;
  readonly peakRequestsPerSecond: number;
  /** Most tokens counted in any trailing minute, and most prompt tokens admitted in any second. */
  readonly peakTokensPerMinute: number;
  readonly peakTokensPerSecond: number;
  readonly requestsLastMinute: number;
  readonly tokensLastMinute: number;
};

export interface Quota {
  limits: QuotaLimits;
  /** A call has come, whatever becomes of it. Once per call, before `admit`. */
  arrive(): void;
  /** All limits, or none is touched. May be asked again for the same call. No `maxOutputTokens`: none was named. */
  admit(promptTokens: number, maxOutputTokens?: number): Ticket | LimitKind;
  gauges(): QuotaGauges;
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;

export function createQuota(clock: Clock, limits: QuotaLimits, rules: QuotaRules = DEFAULT_RULES): Quota {
  let current = limits;
  let guards = guardsOf(limits);
  let inFlight = 0;
  let peakInFlight = 0;

  const minuteOf = (kind: WindowKind): Window =>
    createWindow(kind, {
      lengthMs: MINUTE_MS,
      capacity: () => ({ count: current.rpm ?? Infinity, tokens: current.tpm ?? Infinity }),
    });
  const secondOf = (kind: WindowKind): Window =>
    createWindow(kind, { lengthMs: SECOND_MS, capacity: () => ({ count: rps(), tokens: tps() }) });
  const minute = minuteOf(rules.minuteWindow);
  const second = secondOf(rules.secondWindow);
  const day = new TrailingWindow(DAY_MS);
  // Exact ones besides, for the gauges: what is enforced may be something else.
  const arrivedMinute = new TrailingWindow(MINUTE_MS);
  const arrivedSecond = new TrailingWindow(SECOND_MS);
  const countedMinute = rules.countRefused ? minuteOf(rules.minuteWindow) : undefined;
  const countedSecond = rules.countRefused ? secondOf(rules.secondWindow) : undefined;

  const countsDays = (): boolean => current.rpd !== undefined || current.tpd !== undefined;

  /** Where a refused call counts, the one being judged has been counted on arrival. */
  const requests = (admitted: Window, arrived: Window | undefined, nowMs: number): number =>
    arrived?.count(nowMs) ?? admitted.count(nowMs) + 1;

  /** RPM below 60 makes a fractional RPS, which can only mean the minute alone (upstreams.md 1.1, inferred). */
  const derived = (perMinute: number | undefined): number =>
    rules.perSecond && (current.rpm ?? Infinity) >= 60 ? (perMinute ?? Infinity) / 60 : Infinity;

  const rps = (): number => current.rps ?? derived(current.rpm);
  const tps = (): number => current.tps ?? derived(current.tpm);

  const hit = (nowMs: number, prompt: number, reserved: number): LimitKind | undefined => {
    const { rpm = Infinity, tpm = Infinity, rpd = Infinity, tpd = Infinity } = current;
    if (guards.some((guard) => !guard.allows(nowMs, prompt))) return 'burst';

    if (requests(second, countedSecond, nowMs) > rps()) return 'rps';
    if (requests(minute, countedMinute, nowMs) > rpm) return 'rpm';
    if (day.count(nowMs) + 1 > rpd) return 'rpd';

    // One call larger than the second's share must still be servable: alone it passes.
    if (second.tokens(nowMs) > 0 && second.tokens(nowMs) + prompt > tps()) return 'tps';
    if (minute.tokens(nowMs) + prompt + reserved > tpm) return 'tpm';
    if (day.tokens(nowMs) + prompt > tpd) return 'tpd';

    return inFlight + 1 > (current.concurrency ?? Infinity) ? 'concurrency' : undefined;
  };

  const ticket = (entry: WindowEntry, ofDay: WindowEntry | undefined, reserved: number): Ticket => {
    let open = true;
    let used = 0;
    return {
      grow(tokens) {
        const nowMs = clock.now();
        used += tokens;
        if (rules.charging === 'reserved') {
          // Within what was reserved nothing changes before the end.
        } else if (rules.outputCountsAt === 'admission') minute.grow(entry, tokens, nowMs);
        else minute.add(nowMs, tokens, 0);
        if (ofDay !== undefined) day.grow(ofDay, tokens, nowMs);
        return !rules.outputTrips || minute.tokens(nowMs) <= (current.tpm ?? Infinity);
      },
      end() {
        if (!open) return;
        open = false;
        inFlight -= 1;
        if (rules.charging === 'reserved') minute.grow(entry, used - reserved, clock.now());
      },
    };
  };

  return {
    get limits() {
      return current;
    },
    set limits(next) {
      // The guards' memory survives a change of the other numbers.
      if (next.slope !== current.slope || next.rise !== current.rise) guards = guardsOf(next);
      current = next;
    },

    arrive() {
      const nowMs = clock.now();
      arrivedMinute.add(nowMs, 0);
      arrivedSecond.add(nowMs, 0);
      countedMinute?.add(nowMs, 0);
      countedSecond?.add(nowMs, 0);
    },

    admit(promptTokens, maxOutputTokens = UNNAMED_OUTPUT_TOKENS) {
      const nowMs = clock.now();
      const reserved = rules.charging === 'reserved' ? maxOutputTokens : 0;
      const limit = hit(nowMs, promptTokens, reserved);
      if (limit !== undefined) return limit;
      for (const guard of guards) guard.admitted(nowMs, promptTokens);
      second.add(nowMs, promptTokens);
      const entry = minute.add(nowMs, promptTokens + reserved);
      const ofDay = countsDays() ? day.add(nowMs, promptTokens) : undefined;
      inFlight += 1;
      peakInFlight = Math.max(peakInFlight, inFlight);
      return ticket(entry, ofDay, reserved);
    },

    gauges() {
      const nowMs = clock.now();
      return {
        inFlight,
        peakInFlight,
        peakRequestsPerMinute: arrivedMinute.peakCount,
        peakRequestsPerSecond: arrivedSecond.peakCount,
        peakTokensPerMinute: minute.peakTokens,
        peakTokensPerSecond: second.peakTokens,
        requestsLastMinute: arrivedMinute.count(nowMs),
        tokensLastMinute: minute.tokens(nowMs),
      };
    },
  };
}

const guardsOf = ({ slope, rise }: QuotaLimits): readonly RampGuard[] => [
  ...(slope === undefined ? [] : [createRampGuard(slope)]),
  ...(rise === undefined ? [] : [createRiseGuard(rise)]),
];
