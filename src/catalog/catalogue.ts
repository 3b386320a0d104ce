/**
 * Looks up what is known of a model at a provider. A provider's file is read when it is first asked for; ids are found
 * as they are, by alias, without their date, or at their maker's where a provider serves models of others (then without
 * prices, which are its own). A model that is found nowhere still works: it is only unpriced.
 */

import type { ModelFacts, Price, Source } from '../domain/model-facts.ts';
import type { CatalogueInput } from './schema.ts';

export type Catalogue = {
  factsOf(provider: string, model: string): ModelFacts | undefined;
  /** Every model of a provider; none where it has no file. */
  modelsOf(provider: string): readonly ModelFacts[];
};

/** The text of a provider's file, known to be right (`parseFile`); undefined: there is none. */
export type ReadFile = (provider: string) => string | undefined;

type Entry = CatalogueInput['models'][number];

type Loaded = {
  readonly file: CatalogueInput;
  readonly makers: ReadonlyMap<string, string>;
  /** By ids and aliases in small letters. */
  readonly byId: ReadonlyMap<string, Entry>;
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
    // Not checked again: that takes longer than all the rest of a start.
    const loaded = text === undefined ? undefined : load(JSON.parse(text) as CatalogueInput);
    files.set(provider, loaded);
    return loaded;
  };

  const makersFacts = ({ file, makers }: Loaded, model: string): ModelFacts | undefined => {
    const slash = model.lastIndexOf('/');
    if (slash < 0) return undefined;
    const before = model.slice(0, slash).toLowerCase();
    const maker = makers.get(before.slice(before.lastIndexOf('/') + 1));
    const theirs = maker === undefined || maker === file.provider ? undefined : fileOf(maker);
    if (theirs === undefined) return undefined;
    const name = model.slice(slash + 1).replace(/:\w+$/, '');
    const found = entryOf(theirs, name) ?? entryOf(theirs, name.replaceAll('.', '-'));
    if (found === undefined) return undefined;
    return { ...factsFrom(theirs.file, found), provider: file.provider, id: model, prices: [] };
  };

  return {
    factsOf(provider, model) {
      const loaded = fileOf(provider);
      if (loaded === undefined) return undefined;
      const own = entryOf(loaded, model);
      return own === undefined ? makersFacts(loaded, model) : factsFrom(loaded.file, own);
    },
    modelsOf(provider) {
      const file = fileOf(provider)?.file;
      return file === undefined ? [] : file.models.map((entry) => factsFrom(file, entry));
    },
  };
}

function load(file: CatalogueInput): Loaded {
  const byId = new Map<string, Entry>();
  for (const entry of file.models)
    for (const alias of entry.aliases ?? []) byId.set(alias.toLowerCase(), entry);
  // An id of its own wins over another's alias.
  for (const entry of file.models) byId.set(entry.id.toLowerCase(), entry);
  const makers = new Map(Object.entries(file.makers ?? {}));
  return { file, makers, byId, dated: file.dated === undefined ? undefined : new RegExp(file.dated) };
}

function entryOf({ byId, dated }: Loaded, model: string): Entry | undefined {
  const id = model.toLowerCase();
  const found = byId.get(id);
  if (found !== undefined || dated === undefined) return found;
  const undated = id.replace(dated, '');
  return undated === id ? undefined : byId.get(undated);
}

function factsFrom(file: CatalogueInput, entry: Entry): ModelFacts {
  const { aliases: _aliases, source, prices = [], ...rest } = entry;
  const { share, cache } = file.batch ?? {};
  const usual = share === undefined || cache === undefined ? undefined : { share, cache };
  return {
    kind: 'chat',
    abilities: [],
    lacks: [],
    deprecated: false,
    ...rest,
    provider: file.provider,
    source: sourceOf(file, source),
    prices: prices.map((price) => {
      const batch = price.batch ?? usual;
      return {
        currency: 'USD',
        ...price,
        ...(batch && { batch }),
        source: sourceOf(file, price.source),
      } as Price;
    }),
  } as ModelFacts;
}

function sourceOf(file: CatalogueInput, name: string): Source {
  const source = file.sources[name];
  if (source === undefined) throw new Error(`catalog/${file.provider}.json: no source '${name}'`);
  return source as Source;
}
