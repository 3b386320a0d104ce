/**
 * Looks up what is known of a model at a provider. A provider's file is read when it is first asked for; ids are found
 * as they are, by alias, without their date, or at their maker's where a provider serves models of others (then without
 * prices, which are its own). A model that is found nowhere still works: it is only unpriced.
 */

import type { ModelFacts, Price } from '../domain/model-facts.ts';
import { type CatalogueEntry, type CatalogueFile, fileSchema } from './schema.ts';

export type Catalogue = {
  factsOf(provider: string, model: string): ModelFacts | undefined;
  /** Every model of a provider; none where it has no file. */
  modelsOf(provider: string): readonly ModelFacts[];
};

/** The text of a provider's file; undefined: there is none. */
export type ReadFile = (provider: string) => string | undefined;

type Loaded = {
  readonly file: CatalogueFile;
  readonly makers: ReadonlyMap<string, string>;
  readonly models: readonly ModelFacts[];
  readonly byId: ReadonlyMap<string, ModelFacts>;
  readonly dated: RegExp | undefined;
};

/** The simulator answers in Model Studio's place, under the names of its models. */
const STANDS_FOR: ReadonlyMap<string, string> = new Map([['simulator', 'qwen']]);

export function createCatalogue(read: ReadFile): Catalogue {
  const files = new Map<string, Loaded | undefined>();

  const fileOf = (name: string): Loaded | undefined => {
    const provider = STANDS_FOR.get(name) ?? name;
    if (files.has(provider)) return files.get(provider);
    const text = read(provider);
    const loaded = text === undefined ? undefined : load(parseFile(text, provider));
    files.set(provider, loaded);
    return loaded;
  };

  const factsOf = (provider: string, model: string): ModelFacts | undefined => {
    const loaded = fileOf(provider);
    if (loaded === undefined) return undefined;
    return ownFacts(loaded, model) ?? makersFacts(loaded, model);
  };

  const makersFacts = ({ file, makers }: Loaded, model: string): ModelFacts | undefined => {
    const slash = model.lastIndexOf('/');
    if (slash < 0) return undefined;
    const before = model.slice(0, slash).toLowerCase();
    const maker = makers.get(before.slice(before.lastIndexOf('/') + 1));
    const theirs = maker === undefined || maker === file.provider ? undefined : fileOf(maker);
    if (theirs === undefined) return undefined;
    const name = model.slice(slash + 1).replace(/:\w+$/, '');
    const found = ownFacts(theirs, name) ?? ownFacts(theirs, name.replaceAll('.', '-'));
    return found === undefined ? undefined : { ...found, provider: file.provider, id: model, prices: [] };
  };

  return { factsOf, modelsOf: (provider) => fileOf(provider)?.models ?? [] };
}

function ownFacts({ byId, dated }: Loaded, model: string): ModelFacts | undefined {
  const id = model.toLowerCase();
  const found = byId.get(id);
  if (found !== undefined || dated === undefined) return found;
  const undated = id.replace(dated, '');
  return undated === id ? undefined : byId.get(undated);
}

/** Throws an error that names the file and the place in it. */
export function parseFile(text: string, provider: string): CatalogueFile {
  const result = fileSchema.safeParse(JSON.parse(text));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Error(`catalog/${provider}.json: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return result.data;
}

function load(file: CatalogueFile): Loaded {
  const byId = new Map<string, ModelFacts>();
  const models = file.models.map((entry) => factsFrom(file, entry));
  for (const [i, facts] of models.entries())
    for (const name of [facts.id, ...(file.models[i]?.aliases ?? [])]) byId.set(name.toLowerCase(), facts);
  // An id of its own wins over another's alias.
  for (const facts of models) byId.set(facts.id.toLowerCase(), facts);
  const makers = new Map(Object.entries(file.makers ?? {}));
  return { file, makers, models, byId, dated: file.dated === undefined ? undefined : new RegExp(file.dated) };
}

function factsFrom(file: CatalogueFile, entry: CatalogueEntry): ModelFacts {
  const { aliases: _aliases, source, prices, ...rest } = entry;
  const { share, cache } = file.batch ?? {};
  const usual = share === undefined || cache === undefined ? undefined : { share, cache };
  return {
    ...rest,
    provider: file.provider,
    source: sourceOf(file, source),
    prices: prices.map((price) => {
      const batch = price.batch ?? usual;
      return { ...price, ...(batch && { batch }), source: sourceOf(file, price.source) } as Price;
    }),
  } as ModelFacts;
}

function sourceOf(file: CatalogueFile, name: string): ModelFacts['source'] {
  const source = file.sources[name];
  if (source === undefined) throw new Error(`catalog/${file.provider}.json: no source '${name}'`);
  return source as ModelFacts['source'];
}
