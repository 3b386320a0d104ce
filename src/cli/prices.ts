/** `sluice prices`: the prices in force on the running relay and whose word they are; setting one, taking it back, trying one. */

import { Command } from 'commander';
import pc from 'picocolors';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { type AdminDoors, type AdminFlags, adminClient, listingAdmin, meaningAdmin } from './admin-client.ts';
import { tokensOf } from './cost-flags.ts';
import { type Column, rowsText } from './table.ts';

const field = (value: unknown, ...names: readonly string[]): string | null => {
  let found: unknown = value;
  for (const name of names) found = isJsonObject(found) ? found[name] : undefined;
  return found === undefined || found === null ? null : String(found);
};

function amountOf(name: string): Column<JsonObject>['of'] {
  return ({ list }) => {
    const amount = field(list, 'price', name);
    const tiers = isJsonObject(list) && isJsonObject(list['price']) ? list['price']['tiers'] : undefined;
    const more = Array.isArray(tiers) && tiers.length > 0 ? '↑' : '';
    const sign = field(list, 'price', 'currency') === 'CNY' ? '¥' : '$';
    return amount === null ? null : `${sign}${amount}${more}`;
  };
}

const COLUMNS: readonly Column<JsonObject>[] = [
  { head: 'channel', of: ({ channel }) => String(channel) },
  { head: 'in', of: amountOf('input'), right: true },
  { head: 'out', of: amountOf('output'), right: true },
  { head: 'cached', of: amountOf('cache_read'), right: true },
  {
    head: 'we pay',
    of: ({ own, cost_factor }) => (own === null ? `x ${String(cost_factor)}` : 'own price'),
    right: true,
  },
  { head: 'from', of: ({ list }) => field(list, 'origin') },
];

const QUOTED: readonly Column<JsonObject>[] = [
  { head: 'channel', of: ({ channel }) => String(channel) },
  { head: 'list', of: ({ list_cost }) => field(list_cost), right: true },
  { head: 'factor', of: ({ factor }) => field(factor, 'factor'), right: true },
  { head: 'charged', of: ({ charged }) => field(charged), right: true },
  { head: 'we pay', of: ({ upstream_cost }) => field(upstream_cost), right: true },
  { head: 'held', of: ({ held }) => field(held), right: true },
  { head: 'price', of: ({ list }) => field(list, 'id'), cut: true },
];

type SetFlags = AdminFlags & {
  readonly [Name in
    | 'input'
    | 'output'
    | 'thinkingOutput'
    | 'cacheRead'
    | 'cacheWrite'
    | 'cacheWrite1h']?: string;
} & {
  readonly [Name in 'model' | 'provider' | 'channel' | 'region' | 'currency' | 'from']?: string;
} & { readonly tier?: readonly string[] };

type QuoteFlags = AdminFlags & {
  readonly [Name in 'input' | 'output' | 'tenant' | 'project' | 'for']?: string;
};

export function pricesCommand(doors: AdminDoors): Command {
  const command = new Command('prices').description(
    'the prices in force on the running relay, and whose word they are',
  );
  command.addCommand(
    listingAdmin(
      new Command('list')
        .description('list them by channel, for a million tokens; ↑ has dearer tiers for longer input')
        .option('-m, --model <name>', 'only of this model'),
    ).action(async (flags: AdminFlags & { readonly model?: string }) => {
      const { data } = (await adminClient(flags, doors).get('/prices', { model: flags.model })) as {
        readonly data: readonly JsonObject[];
      };
      doors.write(rowsText(data, COLUMNS, { flags, none: 'No channel is offered.', width: doors.width?.() }));
    }),
    { isDefault: true },
  );
  command.addCommand(settingPrice(doors));
  command.addCommand(
    naming(
      new Command('withdraw').description(
        'take a price back: what the file or the catalogue says holds again',
      ),
    ).action(async (flags: SetFlags) => {
      const made = await adminClient(flags, doors).post('/prices', { ...namedBy(flags), withdrawn: true });
      doors.write(flags.json === true ? jsonText(made) : `Taken back.${appliesText(made)}`);
    }),
  );
  command.addCommand(
    listingAdmin(
      new Command('quote')
        .description('what a call of so many tokens costs on each channel of a model')
        .argument('<model>')
        .option('--input <amount>', 'tokens of input', '1000')
        .option('--output <amount>', 'tokens of output', '1000')
        .option('--tenant <id>', 'whose call')
        .option('--project <id>', 'of which project')
        .option('--for <id>', 'with which client key'),
    ).action(async (model: string, flags: QuoteFlags) => {
      const { data } = (await adminClient(flags, doors).get('/prices/quote', {
        model,
        ...{ tenant: flags.tenant, project: flags.project, key: flags.for },
        input: tokensOf('--input', flags.input ?? '1000'),
        output: tokensOf('--output', flags.output ?? '1000'),
      })) as { readonly data: readonly JsonObject[] };
      doors.write(rowsText(data, QUOTED, { flags, none: 'No channel is offered.', width: doors.width?.() }));
    }),
  );
  return command;
}

/** Which price is meant. */
const naming = (command: Command): Command =>
  meaningAdmin(command)
    .option('--model <name>', 'the list price of a model, by the name that clients use')
    .option('--provider <provider/model>', "or of a provider's model")
    .option('--channel <account/model>', "or what one channel costs its account's owner")
    .option('--region <name>', 'only there')
    .option('--from <moment>', 'from then on, such as 2026-12-01T00:00:00Z (default: at once)');

const namedBy = ({ model, provider, channel, region, from }: SetFlags): Readonly<Record<string, string>> => ({
  ...(model === undefined ? {} : { model }),
  ...(provider === undefined ? {} : { provider }),
  ...(channel === undefined ? {} : { channel }),
  ...(region === undefined ? {} : { region }),
  ...(from === undefined ? {} : { from_at: from }),
});

const settingPrice = (doors: AdminDoors): Command =>
  naming(
    new Command('set')
      .description('set a price, for a million tokens; what was charged before stays as it was')
      .option('--currency <word>', 'USD or CNY (default: USD)')
      .option('--input <amount>', 'of input, such as 1.25')
      .option('--output <amount>', 'of output')
      .option('--thinking-output <amount>', 'of output once the model has thought')
      .option('--cache-read <amount>', 'of input read from a cache')
      .option('--cache-write <amount>', 'of input written into a cache')
      .option('--cache-write-1h <amount>', 'of input written into a cache for an hour')
      .option('--tier <above:in:out...>', 'and for longer input, such as 32000:2.4:12'),
  ).action(async (flags: SetFlags) => {
    const amounts = {
      ...{ currency: flags.currency, input: flags.input, output: flags.output },
      ...{ thinking_output: flags.thinkingOutput, cache_read: flags.cacheRead },
      ...{ cache_write: flags.cacheWrite, cache_write_1h: flags.cacheWrite1h },
    };
    const tiers = (flags.tier ?? []).map(tierOf);
    const made = await adminClient(flags, doors).post('/prices', { ...namedBy(flags), ...amounts, tiers });
    doors.write(flags.json === true ? jsonText(made) : `Set.${appliesText(made)}`);
  });

function tierOf(written: string): JsonObject {
  const [above = '', input, output, ...more] = written.split(':');
  if (!/^\d+$/.test(above) || input === undefined || output === undefined || more.length > 0)
    throw new Error(`--tier: expected above:input:output such as 32000:2.4:12, got '${written}'`);
  return { above: Number(above), input, output };
}

function appliesText(made: unknown): string {
  const channels = isJsonObject(made) ? made['applies_to'] : undefined;
  if (!Array.isArray(channels) || channels.length === 0)
    return `\n${pc.dim('No channel that is offered now has it.')}\n`;
  return ` ${pc.dim(`For ${channels.join(', ')}.`)}\n`;
}

const jsonText = (made: unknown): string => `${JSON.stringify(made, null, 2)}\n`;
