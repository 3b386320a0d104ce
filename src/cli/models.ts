/**
 * `sluice models`: what the configuration offers, with sizes, prices and channels; or, with `--catalog`, what the
 * catalogue knows of the models of a provider. Asks nobody: it reads the configuration and the shipped files.
 */

import { Command } from 'commander';
import pc from 'picocolors';
import { type Catalogue, createCatalogue } from '../catalog/catalogue.ts';
import { readShipped, shippedProviders } from '../catalog/shipped.ts';
import type { Config } from '../config/config.ts';
import type { Model } from '../domain/channel.ts';
import { type ModelFacts, type Price, priceOf } from '../domain/model-facts.ts';
import { type OfferedModel, offered } from '../http/offered-model.ts';
import { snapshotOf } from '../snapshot.ts';
import { type Column, tableText } from './table.ts';

export type ModelsDoors = {
  configOf(file: string | undefined): Config;
  nowMs(): number;
  write(text: string): void;
};

type Flags = {
  readonly config?: string;
  readonly json?: boolean;
  readonly catalog?: string | true;
  readonly find?: string;
};

export function modelsCommand(doors: ModelsDoors): Command {
  return new Command('models')
    .description('list the models offered here: sizes, prices, channels')
    .option('-c, --config <file>', 'configuration file (default: sluice.yaml, if there is one)')
    .option('--catalog [provider]', 'list what the catalogue knows instead, of one provider or of all')
    .option('-f, --find <text>', 'only models with this in their name')
    .option('--json', 'print JSON')
    .action((flags: Flags) => {
      const rows = flags.catalog === undefined ? offeredRows(flags, doors) : catalogueRows(flags, doors);
      const { find } = flags;
      const found =
        find === undefined
          ? rows
          : rows.filter(({ model }) => model.toLowerCase().includes(find.toLowerCase()));
      doors.write(flags.json === true ? `${JSON.stringify(found, null, 2)}\n` : tableOf(found));
    });
}

export type ModelRow = {
  readonly model: string;
  readonly kind: string;
  readonly context: number | null;
  readonly maxOutput: number | null;
  /** Money for a million tokens; null: unknown. */
  readonly price: Price | null;
  readonly abilities: readonly string[];
  /** The channels that serve it, or the page that says so. */
  readonly from: readonly string[];
};

function offeredRows({ config }: Flags, doors: ModelsDoors): ModelRow[] {
  const { catalog } = snapshotOf(doors.configOf(config));
  return catalog.models
    .filter(({ channels }) => channels.length > 0)
    .map((model) => rowOf(offered(model, doors.nowMs()), model));
}

const rowOf = (model: OfferedModel, { channels }: Model): ModelRow => ({
  model: model.id,
  kind: model.kind,
  context: model.context ?? model.maxInput ?? null,
  maxOutput: model.maxOutput ?? null,
  price: model.price ?? null,
  abilities: model.abilities,
  from: channels.map(({ id }) => id),
});

function catalogueRows({ catalog }: Flags, { nowMs }: ModelsDoors): ModelRow[] {
  const catalogue: Catalogue = createCatalogue(readShipped);
  const providers = shippedProviders();
  if (typeof catalog === 'string' && !providers.includes(catalog))
    throw new Error(`the catalogue has no provider '${catalog}': it knows ${providers.join(', ')}`);
  return providers
    .filter((provider) => typeof catalog !== 'string' || provider === catalog)
    .flatMap((provider) => catalogue.modelsOf(provider).flatMap((facts) => factRows(facts, nowMs())));
}

/** One for each price: regions may have their own. */
function factRows(facts: ModelFacts, nowMs: number): ModelRow[] {
  const regions = [...new Set(facts.prices.flatMap(({ regions: own }) => own ?? []))];
  return (regions.length === 0 ? [undefined] : regions).map((region) => ({
    model: `${facts.provider}/${facts.id}`,
    kind: facts.kind,
    context: facts.context ?? facts.maxInput ?? null,
    maxOutput: facts.maxOutput ?? null,
    price: priceOf(facts, { region, nowMs }) ?? null,
    abilities: facts.abilities,
    from: [...(region === undefined ? [] : [region]), `${facts.source.date} ${facts.source.url}`],
  }));
}

const COLUMNS: readonly Column<ModelRow>[] = [
  { head: 'model', of: ({ model }) => model },
  { head: 'kind', of: ({ kind }) => kind },
  { head: 'context', of: ({ context }) => sizeText(context), right: true },
  { head: 'output', of: ({ maxOutput }) => sizeText(maxOutput), right: true },
  { head: 'in', of: (row) => moneyText(row, 'input'), right: true },
  { head: 'out', of: (row) => moneyText(row, 'output'), right: true },
  { head: 'cached', of: (row) => moneyText(row, 'cacheRead'), right: true },
  { head: 'from', of: ({ from }) => from.join(', ') },
];

export function tableOf(rows: readonly ModelRow[]): string {
  if (rows.length === 0) return 'No model of that name.\n';
  const note =
    'Prices are for a million tokens; ↑ has dearer tiers for longer input, ~ was turned into dollars, - is unknown.';
  return `${tableText(rows, COLUMNS)}\n${pc.dim(note)}\n`;
}

function moneyText({ price }: ModelRow, what: 'input' | 'output' | 'cacheRead'): string {
  const amount = price?.tiers[0]?.[what];
  const more = what !== 'cacheRead' && (price?.tiers.length ?? 0) > 1 ? '↑' : '';
  if (amount === undefined) return `-${more}`;
  return `${price?.currency === 'CNY' ? '¥' : '$'}${shortened(amount)}${more}`;
}

/** What was turned into dollars has digits that nobody has published. */
function shortened(amount: string): string {
  const [, fraction = ''] = amount.split('.');
  return fraction.length > 4 ? `${Number(amount).toPrecision(3)}~` : amount;
}

const sizeText = (tokens: number | null): string => (tokens === null ? '-' : tokens.toLocaleString('en-US'));
