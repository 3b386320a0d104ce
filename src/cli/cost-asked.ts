/** A month's tokens as they were asked for on the command line: one model, one region, calls of one length. */

import { tierOf } from '../domain/cost.ts';
import type { PriceTerms } from '../domain/model-facts.ts';
import type { VolumePart } from '../ledger/comparison.ts';
import { type Bought, knownAt, type Models, modelAt, type PricedModel, providerAt } from './cost-models.ts';
import { grouped } from './cost-text.ts';

export type Asked = {
  readonly model: string;
  readonly provider: string | undefined;
  readonly region: string | undefined;
  readonly input: number;
  readonly output: number;
  readonly calls: number | undefined;
  readonly inputPerCall: number | undefined;
};

/** Of the founding case: what qwen3-max falls back to. */
const USUAL_FALLBACKS: readonly string[] = ['qwen-plus', 'qwen-turbo'];

export function askedVolume(asked: Asked, models: Models): Bought {
  const { model, input, output, calls } = asked;
  if (input + output === 0)
    throw new Error('there is nothing to compare: say how many --tokens, or --input and --output');
  if (calls === 0) throw new Error('--calls: expected at least one');
  const place = modelAt(models, model, asked);
  const inputPerCall = asked.inputPerCall ?? (calls === undefined ? 0 : Math.ceil(input / calls));
  if (place.maxInput !== undefined && inputPerCall > place.maxInput)
    throw new Error(
      `calls of ${grouped(inputPerCall)} tokens of input: '${model}' takes at most ${grouped(place.maxInput)}`,
    );
  const part: VolumePart = {
    ...{ model, price: place.price, inputPerCall },
    calls: calls ?? (asked.inputPerCall ? Math.ceil(input / asked.inputPerCall) : undefined),
    usage: { input, cacheRead: 0, cacheWrite: 0, output, reasoning: 0 },
  };
  const provider = providerAt(models, place.provider);
  const usual = place.provider === 'qwen' ? USUAL_FALLBACKS.filter((other) => other !== model) : [];
  return {
    parts: [part],
    places: new Map([[part, place]]),
    head: [
      `${grouped(input + output)} tokens a month: ${grouped(input)} of input, ${grouped(output)} of output.`,
      ...priceLines(place, part),
    ],
    foot: place.source === undefined ? [] : [`Prices of ${place.source.date}: ${place.source.url}`],
    usualFactor: '1',
    usualFallbacks: usual,
    priceOf: (other) => knownAt(models, other, { provider, region: place.region }),
  };
}

function priceLines(
  { model, provider, region, price }: PricedModel,
  { inputPerCall, calls }: VolumePart,
): string[] {
  if (price === undefined) return [];
  const tier = tierOf(price, inputPerCall);
  const sign = price.currency === 'USD' ? '$' : '¥';
  const where = region === undefined ? provider : `${provider}, ${region}`;
  const money = (amount: string | undefined): string => (amount === undefined ? 'unknown' : sign + amount);
  return [
    `${model} (${where}): ${money(tier?.input)} in, ${money(tier?.output)} out for a million tokens,`,
    `${tierText(price, inputPerCall)}${calls === undefined ? '' : `, ${grouped(calls)} calls`}.`,
  ];
}

function tierText({ tiers }: PriceTerms, inputPerCall: number): string {
  if (tiers.length === 1) return 'whatever the length of a call';
  const above = tierOf({ tiers }, inputPerCall)?.above ?? 0;
  const next = tiers.find((tier) => (tier.above ?? 0) > above)?.above;
  if (next === undefined) return `for calls of more than ${grouped(above)} tokens of input`;
  return above === 0
    ? `for calls of up to ${grouped(next)} tokens of input`
    : `for calls of ${grouped(above + 1)} to ${grouped(next)} tokens of input`;
}
