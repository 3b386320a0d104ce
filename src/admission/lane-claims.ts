/**
 * What a lane asks of its windows: the amounts of a call, with the capacities and guards in force after what was
 * learned and told; and, read the other way, how full the windows were when a call was sent.
 */

import type { Estimate, LimitName, Limits } from '../domain/limits.ts';
import { amountOf, type Claim, type Unit, type WindowSpec, windowsOf } from '../state/windows.ts';
import type { Landing } from './landing.ts';
import { type Fill, type Learned, NO_FILL } from './learned.ts';
import type { ToldLimits } from './told-limits.ts';

/** Share of a minute's tokens left free where they are charged in advance, times what refusals taught: for estimates. */
const PREPAID_MARGIN = 0.002;

export type ClaimSources = {
  readonly learned: Learned;
  readonly told: ToldLimits;
  readonly landing: Landing;
};

export class LaneClaims {
  readonly #limits: Limits;
  /** A key's: nothing is learned or told of it. */
  readonly #ours: boolean;
  readonly #sources: ClaimSources;
  readonly #claims: readonly Claim[];
  /** For a second call beside the first. */
  readonly #others: readonly Claim[];

  constructor(
    owner: string,
    {
      limits,
      ours,
      sources,
    }: { readonly limits: Limits; readonly ours: boolean; readonly sources: ClaimSources },
  ) {
    this.#limits = limits;
    this.#ours = ours;
    this.#sources = sources;
    const windows = windowsOf(owner, limits).filter(
      ({ unit }) => !ours || (unit !== 'charged' && unit !== 'reserved'),
    );
    const claimOf = (window: WindowSpec): Claim => ({ window, amount: 0, capacity: 0, guardMs: 0 });
    this.#claims = windows.map(claimOf);
    this.#others = windows.map(claimOf);
  }

  /** As they were filled last. */
  get last(): readonly Claim[] {
    return this.#claims;
  }

  /** The same list every time, filled for this call at this moment. */
  of(estimate: Estimate, nowMs: number): readonly Claim[] {
    return this.#fill(this.#claims, estimate, nowMs);
  }

  /** The same for a call that is looked at beside the one of `of`. */
  ofOther(estimate: Estimate, nowMs: number): readonly Claim[] {
    return this.#fill(this.#others, estimate, nowMs);
  }

  find(limit: string): Claim | undefined {
    return this.#claims.find(({ window }) => window.limit === limit && window.unit !== 'reserved');
  }

  /** `used`: the sums of the windows in the order of the claims; `rate`: requests per second allowed then. */
  fillOf(used: readonly number[], rate: number): Fill {
    if (this.#ours) return NO_FILL;
    const fill = { ...NO_FILL } as { -readonly [K in keyof Fill]: Fill[K] };
    for (let i = 0; i < used.length; i++) {
      const { window, capacity, amount } = this.#claims[i] as Claim;
      const sum = used[i] as number;
      if (window.limit === 'rps') {
        const inRamp = Math.min(capacity, Math.max(1, rate));
        fill.requestSecond = sum / inRamp;
        fill.ownRequest = 1 / inRamp;
      } else if (window.limit === 'rpm') fill.requestMinute = sum / capacity;
      else if (window.limit === 'tps') {
        fill.tokenSecond = sum / capacity;
        fill.ownTokens = amount / capacity;
      } else if (window.limit === 'tpm') {
        if (window.unit === 'reserved') fill.reserved = sum / Math.max(1, this.#limits.tpm ?? 1);
        if (capacity !== Infinity) fill.tokenMinute = Math.max(fill.tokenMinute, sum / capacity);
      }
    }
    return fill;
  }

  #fill(claims: readonly Claim[], estimate: Estimate, nowMs: number): readonly Claim[] {
    for (const claim of claims) {
      const { limit, unit } = claim.window;
      claim.amount = amountOf(unit, estimate);
      claim.capacity = this.#capacityOf(limit, unit, nowMs);
      claim.guardMs = this.#guardOf(limit);
    }
    return claims;
  }

  #capacityOf(limit: LimitName, unit: Unit, nowMs: number): number {
    const { learned, told } = this.#sources;
    const set = limit === 'ramp' ? 0 : (this.#limits[limit] ?? 0);
    const nominal = Math.min(set, told.left(limit, nowMs));
    if (this.#ours) return atLeastOne(nominal);
    const { requests, tokens } = learned.scale;
    switch (limit) {
      case 'rpm':
      case 'rps':
        return atLeastOne(nominal * requests.share + 1e-9);
      case 'tps':
        return atLeastOne(nominal * tokens.share * (1 - learned.secondMargin));
      case 'tpm':
        return this.#tokensOf(unit, atLeastOne(nominal * tokens.share), nowMs);
      default:
        return atLeastOne(nominal);
    }
  }

  /** Of the three counts of a minute's tokens, those that do not hold are only watched. */
  #tokensOf(unit: Unit, capacity: number, nowMs: number): number {
    const { learned, landing } = this.#sources;
    if (unit === 'reserved')
      return learned.prepaid ? atLeastOne(capacity * (1 - PREPAID_MARGIN * learned.landingFactor)) : Infinity;
    if (learned.prepaid) return Infinity;
    return unit === 'charged' ? atLeastOne(capacity - learned.landingFactor * landing.at(nowMs)) : capacity;
  }

  #guardOf(limit: LimitName): number {
    if (this.#ours) return 0;
    return limit === 'rpm' || limit === 'tpm' ? this.#sources.learned.minuteGuardMs : 0;
  }
}

const atLeastOne = (capacity: number): number => Math.max(1, Math.floor(capacity));
