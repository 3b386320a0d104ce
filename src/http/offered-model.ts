/**
 * What clients are told of a model that may have many channels: what is true on all of them as far as it is known, and
 * the price on the one that is tried first.
 */

import { DOLLARS_FOR } from '../catalog/rates.ts';
import type { Channel, Model } from '../domain/channel.ts';
import { decimalOf, nanoOf } from '../domain/cost.ts';
import {
  type Ability,
  type Modality,
  type ModelFacts,
  type ModelKind,
  type Price,
  priceOf,
  type TokenPrices,
} from '../domain/model-facts.ts';

export type OfferedModel = {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly providers: readonly string[];
  readonly kind: ModelKind;
  readonly context?: number;
  readonly maxInput?: number;
  readonly maxOutput?: number;
  readonly input: readonly Modality[];
  readonly output: readonly Modality[];
  readonly abilities: readonly Ability[];
  readonly deprecated: boolean;
  /** In dollars; absent: unknown. */
  readonly price?: Price;
};

const TEXT: readonly Modality[] = ['text'];

export function offered(model: Model, nowMs: number): OfferedModel {
  const inOrder = model.channels.toSorted((a, b) => a.tier - b.tier);
  const known = inOrder.flatMap(({ facts }) => (facts === undefined ? [] : [facts]));
  const [first] = known;
  const price = firstPrice(inOrder, nowMs);
  // What one channel is not known to have, the model is not known to have.
  const common = known.length < inOrder.length ? [] : (first?.abilities ?? []);
  const sizes = {
    ...least('context', known),
    ...least('maxInput', known),
    ...least('maxOutput', known),
  };
  return {
    id: model.name,
    name: first?.name ?? model.name,
    providers: [...new Set(model.channels.map(({ account }) => account.provider))],
    kind: first?.kind ?? 'chat',
    ...sizes,
    input: first?.input ?? TEXT,
    output: first?.output ?? TEXT,
    abilities: common.filter((ability) => known.every(({ abilities }) => abilities.includes(ability))),
    deprecated: known.length > 0 && known.every(({ deprecated }) => deprecated),
    ...(price && { price }),
  };
}

function least<Name extends 'context' | 'maxInput' | 'maxOutput'>(
  name: Name,
  known: readonly ModelFacts[],
): { readonly [name in Name]?: number } {
  const sizes = known.flatMap((facts) => facts[name] ?? []);
  return sizes.length === 0 ? {} : ({ [name]: Math.min(...sizes) } as { readonly [name in Name]: number });
}

function firstPrice(channels: readonly Channel[], nowMs: number): Price | undefined {
  for (const { facts } of channels) {
    const price = facts && priceOf(facts, { nowMs });
    const inDollars = price && dollars(price);
    if (inDollars !== undefined) return inDollars;
  }
  return undefined;
}

const NANO = nanoOf('1');

/** The same price in dollars; undefined where no rate is known. */
export function dollars(price: Price): Price | undefined {
  if (price.currency === 'USD') return price;
  const rate = DOLLARS_FOR[price.currency];
  if (rate === undefined) return undefined;
  const turned = (prices: TokenPrices): TokenPrices =>
    Object.fromEntries(
      Object.entries(prices).map(([name, value]) =>
        typeof value === 'string' ? [name, decimalOf((nanoOf(value) * nanoOf(rate)) / NANO)] : [name, value],
      ),
    );
  return { ...price, currency: 'USD', tiers: price.tiers.map(turned) };
}
