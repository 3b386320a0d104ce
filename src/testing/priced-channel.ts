/** A channel with a price, for tests of money: what the catalogue knows of it, or a price that a test makes up. */

import { createCatalogue } from '../catalog/catalogue.ts';
import { readShipped } from '../catalog/shipped.ts';
import type { Channel } from '../domain/channel.ts';
import { factsIn, type ModelFacts, type PriceTerms } from '../domain/model-facts.ts';
import { factsOf, SOURCE } from './model-facts.ts';

const catalogue = createCatalogue(readShipped);

type Place = { readonly account?: string; readonly region?: string };

/** As the shipped catalogue knows it. */
export function shippedChannel(
  provider: string,
  model: string,
  { account = 'main', region }: Place = {},
): Channel {
  const facts = catalogue.factsOf(provider, model);
  return channelWith(facts && factsIn(facts, region), {
    provider,
    model,
    account,
    ...(region && { region }),
  });
}

/** With these prices, or with none at all. */
export const madeUpChannel = (
  prices: readonly PriceTerms[],
  { account = 'main', region }: Place = {},
): Channel =>
  channelWith(
    prices.length === 0
      ? undefined
      : factsOf({ prices: prices.map((price) => ({ ...price, source: SOURCE })), ...(region && { region }) }),
    { provider: 'p', model: 'm', account, ...(region && { region }) },
  );

const channelWith = (
  facts: ModelFacts | undefined,
  { provider, model, account, region }: Place & { readonly provider: string; readonly model: string },
): Channel => ({
  id: `${account}/${model}`,
  account: {
    ...{ id: account ?? 'main', provider, baseUrl: 'https://example.com/v1', secrets: [] },
    ...(region === undefined ? {} : { region }),
  },
  upstreamModel: model,
  ...{ limits: {}, tier: 0, weight: 1 },
  ...(facts === undefined ? {} : { facts }),
});
