/** Where a public list and a file of the catalogue differ, and the file as it would be if the list were right. */

import type { CatalogueInput } from '../../src/catalog/schema.ts';
import type { ImportedList, ImportedModel } from './imported.ts';

export type CatalogueModel = CatalogueInput['models'][number];
type CataloguePrice = NonNullable<CatalogueModel['prices']>[number];

export type Difference = {
  readonly provider: string;
  readonly id: string;
  /** `added`: only the list has it. `gone`: its numbers are said to come from this list, which has it no more. */
  readonly what: 'added' | 'gone' | 'price';
  readonly ours: string;
  readonly theirs: string;
  /** The numbers are from this list, so that they may be brought up to date from it. */
  readonly applies: boolean;
};

export function differences(file: CatalogueInput, list: ImportedList): Difference[] {
  const of = (id: string, rest: Omit<Difference, 'provider' | 'id'>): Difference => ({
    provider: file.provider,
    id,
    ...rest,
  });
  const found: Difference[] = [];
  for (const model of file.models) {
    const prices = pricesIn(model, list);
    const applies = prices.length > 0 && prices.every((price) => isFrom(file, price, list));
    const theirs = meantBy(list, model.id);
    if (theirs === undefined) {
      if (applies)
        found.push(of(model.id, { what: 'gone', ours: priceText(prices), theirs: '', applies: false }));
      continue;
    }
    if (prices.length === 0 || theirs.prices.length === 0) continue;
    const [our, their] = [priceText(prices), priceText(theirs.prices)];
    if (our !== their) found.push(of(model.id, { what: 'price', ours: our, theirs: their, applies }));
  }
  const names = file.models.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
  const leftOut = file.leftOut === undefined ? undefined : new RegExp(file.leftOut);
  for (const { id, prices, means } of list.models)
    if (leftOut?.test(id) !== true && !names.some((name) => means(name)) && prices.length > 0)
      found.push(of(id, { what: 'added', ours: '', theirs: priceText(prices), applies: false }));
  return found;
}

/** With the numbers of the list wherever they came from it before; the day of the source becomes `today`. */
export function updated(
  file: CatalogueInput,
  list: ImportedList,
  today: string,
): { readonly file: CatalogueInput; readonly changed: number } {
  let changed = 0;
  const models = file.models.map((model): CatalogueModel => {
    const prices = pricesIn(model, list);
    const theirs = meantBy(list, model.id)?.prices ?? [];
    const [first] = prices;
    if (first === undefined || theirs.length === 0 || !prices.every((price) => isFrom(file, price, list)))
      return model;
    if (priceText(prices) === priceText(theirs)) return model;
    changed++;
    const { currency, regions, batch, source } = first;
    const around = { ...(currency && { currency }), ...(regions && { regions }) };
    const now = theirs.map((price) => ({ ...around, ...price, ...(batch && { batch }), source }));
    const others = model.prices?.filter((price) => !prices.includes(price)) ?? [];
    return { ...model, prices: [...others, ...now] };
  });
  if (changed === 0) return { file, changed };
  const sources = Object.fromEntries(
    Object.entries(file.sources).map(([name, source]) => [
      name,
      source.importer === list.importer ? { ...source, date: today } : source,
    ]),
  );
  return { file: { ...file, sources, models }, changed };
}

const pricesIn = ({ prices = [] }: CatalogueModel, { region }: ImportedList): CataloguePrice[] =>
  prices.filter(({ regions }) => (region === undefined ? regions === undefined : regions?.includes(region)));

const isFrom = (file: CatalogueInput, { source }: CataloguePrice, { importer }: ImportedList): boolean =>
  file.sources[source]?.importer === importer;

const meantBy = ({ models }: ImportedList, id: string): ImportedModel | undefined =>
  models.find(({ means }) => means(id));

/** `1.2/6 >32000: 2.4/12`, with cached prices behind a semicolon. */
export function priceText(prices: readonly Pick<CataloguePrice, 'from' | 'hours' | 'tiers'>[]): string {
  return prices
    .map(({ from, hours, tiers }) => {
      const when = [
        ...(from === undefined ? [] : [`from ${from}`]),
        ...(hours === undefined ? [] : [`${hours.from}-${hours.to}`]),
      ];
      const steps = tiers.map(({ above, input = '-', output = '-', ...rest }) => {
        const more = Object.entries(rest)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, price]) => `${name} ${price}`);
        return `${above === undefined ? '' : `>${above}: `}${[`${input}/${output}`, ...more].join(' ')}`;
      });
      return [...when, ...steps].join(', ');
    })
    .join(' | ');
}
