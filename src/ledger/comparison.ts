/**
 * The bill of a month, in every way that the same tokens can be bought or that less can be paid for them. All in whole
 * numbers: a share of something is a weight, and each sum is rounded once. What has no price makes an option unknown
 * instead of cheap.
 */

import { type ExactCost, exactAtTier, nanoOf, roundedNano, tierOf } from '../domain/cost.ts';
import type { Currency, PriceTerms } from '../domain/model-facts.ts';
import type { TokenAmounts } from '../domain/usage.ts';

/** Calls of one model that are alike as far as prices go. */
export type VolumePart = {
  readonly model: string;
  readonly price: PriceTerms | undefined;
  /** Undefined: nobody knows how many. */
  readonly calls: number | undefined;
  /** Of one call: it says which tier, and nothing of the amounts. */
  readonly inputPerCall: number;
  /** Of all of them together. */
  readonly usage: TokenAmounts;
};

/** A cheaper model, and its price where this part of the volume is bought. */
export type OtherModel = {
  readonly model: string;
  price(part: VolumePart): PriceTerms | undefined;
};

export type Comparing = {
  readonly parts: readonly VolumePart[];
  readonly rates: Partial<Readonly<Record<Currency, string>>>;
  /** Decimal text. */
  readonly factor: string;
  readonly accounts: readonly number[];
  /** Dollars for the care of one account a month, decimal text. */
  readonly accountCost: string;
  readonly fallbacks: readonly OtherModel[];
  /** Shares are decimal text from 0 to 1: of the calls that fall back, of the input that comes from a cache. */
  readonly fallbackShare: string;
  readonly cachedShare: string;
};

export type OptionKind = 'direct' | 'relay' | 'accounts' | 'fallback' | 'batch' | 'cached' | 'thinking';

export type Option = {
  readonly kind: OptionKind;
  readonly name: string;
  /** Billionths of a dollar; null: there is no published price of it. */
  readonly nano: bigint | null;
  /** Accounts that the volume is spread over. */
  readonly accounts?: number;
  /** That serves, where it is another one. */
  readonly model?: string;
  readonly note?: string;
};

const NANO = nanoOf('1');

/** Exact times billionths, so that shares add up. */
type Weighted = bigint;

export function compared(comparing: Comparing): readonly Option[] {
  const { factor, accounts, accountCost, fallbacks } = comparing;
  const direct = sumOf(comparing, plain);
  const times = (nano: bigint): bigint | null => (direct === undefined ? null : roundedNano(direct, nano));
  const usual = times(NANO);
  return [
    { kind: 'direct', name: 'direct', nano: usual, accounts: 1 },
    { kind: 'relay', name: `relay at ${factor}`, nano: times(nanoOf(factor)) },
    ...accounts.map((count): Option => {
      const care = nanoOf(accountCost) * BigInt(count);
      return {
        ...{ kind: 'accounts', name: `${count} accounts`, accounts: count },
        nano: usual === null ? null : usual + care,
        ...(care === 0n ? {} : { note: `with $${accountCost} of care for each` }),
      };
    }),
    ...fallbacks.map((other) => fallbackOption(other, comparing)),
    batchOption(comparing),
    ...cachedOption(comparing),
    ...thinkingOption(comparing),
  ];
}

type Way = {
  readonly price?: PriceTerms | undefined;
  readonly usage?: TokenAmounts;
  readonly batch?: boolean;
};

const plain = (): Way => ({});

/** Undefined where a part has no price that way. */
function sumOf({ parts, rates }: Comparing, way: (part: VolumePart) => Way): ExactCost | undefined {
  let sum: ExactCost = 0n;
  for (const part of parts) {
    const { usage = part.usage, batch = false, ...other } = way(part);
    const price = 'price' in other ? other.price : part.price;
    const tier = price && tierOf(price, part.inputPerCall);
    const cost = price && exactAtTier(price, tier, { usage, options: { rates, batch } });
    if (cost === undefined) return undefined;
    sum += cost;
  }
  return sum;
}

/** So much of one way, and the rest as it is. */
function mixed(comparing: Comparing, share: string, way: (part: VolumePart) => Way): bigint | null {
  const weight = nanoOf(share);
  const [of, rest] = [sumOf(comparing, way), sumOf(comparing, plain)];
  if (of === undefined || (rest === undefined && weight < NANO)) return null;
  const weighted: Weighted = of * weight + (rest ?? 0n) * (NANO - weight);
  return roundedNano(weighted, 1n);
}

function fallbackOption(other: OtherModel, comparing: Comparing): Option {
  const { model } = other;
  const { fallbackShare: share, parts } = comparing;
  const all = nanoOf(share) === NANO;
  const unknown = parts.some((part) => other.price(part) === undefined);
  return {
    ...{ kind: 'fallback', model, nano: mixed(comparing, share, (part) => ({ price: other.price(part) })) },
    name: `${all ? 'all' : percentText(share)} on ${model}`,
    ...(unknown ? { note: 'it has no published price there' } : {}),
  };
}

function batchOption(comparing: Comparing): Option {
  const sum = sumOf(comparing, () => ({ batch: true }));
  const loses = comparing.parts.some(
    ({ price, usage }) => price?.batch?.cache === 'lost' && usage.cacheRead > 0,
  );
  return {
    ...{ kind: 'batch', name: 'batch', nano: sum === undefined ? null : roundedNano(sum) },
    ...(sum === undefined ? { note: 'there is no published price of batches' } : {}),
    ...(loses ? { note: 'cached input is at full price there' } : {}),
  };
}

/** Nothing where no model of the volume has a price of cached input. */
function cachedOption(comparing: Comparing): Option[] {
  const { parts, cachedShare: share } = comparing;
  const has = parts.some(
    ({ price, inputPerCall }) => price && tierOf(price, inputPerCall)?.cacheRead !== undefined,
  );
  if (!has) return [];
  const nano = mixed(comparing, share, ({ usage }) => ({
    usage: { ...usage, input: 0, cacheRead: usage.cacheRead + usage.input },
  }));
  return [
    {
      kind: 'cached',
      name: `${percentText(share)} of input cached`,
      nano,
      note: 'what is written there first is not counted',
    },
  ];
}

/** Nothing where thoughts cost as much as other output. */
function thinkingOption(comparing: Comparing): Option[] {
  const has = comparing.parts.some(
    ({ price, inputPerCall }) => price && tierOf(price, inputPerCall)?.thinkingOutput !== undefined,
  );
  if (!has) return [];
  const sum = sumOf(comparing, ({ usage }) => ({
    usage: { ...usage, output: 0, reasoning: usage.output + usage.reasoning },
  }));
  return [
    {
      ...{ kind: 'thinking', name: 'with thinking', nano: sum === undefined ? null : roundedNano(sum) },
      note: 'for as much output; thoughts make it more',
    },
  ];
}

/** `0.5` as `50 %`. */
export function percentText(share: string): string {
  const nano = nanoOf(share) * 100n;
  const rest = nano % NANO;
  return `${nano / NANO}${rest === 0n ? '' : `.${rest.toString().padStart(9, '0').replace(/0+$/, '')}`} %`;
}

/** What an option costs less than the direct one, in tenths of a percent, rounded; null where either is unknown. */
export function savedPerMille(nano: bigint | null, direct: bigint | null): number | null {
  if (nano === null || direct === null || direct === 0n) return null;
  const saved = (direct - nano) * 1_000n;
  const half = saved < 0n ? -direct / 2n : direct / 2n;
  return Number((saved + half) / direct);
}
