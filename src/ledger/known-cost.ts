/** What is known of a sum of costs in which some calls have no price: all of it, the least that it is, or nothing. */

/** Null: not one cent of it is known, which is something else than nothing to pay. */
export const knownCost = (nano: bigint, unpriced: number): bigint | null =>
  unpriced > 0 && nano === 0n ? null : nano;
