/**
 * One quota on its way through time: its windows with the capacities and guards in force, its pace, what was learned
 * of it, and the call it is held free for. Answers when a call of a size can start, and reserves for it. A quota is a
 * channel, or a client's key with limits of its own, which arrives on our own clock and has nothing to learn.
 */

import type { FailureKind } from '../domain/failure.ts';
import type { Estimate, LimitName, Limits, Ramp as RampLimit } from '../domain/limits.ts';
import {
  amountOf,
  type Blocked,
  isBlocked,
  type Settlement,
  type Unit,
  type WindowStore,
} from '../state/windows.ts';
import { Arrivals } from './arrivals.ts';
import { Delivered } from './delivered.ts';
import { Landing } from './landing.ts';
import { LaneClaims } from './lane-claims.ts';
import { type Fill, Learned, type LearnedMemory, type Scarce, scarceOf } from './learned.ts';
import { type Heard, Permit, type PermitOwner } from './permit.ts';
import { isSameRamp, Ramp, type RampLearned } from './ramp.ts';
import { Recovery } from './recovery.ts';
import { ToldLimits } from './told-limits.ts';

export type Quota = {
  readonly id: string;
  readonly limits: Limits;
  /** What it has in common with quotas of other owners: a new one begins with what they learned. */
  readonly family?: string;
  /** A key's: counted on our own clock, neither paced nor learned. */
  readonly ours?: boolean;
};

export type LaneWindow = {
  readonly limit: LimitName;
  readonly unit: Unit;
  /** In force now; Infinity: counted, not limited. */
  readonly capacity: number;
  readonly used: number;
  readonly emptyAtMs: number;
};

const NOTHING: Estimate = { inputTokens: 0, outputTokens: 0, maxOutputTokens: 0 };

/** A lane kept free for one large call, which others may use as long as they do not delay it. */
type Hold = { readonly owner: object; readonly estimate: Estimate; atMs: number };

export type LaneOptions = {
  readonly store: WindowStore;
  readonly now: () => number;
  /** A permit has ended. */
  readonly onEnd: () => void;
  /** A call was heard of, or a hold given up: somebody may start earlier. */
  readonly onHeard: () => void;
  /** The provider grants less than is configured: what was learned has changed. */
  readonly onCut?: (lane: Lane, scarce: Scarce) => void;
};

export type LaneMemory = LearnedMemory & {
  readonly ramp?: RampLearned & { readonly from: RampLimit };
  readonly boundMs: number;
};

const EVENT_GRACE_MS = 0.005;
/** Less full than this, it was not the minute that refused. */
const ROOM_IN_THE_MINUTE = 0.8;
const ROOMY = 0.5;
/** Some of what blocks fades by itself: the pace, room for landing output, what others use. So it is looked at again. */
const BELIEVED_MS = 500;

const SIZES = ['input', 'tokens', 'reserved'] as const;

const isAsLarge = (estimate: Estimate, than: Estimate | undefined): boolean =>
  than === undefined || SIZES.every((unit) => amountOf(unit, estimate) >= amountOf(unit, than));

/** Far from full: a limit is the last thing that such a refusal was about. */
const isRoomy = (fill: Fill, scarce: Scarce): boolean =>
  (scarce === 'requests'
    ? Math.max(fill.requestSecond, fill.requestMinute)
    : Math.max(fill.tokenSecond, fill.tokenMinute)) < ROOMY;

export class Lane implements PermitOwner {
  readonly id: string;
  readonly arrivals = new Arrivals();
  readonly ramp = new Ramp();
  readonly recovery = new Recovery();
  readonly delivered = new Delivered();
  readonly told = new ToldLimits();
  learned: Learned;
  hold: Hold | undefined;
  pausedUntilMs = 0;
  /** Permits that have not ended: attempts under way. */
  running = 0;
  /** The provider enforces a second that nobody configured: found out from a refusal. */
  hidesSecond = false;
  readonly #store: WindowStore;
  readonly #landing = new Landing();
  readonly #onEnd: LaneOptions['onEnd'];
  readonly #onCut: LaneOptions['onCut'];
  readonly #onHeard: LaneOptions['onHeard'];
  readonly #now: () => number;
  #quota: Quota;
  #limits: Limits;
  #claims: LaneClaims;
  /** Known until something changes: nothing that is as large in every respect starts before. */
  #blocked: Blocked | undefined;
  #blockedBy: Estimate | undefined;
  #believedUntilMs = 0;
  /** And this one can start at this moment. */
  #free: Estimate | undefined;
  #freeAtMs = 0;

  constructor(quota: Quota, options: LaneOptions) {
    this.id = quota.id;
    this.#quota = quota;
    this.#limits = quota.limits;
    this.#store = options.store;
    this.#now = options.now;
    this.#onEnd = options.onEnd;
    this.#onCut = options.onCut;
    this.#onHeard = options.onHeard;
    this.learned = new Learned();
    this.#claims = this.#claimsOf(quota);
    this.#apply(quota);
  }

  /** As set, whatever was told or learned. */
  get configured(): Limits {
    return this.#quota.limits;
  }

  /** As set, or as the provider told. */
  get limits(): Limits {
    return this.#limits;
  }

  /** Another configuration of the same quota: what is counted and learned stays. */
  follow(quota: Quota): void {
    if (quota.limits !== this.#quota.limits) this.#apply(quota);
  }

  #apply(quota: Quota): void {
    this.#quota = quota;
    this.#limits = this.#withHiddenSecond(this.told.over(quota.limits));
    this.#claims = this.#claimsOf(quota);
    this.ramp.limit(quota.ours === true ? undefined : quota.limits.ramp);
    this.learned.configuredPrepaid = quota.limits.prepaid;
    this.#claims.of(NOTHING, this.#now());
    this.touch();
  }

  /** Refused for requests with room in the minute, where no second is limited: then a second is, too. */
  #findHiddenSecond({ requestMinute }: Fill): boolean {
    const { rps, rpm } = this.#limits;
    if (rps !== undefined || rpm === undefined || requestMinute >= ROOM_IN_THE_MINUTE) return false;
    this.hidesSecond = true;
    this.#apply(this.#quota);
    return true;
  }

  #withHiddenSecond(limits: Limits): Limits {
    const { rps, rpm } = limits;
    if (!this.hidesSecond || rps !== undefined || rpm === undefined) return limits;
    return { ...limits, rps: Math.max(1, rpm / 60) };
  }

  #claimsOf(quota: Quota): LaneClaims {
    return new LaneClaims(quota.id, {
      limits: this.#limits,
      ours: quota.ours === true,
      sources: { learned: this.learned, told: this.told, landing: this.#landing },
    });
  }

  /** Requests per second at full speed; undefined where no limit says. */
  fullRate(): number | undefined {
    const { rps, rpm } = this.#limits;
    const rate = Math.min(rps ?? Infinity, rpm === undefined ? Infinity : rpm / 60);
    return rate === Infinity ? undefined : rate * this.learned.scale.requests.share;
  }

  /** What of its nominal speed the quota gives in the time to come, slow start and cuts counted in (0-1). */
  liveShare(nowMs: number): number {
    const { scale } = this.learned;
    const full = this.fullRate();
    const ramp = full === undefined ? 1 : this.ramp.rateSoon(nowMs, full) / full;
    return Math.max(0.05, Math.min(scale.requests.share, scale.tokens.share, Math.max(0.2, ramp)));
  }

  /** When the call could start; undefined: now. `owner` is whoever the lane may be held for. */
  blocks(estimate: Estimate, nowMs: number, owner?: object): Blocked | undefined {
    if (this.#free === estimate && this.#freeAtMs === nowMs) return this.#keptFor(nowMs, owner);
    const known = this.#blocked;
    if (known !== undefined && nowMs < this.#believedUntilMs && isAsLarge(estimate, this.#blockedBy))
      return known;
    const paced = this.#paced(nowMs);
    this.#free = undefined;
    const full = this.#store.check(this.#claims.of(estimate, nowMs), nowMs);
    const blocked = paced !== undefined && paced.atMs > (full?.atMs ?? 0) ? paced : full;
    if (blocked !== undefined) {
      this.#blocked = blocked;
      this.#blockedBy = blocked.bySize === true ? estimate : undefined;
      this.#believedUntilMs = Math.min(blocked.atMs, nowMs + BELIEVED_MS);
      return blocked;
    }
    this.#free = estimate;
    this.#freeAtMs = nowMs;
    return this.#keptFor(nowMs, owner);
  }

  reserve(estimate: Estimate, nowMs: number, owner?: object): Permit | Blocked {
    const blocked = this.blocks(estimate, nowMs, owner);
    if (blocked !== undefined) return blocked;
    const boundMs = this.#boundOf(nowMs);
    // As they were filled for the check just now.
    const reservation = this.#store.reserve(this.#claims.last, { nowMs, boundMs });
    if (isBlocked(reservation)) return reservation;
    this.touch();
    const full = this.fullRate() ?? Infinity;
    const fill = this.#claims.fillOf(reservation.used, this.ramp.rateAt(nowMs, full));
    this.ramp.count(nowMs, full);
    this.recovery.count(nowMs);
    if (this.hold?.owner === owner) this.hold = undefined;
    const tokens = estimate.inputTokens + estimate.outputTokens;
    return new Permit(reservation, { grantedAtMs: nowMs, fill, tokens, owner: this });
  }

  /** The greatest used share (0-1) of the windows: for spreading load. */
  load(nowMs: number): number {
    let load = 0;
    for (const claim of this.#claims.last)
      if (claim.capacity > 0 && claim.capacity !== Infinity && claim.window.windowMs !== 1_000)
        load = Math.max(load, this.#store.used(claim, nowMs) / claim.capacity);
    return load;
  }

  /** Every window as it stands, with the capacity in force. */
  windows(nowMs: number): readonly LaneWindow[] {
    // The list is filled for nobody now.
    this.#free = undefined;
    return this.#claims.of(NOTHING, nowMs).map((claim) => ({
      limit: claim.window.limit,
      unit: claim.window.unit,
      capacity: claim.capacity,
      used: this.#store.used(claim, nowMs),
      emptyAtMs: this.#store.emptyAt(claim, nowMs),
    }));
  }

  /** What is worth keeping across a restart. */
  memory(): LaneMemory {
    const from = this.#quota.limits.ramp;
    return {
      ...(from === undefined ? {} : { ramp: { ...this.ramp.learned(), from } }),
      boundMs: this.arrivals.boundMs,
      ...this.learned.memory(),
    };
  }

  restore(memory: LaneMemory): void {
    const { ramp } = memory;
    // What was learned under another configuration of the ramp would take the place of this one.
    if (ramp !== undefined && isSameRamp(ramp.from, this.#quota.limits.ramp)) this.ramp.restore(ramp);
    this.arrivals.boundMs = memory.boundMs;
    this.learned.restore(memory);
    this.touch();
  }

  /** It is kept free for the owner no longer, and whoever was kept out may come. */
  letGo(owner: object): void {
    if (this.hold?.owner !== owner) return;
    this.hold = undefined;
    this.#onHeard();
  }

  touch(): void {
    this.#blocked = undefined;
    this.#free = undefined;
  }

  // ——— a permit's fate ———

  heard(permit: Permit, heard: Heard): void {
    if (this.#quota.ours === true) return;
    const nowMs = this.#now();
    const { arrivedAtMs } = heard;
    if (this.told.learn(heard, (name) => this.#usedOf(name, nowMs), nowMs)) this.#apply(this.#quota);
    permit.reservation.arrived(
      arrivedAtMs === undefined
        ? this.arrivals.answered(permit.grantedAtMs, nowMs)
        : this.arrivals.told(permit.grantedAtMs, arrivedAtMs, nowMs),
    );
    this.touch();
    this.#onHeard();
  }

  accepted({ fill, grantedAtMs, tokens }: Permit): void {
    if (this.#quota.ours === true) return;
    this.learned.accepted(fill, { nowMs: this.#now(), stepMs: this.#stepMs() });
    this.delivered.count(grantedAtMs, tokens);
    this.touch();
  }

  settled({ reservation }: Permit, actual: Settlement): void {
    const nowMs = this.#now();
    reservation.settle(actual, nowMs);
    this.#landing.count(Math.max(0, actual.tokens - actual.input), nowMs);
    this.touch();
  }

  refused({ reservation, fill }: Permit, kind: FailureKind | undefined, doubtful: boolean): void {
    reservation.refuse();
    this.touch();
    if (this.#quota.ours === true || kind === undefined) return;
    const nowMs = this.#now();
    if (kind === 'burst') this.ramp.burst(nowMs, this.fullRate() ?? Infinity);
    const scarce = scarceOf(kind);
    if (scarce === undefined || (doubtful && isRoomy(fill, scarce))) return;
    if (scarce === 'requests' && this.#findHiddenSecond(fill)) {
      this.#pause(nowMs, 1_000);
      return;
    }
    const { rps = 0, tps = 0, rpm = rps * 60, tpm = tps * 60 } = this.#limits;
    const delivered = (): number =>
      scarce === 'requests'
        ? this.delivered.requestsPerMinute(nowMs) / Math.max(1, rpm)
        : this.delivered.tokensPerMinute(nowMs) / Math.max(1, tpm);
    const at = { nowMs, stepMs: this.#stepMs(), delivered, perSecond: this.fullRate() ?? 0 };
    const { lastCut } = this.learned.scale[scarce];
    this.#pause(nowMs, this.learned.refused(scarce, fill, at));
    if (this.learned.scale[scarce].lastCut !== lastCut) this.#onCut?.(this, scarce);
  }

  ended(): void {
    this.touch();
    this.#onEnd();
  }

  // ——— inside ———

  /** By when a call sent now has arrived, as long as nothing was heard of it. */
  #boundOf(nowMs: number): number {
    if (this.#quota.ours === true) return nowMs;
    return nowMs + Math.max(0, this.arrivals.boundMs + this.learned.boundGuardMs);
  }

  #pause(nowMs: number, pauseMs: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, nowMs + pauseMs);
  }

  /** Guards move in steps that follow the measured jitter. */
  #stepMs(): number {
    return Math.max(1, Math.min(30, 0.15 * this.arrivals.boundMs));
  }

  #paced(nowMs: number): Blocked | undefined {
    const full = this.fullRate();
    let atMs = Math.max(this.pausedUntilMs, this.recovery.freeAt(nowMs, full));
    if (full !== undefined && this.#quota.ours !== true)
      atMs = Math.max(atMs, this.ramp.freeAt(nowMs, full, this.#inSecond(nowMs)));
    return atMs > nowMs + EVENT_GRACE_MS ? { atMs, limit: 'ramp' } : undefined;
  }

  #usedOf(name: string, nowMs: number): number {
    const claim = this.#claims.find(name);
    return claim === undefined ? 0 : this.#store.used(claim, nowMs);
  }

  /** Requests of the running second; of the mean second of the minute where seconds are not limited. */
  #inSecond(nowMs: number): number {
    const second = this.#claims.find('rps');
    return second === undefined ? this.#usedOf('rpm', nowMs) / 60 : this.#store.used(second, nowMs);
  }

  #keptFor(nowMs: number, owner: object | undefined): Blocked | undefined {
    const { hold } = this;
    if (hold === undefined || hold.owner === owner) return undefined;
    const others = { claims: this.#claims.ofOther(hold.estimate, nowMs), atMs: hold.atMs };
    const at = { nowMs, boundMs: this.#boundOf(nowMs) };
    if (hold.atMs > nowMs && !this.#store.delays(this.#claims.last, others, at)) return undefined;
    return { atMs: Math.max(hold.atMs, nowMs + 50), limit: 'tpm', bySize: true };
  }
}
