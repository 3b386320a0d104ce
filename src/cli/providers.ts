/** `sluice providers`: who can be named in an account, what they speak, and the variables that they are known by. */

import { Command } from 'commander';
import pc from 'picocolors';
import { providers } from '../providers/index.ts';
import { dialectsText, factsOf, limitsText, type ProviderFacts } from '../providers/provider-facts.ts';

export type ProvidersDoors = { readonly write: (text: string) => void };

export function providersCommand({ write }: ProvidersDoors): Command {
  return new Command('providers')
    .description(
      'show the providers: ids, dialects, regions, variables; of one: addresses, models, quirks, limits',
    )
    .argument('[id]', 'only this one, with all that is known of it')
    .option('--json', 'as JSON')
    .action((id: string | undefined, flags: { readonly json?: boolean }) => {
      const facts = providers.map(factsOf).filter((each) => id === undefined || each.id === id);
      const [only] = facts;
      if (only === undefined)
        throw new Error(`no provider '${id}': one of ${providers.map((each) => each.id).join(', ')}`);
      if (flags.json === true) write(`${JSON.stringify(id === undefined ? facts : only, null, 2)}\n`);
      else write(id === undefined ? listText(facts) : wholeText(only));
    });
}

function listText(facts: readonly ProviderFacts[]): string {
  const rows = facts.map((each) => [
    each.id,
    dialectsText(each),
    each.variables[0] ?? 'no secret',
    each.regions.join(' '),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function wholeText(facts: ProviderFacts): string {
  const { id, name, variables, addresses, addressForms, models, tasks, limits, quirks, sources } = facts;
  const places = Object.entries(addresses).map(([region, url]) =>
    region === '' ? url : `${region}: ${url}`,
  );
  const told = Object.entries(limits).map(([model, each]) => `${model}: ${limitsText(each)}`);
  return [
    `${pc.bold(name)} (${id}) speaks ${dialectsText(facts)}`,
    ...part('variables', variables),
    ...part('addresses', [...places, ...addressForms.map((form) => `with base_url: ${form}`)]),
    ...part('besides', tasks),
    ...part('usual models', models),
    ...part(
      'quirks',
      quirks.map(({ what }) => what),
    ),
    ...part('published limits', told),
    ...part('sources', sources),
    '',
  ].join('\n');
}

const part = (heading: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [pc.dim(heading), ...lines.map((line) => `  ${line}`)];
