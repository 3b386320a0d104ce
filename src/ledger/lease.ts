/**
 * What this instance has taken of one purse, as it knows it: calls are served from its free part without asking
 * anybody. It may be too little what is known here, but never too much but for a lease that expired unseen, and such a
 * lease serves nobody until it is looked at again.
 */

export class Lease {
  readonly purse: string;
  /** In the database, by what was committed. */
  leasedNano = 0n;
  /** Held by calls, until their entries are committed or they let go of it. */
  usedNano = 0n;
  /** Of the purse, when it was looked at last. */
  limitNano: bigint | undefined;
  /** What nobody held and nobody had spent, then. */
  roomNano = 0n;
  /** It serves nobody from then on without being looked at. */
  validUntilMs = 0;
  /** What is kept free while it is in use; 0: the purse is near its end, and whatever is not used goes back at once. */
  cushionNano = 0n;
  lastUsedAtMs = 0;
  /** Calls that are over and whose entries are on their way: what they did not use comes back. */
  settling = 0;
  /** Whoever has not come back by then may never. */
  settlesUntilMs = 0;
  /** How often a call has taken from it. */
  uses = 0;
  /** Somebody is at its row: what is free now may be given back. */
  isBusy = false;

  constructor(purse: string) {
    this.purse = purse;
  }

  get freeNano(): bigint {
    return this.leasedNano - this.usedNano;
  }

  /** Can it serve a call from memory? */
  has(amountNano: bigint, limitNano: bigint, nowMs: number): boolean {
    return (
      !this.isBusy && this.limitNano === limitNano && nowMs < this.validUntilMs && this.freeNano >= amountNano
    );
  }

  /** Is more of it about to come back? */
  isSettling(nowMs: number): boolean {
    return this.settling > 0 && nowMs < this.settlesUntilMs;
  }

  /** What of it should go back now. */
  excessNano(nowMs: number, idleMs: number): bigint {
    const free = this.freeNano;
    if (this.isBusy || free <= 0n) return 0n;
    if (this.cushionNano === 0n || nowMs - this.lastUsedAtMs >= idleMs) return free;
    return free > 2n * this.cushionNano ? free - this.cushionNano : 0n;
  }

  /** Its row is gone: it had expired. Calls go on that were served from it. */
  lose(): void {
    this.leasedNano = 0n;
    this.validUntilMs = 0;
  }
}

/** A purse is rich for a call while a sixteenth of what is left is worth this many of it. */
const RICH_CALLS = 4n;
const SHARE = 16n;
/** No instance keeps more than a dollar for calls to come. */
const LARGEST_CUSHION_NANO = 1_000_000_000n;

/** What to take beyond what is asked for: something of a rich purse, nothing near its end. */
export function cushionOf(leftNano: bigint, largestCallNano: bigint): bigint {
  const share = leftNano / SHARE;
  if (share < RICH_CALLS * largestCallNano || share <= 0n) return 0n;
  const most =
    LARGEST_CUSHION_NANO > RICH_CALLS * largestCallNano ? LARGEST_CUSHION_NANO : RICH_CALLS * largestCallNano;
  return share < most ? share : most;
}

/** What a call has taken of leases. */
export type OpenHold = {
  readonly call: string;
  readonly leases: readonly Lease[];
  readonly amountNano: bigint;
  /** Since when its entry is on its way; undefined: it is not. */
  recordedAtMs?: number;
};
