/**
 * The channels that could serve one call, and on which of them it starts: the soonest, among those that can start now
 * by tier, then the one that served the conversation before, then the model's strategy. Also the place that a large
 * call keeps free for itself, and how fast the whole pool is. Keeps little, for a call in line is asked often and
 * waits long.
 */

import type { Turn } from '../admission/ask.ts';
import type { Permit } from '../admission/permit.ts';
import type { Channel } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { Estimate } from '../domain/limits.ts';
import { strategyOf } from '../routing/strategies/index.ts';
import { type Blocked, isBlocked } from '../state/windows.ts';
import { speedOf } from './capacity.ts';
import type { Rooms } from './rooms.ts';

export type Granted = {
  readonly channel: Channel;
  readonly permit: Permit;
  readonly secret: number;
  readonly heldBy?: string;
};

/** A warm channel is waited for at most so long, and for this share of what the call may wait. */
const WARM_WAIT_MS = 300;
const WARM_WAIT_SHARE = 0.05;
/** And only while it is not much fuller than the others. */
const WARM_OVERLOAD = 1.25;
const WARM_SLACK = 0.1;

export type PoolOptions = {
  readonly rooms: Pick<Rooms, 'clock' | 'random' | 'limiter' | 'health'>;
  readonly strategy: string;
  readonly channels: readonly Channel[];
  /** What the call costs on each of them. */
  readonly estimates: readonly Estimate[];
  /** The channel that served the conversation before. */
  readonly warmChannel?: string | undefined;
  /** The provider whose thoughts the call goes on from: others are for when none of its channels can serve in time. */
  readonly boundTo?: string | undefined;
  /** Longest wait of the call, ms. */
  readonly maxWaitMs: number;
  /** The moment before which the call may not be sent to a channel again, for a call that was refused before. */
  readonly mayTryAt?: ((channel: Channel, nowMs: number) => number) | undefined;
};

export class Pool {
  readonly channels: readonly Channel[];
  readonly estimates: readonly Estimate[];
  readonly #rooms: PoolOptions['rooms'];
  readonly #strategy: string;
  /** Index of the channel that served the conversation; -1: none. */
  readonly #warm: number;
  readonly #warmUntilMs: number;
  readonly #mayTryAt: PoolOptions['mayTryAt'];
  readonly #all: readonly number[];
  /** Those of the provider that the call is bound to; undefined: it is bound to none. */
  readonly #bound: readonly number[] | undefined;
  readonly #boundUntilMs: number;
  /** Nobody knows when a slot comes free: until then one is waited for. */
  readonly #slotUntilMs: number;
  #heldBy: string | undefined;
  /** Index of the channel kept free for the call; -1: none. */
  #held = -1;

  constructor(options: PoolOptions) {
    const { rooms, strategy, channels, estimates, warmChannel, maxWaitMs } = options;
    this.#mayTryAt = options.mayTryAt;
    this.channels = channels;
    this.estimates = estimates;
    this.#rooms = rooms;
    this.#strategy = strategy;
    this.#all = channels.map((_channel, i) => i);
    const { boundTo } = options;
    const bound =
      boundTo === undefined ? this.#all : this.#all.filter((i) => channels[i]?.account.provider === boundTo);
    this.#bound = bound.length === 0 || bound.length === channels.length ? undefined : bound;
    this.#boundUntilMs = rooms.clock.now() + maxWaitMs;
    this.#slotUntilMs = rooms.clock.now() + maxWaitMs / 2;
    const warm =
      warmChannel === undefined || channels.length < 2
        ? -1
        : channels.findIndex(({ id }) => id === warmChannel);
    this.#warm = this.#bound === undefined || this.#bound.includes(warm) ? warm : -1;
    this.#warmUntilMs =
      this.#warm < 0 ? 0 : rooms.clock.now() + Math.min(WARM_WAIT_MS, WARM_WAIT_SHARE * maxWaitMs);
  }

  /** Reserves the best channel that can take the call now, or tells when one can. */
  tryStart(nowMs: number): Turn<Granted> {
    if (this.#bound === undefined) return this.#tryAmong(this.#all, nowMs);
    const turn = this.#tryAmong(this.#bound, nowMs);
    if ('granted' in turn) return turn;
    // Others of the line may take what it does not want.
    if (turn.atMs <= this.#boundUntilMs) return { ...turn, byChoice: true };
    if (turn.atMs === Infinity && nowMs < this.#slotUntilMs && this.#isAnyBack(this.#bound, nowMs))
      return { atMs: this.#slotUntilMs, byChoice: true };
    return this.#tryAmong(this.#all, nowMs);
  }

  /** One of them is not out for longer than the call may wait. */
  #isAnyBack(indices: readonly number[], nowMs: number): boolean {
    const { health } = this.#rooms;
    return indices.some((i) => health.freeAt(this.channels[i] as Channel, nowMs) <= this.#boundUntilMs);
  }

  #tryAmong(indices: readonly number[], nowMs: number): Turn<Granted> {
    const free: number[] = [];
    let soonest = -1;
    let soonestMs = Infinity;
    let bySize = false;
    for (const i of indices) {
      const blocked = this.#blocked(i, nowMs);
      if (blocked === undefined) free.push(i);
      else {
        bySize ||= blocked.bySize === true;
        if (soonest >= 0 && blocked.atMs >= soonestMs) continue;
        soonest = i;
        soonestMs = blocked.atMs;
      }
    }
    if (free.length === 0) {
      if (soonestMs === Infinity) this.#refuseWhenOff(nowMs);
      if (soonest < 0) return { atMs: Infinity };
      this.#remember(soonest, nowMs);
      return { atMs: soonestMs, bySize };
    }
    const sound = this.#withoutLastResorts(free, nowMs);
    const warmMs = this.#warmAt(nowMs);
    if (warmMs !== undefined && warmMs > nowMs) return { atMs: warmMs, byChoice: true };
    const granted = this.#reserve(warmMs === undefined ? this.#best(sound, nowMs) : this.#warm, nowMs);
    return granted === undefined ? { atMs: nowMs + 1 } : { granted };
  }

  /** Keeps the soonest of the channels that lack tokens free for this call. */
  hold(nowMs: number): void {
    const { limiter } = this.#rooms;
    let atMs = Infinity;
    if (this.#held >= 0) atMs = this.#blocked(this.#held, nowMs)?.atMs ?? nowMs;
    else
      for (const [i, channel] of this.channels.entries()) {
        if (limiter.lane(channel).hold !== undefined) continue;
        const blocked = this.#blocked(i, nowMs);
        if (blocked?.bySize !== true || (this.#held >= 0 && blocked.atMs >= atMs)) continue;
        this.#held = i;
        atMs = blocked.atMs;
      }
    const channel = this.channels[this.#held];
    const estimate = this.estimates[this.#held];
    if (channel !== undefined && estimate !== undefined)
      limiter.lane(channel).hold = { owner: this, estimate, atMs };
  }

  release(): void {
    const channel = this.channels[this.#held];
    this.#held = -1;
    if (channel === undefined) return;
    this.#rooms.limiter.lane(channel).letGo(this);
  }

  speed(nowMs: number): number | undefined {
    return speedOf(this.channels, this.#rooms, nowMs);
  }

  /** When the first channel is free, as far as can be told without reserving. */
  soonestMs(nowMs: number): number {
    let soonestMs = Infinity;
    for (let i = 0; i < this.channels.length; i++)
      soonestMs = Math.min(soonestMs, this.#blocked(i, nowMs)?.atMs ?? nowMs);
    return soonestMs;
  }

  /** What keeps the call from starting on this channel: a limit, or a bench that lasts longer. */
  #blocked(i: number, nowMs: number): { readonly atMs: number; readonly bySize?: boolean } | undefined {
    const { health, limiter } = this.#rooms;
    const channel = this.channels[i] as Channel;
    const benchedUntilMs = Math.max(health.freeAt(channel, nowMs), this.#mayTryAt?.(channel, nowMs) ?? nowMs);
    const blocked: Blocked | undefined = limiter.check(channel, this.estimates[i] as Estimate, {
      nowMs,
      owner: this,
    });
    if (benchedUntilMs <= nowMs) return blocked;
    return blocked !== undefined && blocked.atMs > benchedUntilMs ? blocked : { atMs: benchedUntilMs };
  }

  /** No waiting helps where every channel takes somebody to act. */
  #refuseWhenOff(nowMs: number): void {
    const { health } = this.#rooms;
    if (this.channels.length === 0) return;
    if (this.channels.some((channel) => health.freeAt(channel, nowMs) !== Infinity)) return;
    const why = new Set(
      this.channels.map((channel) => channel.state ?? health.benchOf(channel, nowMs)?.kind),
    );
    const what = this.channels.every(({ state }) => state !== undefined)
      ? 'Every channel that could serve this call was taken out of service'
      : 'Every account that could serve this call is switched off';
    throw new Failure('pool_exhausted', {
      message: `${what} (${[...why].join(', ')}) until somebody acts.`,
      limitOwner: 'pool',
    });
  }

  /** What is still benched and may only be tried in need is left alone while another is free. */
  #withoutLastResorts(free: readonly number[], nowMs: number): readonly number[] {
    if (free.length < 2) return free;
    const { health } = this.#rooms;
    const isLast = (i: number): boolean => health.isLastResort(this.channels[i] as Channel, nowMs);
    if (!free.some(isLast) || free.every(isLast)) return free;
    return free.filter((i) => !isLast(i));
  }

  /** Among those that can start now: the lowest tier, and there whom the strategy puts first. */
  #best(free: readonly number[], nowMs: number): number {
    const { limiter, random } = this.#rooms;
    let tier = Infinity;
    for (const i of free) tier = Math.min(tier, (this.channels[i] as Channel).tier);
    const ofTier = free.filter((i) => (this.channels[i] as Channel).tier === tier);
    const [only] = ofTier;
    if (ofTier.length === 1 && only !== undefined) return only;
    const candidates = ofTier.map((i) => {
      const channel = this.channels[i] as Channel;
      return { channel, startsAtMs: nowMs, load: limiter.load(channel, nowMs) };
    });
    const first = strategyOf(this.#strategy).first(candidates, random);
    return ofTier[candidates.indexOf(first)] ?? 0;
  }

  /** When the channel that served the conversation is free, while waiting for it is worth it. */
  #warmAt(nowMs: number): number | undefined {
    const warm = this.channels[this.#warm];
    if (warm === undefined) return undefined;
    const atMs = this.#blocked(this.#warm, nowMs)?.atMs ?? nowMs;
    if (atMs > this.#warmUntilMs && atMs > nowMs) return undefined;
    const { limiter } = this.#rooms;
    let sum = 0;
    for (const channel of this.channels) sum += limiter.load(channel, nowMs);
    const most = (WARM_OVERLOAD * sum) / this.channels.length + WARM_SLACK;
    return limiter.load(warm, nowMs) <= most ? atMs : undefined;
  }

  #reserve(i: number, nowMs: number): Granted | undefined {
    const { health, limiter } = this.#rooms;
    const channel = this.channels[i] as Channel;
    const permit = limiter.reserve(channel, this.estimates[i] as Estimate, { nowMs, owner: this });
    if (isBlocked(permit)) return undefined;
    const secret = health.secretOf(channel.account, nowMs);
    health.started(channel, secret, nowMs);
    return { channel, permit, secret, ...(this.#heldBy === undefined ? {} : { heldBy: this.#heldBy }) };
  }

  /** For the story: what holds the call back. */
  #remember(i: number, nowMs: number): void {
    const { health, limiter } = this.#rooms;
    const channel = this.channels[i] as Channel;
    this.#heldBy =
      health.benchOf(channel, nowMs)?.kind ??
      limiter.check(channel, this.estimates[i] as Estimate, { nowMs, owner: this })?.limit ??
      'trial';
  }
}
