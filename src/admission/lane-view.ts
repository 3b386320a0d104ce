/**
 * A lane as people want to see it: each limit as configured, as in force and as used, and in words why the one differs
 * from the other. What is in force comes from the lane; nothing is decided here.
 */

import type { LimitName } from '../domain/limits.ts';
import type { Lane } from './lane.ts';

export type LimitView = {
  readonly limit: LimitName;
  readonly configured: number;
  /** After what was learned. */
  readonly inForce: number;
  readonly used: number;
  readonly left: number;
};

export type LaneView = {
  readonly channel: string;
  /** Attempts under way, streams included until their end. */
  readonly running: number;
  readonly limits: readonly LimitView[];
  /** Requests per second allowed now by slow start, and at full speed. */
  readonly rate?: { readonly now: number; readonly full: number };
  /** How late after its sending a call is taken to arrive as long as nothing is heard of it, ms. */
  readonly arrivesWithinMs: number;
  readonly pausedMs?: number;
  /** Whole sentences: what differs from the configuration, and since when. */
  readonly notes: readonly string[];
};

export function viewOf(lane: Lane, nowMs: number): LaneView {
  const limits = limitsOf(lane, nowMs);
  const full = lane.fullRate();
  const pausedMs = lane.pausedUntilMs - nowMs;
  return {
    channel: lane.id,
    running: lane.running,
    limits,
    ...(full === undefined
      ? {}
      : { rate: { now: rounded(lane.ramp.rateAt(nowMs, full)), full: rounded(full) } }),
    arrivesWithinMs: rounded(lane.arrivals.boundMs),
    ...(pausedMs > 0 ? { pausedMs: Math.ceil(pausedMs) } : {}),
    notes: [...cutNotes(lane), ...guardNotes(lane, nowMs)],
  };
}

function limitsOf(lane: Lane, nowMs: number): LimitView[] {
  const views = new Map<LimitName, LimitView>();
  for (const { limit, capacity, used } of lane.windows(nowMs)) {
    const configured = limit === 'ramp' ? undefined : (lane.configured[limit] ?? lane.limits[limit]);
    if (configured === undefined || capacity === Infinity) continue;
    const left = Math.max(0, capacity - used);
    const known = views.get(limit);
    // The tokens of a minute are counted in more than one way: the tightest speaks.
    if (known === undefined || left < known.left)
      views.set(limit, { limit, configured: rounded(configured), inForce: capacity, used, left });
  }
  return [...views.values()];
}

/** `qwen-a/qwen3-max: configured 600 rpm, delivers about 480; last cut 12:03`. */
export function cutNotes(lane: Lane): string[] {
  const { rpm, tpm } = lane.configured;
  const { requests, tokens } = lane.learned.scale;
  const note = (
    name: string,
    configured: number | undefined,
    { share, lastCut }: typeof requests,
  ): string[] =>
    configured === undefined || lastCut === undefined
      ? []
      : [
          `${lane.id}: configured ${configured} ${name}, delivers about ${Math.round(configured * share)}; ` +
            `last cut ${timeOf(lastCut.atMs)}`,
        ];
  return [...note('rpm', rpm, requests), ...note('tpm', tpm, tokens)];
}

function guardNotes(lane: Lane, nowMs: number): string[] {
  const { learned, limits } = lane;
  const notes: string[] = [];
  if (learned.prepaid)
    notes.push(
      limits.prepaid === true
        ? 'max_tokens is charged when a call arrives, as configured or published.'
        : 'max_tokens is charged when a call arrives: found out from refusals.',
    );
  if (lane.hidesSecond)
    notes.push('Seconds are enforced as well, which is not configured: found out from a refusal (set rps).');
  for (const name of ['rpm', 'tpm', 'rpd'] as const) {
    const { [name]: set } = lane.configured;
    const { [name]: told } = limits;
    if (told !== undefined && told !== set) notes.push(`The provider tells a limit of ${told} ${name}.`);
    const outside = Math.round(lane.told.outside(name, nowMs));
    if (outside > 0) notes.push(`Others use about ${outside} of its ${name}, as the provider tells.`);
  }
  const full = lane.fullRate();
  if (full !== undefined) {
    const rate = lane.ramp.rateAt(nowMs, full);
    if (rate < full)
      notes.push(`Slow start: ${rate.toFixed(1)} of ${full.toFixed(1)} requests a second are allowed now.`);
  }
  if (lane.hold !== undefined)
    notes.push('Kept free for a large call; others go as long as they do not delay it.');
  return notes;
}

/** `12:03`, in UTC as everywhere in the log. */
const timeOf = (atMs: number): string => new Date(atMs).toISOString().slice(11, 16);

const rounded = (value: number): number => Math.round(value * 100) / 100;
