/** `sluice tenants` and `sluice projects`: whose keys they are and who pays, listed, made, shown, changed, deleted. */

import { Command, Option } from 'commander';
import pc from 'picocolors';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import {
  type AdminDoors,
  type AdminFlags,
  adminClient,
  listingAdmin,
  meaningAdmin,
  pathPart,
} from './admin-client.ts';
import { budgetsText, jsonOf, linesOf, mixed, readBudget, readNote, readSwitch } from './people-flags.ts';
import { type Column, rowsText } from './table.ts';

type OwnerFlags = AdminFlags & {
  readonly name?: string;
  readonly tenant?: string;
  readonly active?: boolean;
  readonly wallet?: string;
  readonly creditLimit?: string;
  readonly budget?: JsonObject;
  readonly note?: JsonObject;
};

type Kind = {
  readonly word: string;
  readonly one: string;
  readonly description: string;
  readonly columns: readonly Column<JsonObject>[];
  /** Options that only this kind has. */
  saying(command: Command, isNew: boolean): Command;
  listing(command: Command): Command;
};

const sourceText = ({ source, shadowed }: JsonObject): string =>
  shadowed === true ? `${String(source)}, hidden by the file` : String(source);

const TENANTS: Kind = {
  word: 'tenants',
  one: 'tenant',
  description: 'organisations: whose keys they are, and who pays',
  columns: [
    { head: 'id', of: ({ id }) => String(id) },
    { head: 'name', of: ({ name }) => String(name), cut: true },
    { head: 'active', of: ({ active }) => active === true },
    {
      head: 'wallet',
      of: ({ wallet, credit_limit }) =>
        wallet === 'postpaid' ? `postpaid to -$${String(credit_limit)}` : String(wallet),
    },
    { head: 'budgets', of: ({ budgets }) => budgetsText(budgets), cut: true },
    { head: 'from', of: sourceText },
  ],
  saying: (command) =>
    command
      .option('--active <on|off>', 'while off its keys are refused', readSwitch)
      .addOption(new Option('--wallet <kind>', 'how it pays').choices(['none', 'prepaid', 'postpaid']))
      .option('--credit-limit <dollars>', 'how far below zero a postpaid wallet may go'),
  listing: (command) => command,
};

const PROJECTS: Kind = {
  word: 'projects',
  one: 'project',
  description: 'parts of a tenant, with budgets of their own',
  columns: [
    { head: 'id', of: ({ id }) => String(id) },
    { head: 'name', of: ({ name }) => String(name), cut: true },
    { head: 'tenant', of: ({ tenant }) => String(tenant) },
    { head: 'budgets', of: ({ budgets }) => budgetsText(budgets), cut: true },
    { head: 'from', of: sourceText },
  ],
  saying: (command, isNew) => (isNew ? command.option('-t, --tenant <id>', 'whose it is') : command),
  listing: (command) => command.option('-t, --tenant <id>', 'only of this tenant'),
};

export const tenantsCommand = (doors: AdminDoors): Command => commandOf(TENANTS, doors);
export const projectsCommand = (doors: AdminDoors): Command => commandOf(PROJECTS, doors);

function commandOf(kind: Kind, doors: AdminDoors): Command {
  const { word, one, columns } = kind;
  const pathOf = (id: string): string => `/${word}/${pathPart(id)}`;
  const shown = (thing: unknown, flags: AdminFlags): string =>
    flags.json === true || !isJsonObject(thing) ? jsonOf(thing) : linesOf(thing);
  const saying = (command: Command, isNew: boolean): Command =>
    kind
      .saying(meaningAdmin(command.argument('<id>')), isNew)
      .option('-n, --name <text>', 'its name for people')
      .option(
        '--budget <period=dollars>',
        'day, week, month or total, as in day=5; several times',
        readBudget,
      )
      .option('--note <name=value>', 'a note of your own; several times', readNote);

  const command = new Command(word).description(kind.description);
  command.addCommand(
    kind
      .listing(listingAdmin(new Command('list').description('list them')))
      .action(async (flags: OwnerFlags) => {
        const rows = await adminClient(flags, doors).list(`/${word}`, { tenant: flags.tenant });
        doors.write(rowsText(rows, columns, { flags, none: 'There are none.', width: doors.width?.() }));
      }),
    { isDefault: true },
  );
  command.addCommand(
    saying(new Command('create').description(`make a ${one}`), true).action(
      async (id: string, flags: OwnerFlags) => {
        const made = await adminClient(flags, doors).post(`/${word}`, { id, ...bodyOf(flags) });
        doors.write(flags.json === true ? jsonOf(made) : `${pc.green(id)} is made.\n`);
      },
    ),
  );
  command.addCommand(
    meaningAdmin(new Command('show').description('show one').argument('<id>')).action(
      async (id: string, flags: AdminFlags) => {
        doors.write(shown(await adminClient(flags, doors).get(pathOf(id)), flags));
      },
    ),
  );
  command.addCommand(
    saying(new Command('edit').description('change one; in force within two seconds'), false).action(
      async (id: string, flags: OwnerFlags) => {
        const client = adminClient(flags, doors);
        const before = await client.get(pathOf(id));
        const known = isJsonObject(before) ? before : {};
        const body = bodyOf(flags, known);
        if (Object.keys(body).length === 0)
          throw new Error(`say what is to be changed: \`sluice ${word} edit --help\` lists it`);
        const version = typeof known['version'] === 'number' ? `"${known['version']}"` : '*';
        doors.write(shown(await client.editAs(version, 'PATCH', pathOf(id), body), flags));
      },
    ),
  );
  command.addCommand(
    meaningAdmin(
      new Command('delete').description('delete one of which nothing is on record').argument('<id>'),
    ).action(async (id: string, flags: AdminFlags) => {
      await adminClient(flags, doors).edit('DELETE', pathOf(id));
      doors.write(flags.json === true ? jsonOf({ id, deleted: true }) : `${pc.green(id)} is deleted.\n`);
    }),
  );
  return command;
}

function bodyOf(flags: OwnerFlags, before: JsonObject = {}): JsonObject {
  const said = {
    name: flags.name,
    tenant: flags.tenant,
    active: flags.active,
    wallet: flags.wallet,
    credit_limit: flags.creditLimit,
    budgets: flags.budget === undefined ? undefined : mixed(before['budgets'], flags.budget),
    metadata: flags.note === undefined ? undefined : mixed(before['metadata'], flags.note),
  };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
