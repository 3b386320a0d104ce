/** The model that a cost is asked of, at which provider and in which region, by the shipped catalogue and the published limits. */

import type { Catalogue } from '../catalog/catalogue.ts';
import { nearestWord } from '../config/nearest.ts';
import type { Limits } from '../domain/limits.ts';
import { factsIn, type PriceTerms, priceOf, type Source } from '../domain/model-facts.ts';
import type { VolumePart } from '../ledger/comparison.ts';
import type { Provider } from '../providers/provider.ts';

export type PricedModel = {
  readonly model: string;
  readonly provider: string;
  readonly region: string | undefined;
  readonly price: PriceTerms | undefined;
  /** Of the price. */
  readonly source: Source | undefined;
  /** The longest input that it takes. */
  readonly maxInput?: number | undefined;
  /** Published, of one account. */
  readonly limits: Limits | undefined;
};

/** A month's tokens, whoever says so. */
export type Bought = {
  readonly parts: readonly VolumePart[];
  /** One for each of the parts: where it is bought. */
  readonly places: ReadonlyMap<VolumePart, PricedModel>;
  /** What is said of it above the table, and below. */
  readonly head: readonly string[];
  readonly foot: readonly string[];
  readonly usualFactor: string;
  /** What it would fall back to, where nobody says. */
  readonly usualFallbacks: readonly string[];
  priceOf(model: string, part: VolumePart): PricedModel | undefined;
};

export type Models = {
  readonly catalogue: Catalogue;
  /** In the order in which they are tried. */
  readonly providers: readonly Pick<Provider, 'id' | 'regions' | 'limits'>[];
  readonly nowMs: number;
};

export type Where = { readonly provider?: string | undefined; readonly region?: string | undefined };

/** Throws, in words, where there is no such model, provider or region, or no price of it. */
export function modelAt(models: Models, model: string, where: Where): PricedModel {
  const provider = where.provider === undefined ? makerOf(models, model) : providerAt(models, where.provider);
  const { regions } = provider;
  const { region = regions[0] } = where;
  if (where.region !== undefined && regions.length === 0)
    throw new Error(`--region: '${provider.id}' has no regions`);
  if (region !== undefined && !regions.includes(region))
    throw new Error(`--region: '${provider.id}' has ${regions.join(', ')}, not '${region}'`);
  const found = knownAt(models, model, { provider, region });
  if (found.price === undefined) {
    const known = models.catalogue.factsOf(provider.id, model) !== undefined;
    const elsewhere = regions.filter(
      (each) => knownAt(models, model, { provider, region: each }).price !== undefined,
    );
    const hint =
      elsewhere.length > 0 ? ` in ${region}, but in ${elsewhere.join(', ')}: name one with --region` : '';
    throw new Error(
      known
        ? `--model: nobody has published a price of '${model}' at '${provider.id}'${hint}`
        : `--model: the catalogue knows no '${model}' at '${provider.id}'${didYouMean(model, namesAt(models, provider.id))}`,
    );
  }
  return found;
}

/** The same, and undefined prices where there are none. */
export function knownAt(
  { catalogue, nowMs }: Models,
  model: string,
  {
    provider,
    region,
  }: { readonly provider: Models['providers'][number]; readonly region: string | undefined },
): PricedModel {
  const facts = catalogue.factsOf(provider.id, model);
  const price = facts && priceOf(factsIn(facts, region), { nowMs });
  return {
    ...{ model, provider: provider.id, region, price, source: price?.source },
    maxInput: facts?.maxInput ?? facts?.context,
    limits: provider.limits(model, region)?.limits,
  };
}

export function providerAt({ providers }: Models, id: string): Models['providers'][number] {
  const found = providers.find((provider) => provider.id === id);
  if (found !== undefined) return found;
  const ids = providers.map((provider) => provider.id);
  throw new Error(`--provider: there is no provider '${id}'${didYouMean(id, ids)}`);
}

/** The first that has a model of just this name and a price of it; or at least the model. */
function makerOf(models: Models, model: string): Models['providers'][number] {
  const knowing = models.providers.filter(({ id }) => models.catalogue.factsOf(id, model) !== undefined);
  const priced = knowing.find(
    (provider) => (models.catalogue.factsOf(provider.id, model)?.prices.length ?? 0) > 0,
  );
  const found = priced ?? knowing[0];
  if (found !== undefined) return found;
  const names = models.providers.flatMap(({ id }) => namesAt(models, id));
  throw new Error(
    `--model: the catalogue knows no '${model}'${didYouMean(model, names)} (\`sluice models --catalog\` lists all)`,
  );
}

const namesAt = ({ catalogue }: Models, provider: string): readonly string[] =>
  catalogue.modelsOf(provider).map(({ id }) => id);

function didYouMean(name: string, names: readonly string[]): string {
  const nearest = nearestWord(name, names);
  return nearest === undefined ? '' : `, did you mean '${nearest}'?`;
}
