/** `sluice factors`: what clients are charged of the list price: listed, made, ended. */

import { Command } from 'commander';
import type { JsonObject } from '../base/json.ts';
import { FACTOR_NAMES, type FactorName } from '../domain/money.ts';
import {
  type AdminDoors,
  type AdminFlags,
  adminClient,
  listingAdmin,
  meaningAdmin,
  pathPart,
} from './admin-client.ts';
import { factorOf } from './cost-flags.ts';
import { type Column, rowsText } from './table.ts';

const COLUMNS: readonly Column<JsonObject>[] = [
  {
    head: 'for',
    of: (row) =>
      FACTOR_NAMES.filter((name) => row[name] !== null)
        .map((name) => `${name} ${String(row[name])}`)
        .join(', '),
    cut: true,
  },
  { head: 'factor', of: ({ factor }) => String(factor), right: true },
  { head: 'from', of: ({ from_at, source }) => (source === 'file' ? 'the file' : dayOf(from_at)) },
  { head: 'until', of: ({ until_at }) => dayOf(until_at) },
  { head: 'id', of: ({ id }) => String(id) },
];

const dayOf = (moment: unknown): string | null => (typeof moment === 'string' ? moment.slice(0, 16) : null);

type CreateFlags = AdminFlags & {
  readonly [Name in Exclude<FactorName, 'key'> | 'for' | 'from' | 'until']?: string;
};

/** People may get a factor before they are there. A name that was mistyped charges nobody, so it is told. */
async function notThere(flags: CreateFlags, doors: AdminDoors): Promise<string[]> {
  const client = adminClient(flags, doors);
  const named = [
    ['tenant', flags.tenant],
    ['project', flags.project],
    ['key', flags.for],
  ] as const;
  const said = await Promise.all(
    named.map(async ([noun, name]) => {
      if (name === undefined) return [];
      const path = `/${noun}s/${pathPart(name)}`;
      const refusal = await client.get(path).then(() => '', String);
      return refusal.includes(`There is no ${noun} `)
        ? [`It is charged to nobody yet: there is no ${noun} '${name}'.`]
        : [];
    }),
  );
  return said.flat();
}

export function factorsCommand(doors: AdminDoors): Command {
  const command = new Command('factors').description('what clients are charged of the list price');
  command.addCommand(
    listingAdmin(
      new Command('list')
        .description('list them; those of the file come last')
        .option('--all', 'also those that have ended'),
    ).action(async (flags: AdminFlags & { readonly all?: boolean }) => {
      const rows = await adminClient(flags, doors).list('/factors', {
        active: flags.all === true ? undefined : true,
      });
      doors.write(
        rowsText(rows, COLUMNS, {
          flags,
          none: 'Everybody is charged the usual share.',
          width: doors.width?.(),
        }),
      );
    }),
    { isDefault: true },
  );
  command.addCommand(
    meaningAdmin(
      new Command('set')
        .description(
          'charge another share of the list price; of several, the most specific holds, then the newest',
        )
        .argument('<factor>', 'such as 0.88')
        .option('--tenant <id>', "a tenant's calls")
        .option('--project <id>', "a project's")
        .option('--for <id>', "a client key's")
        .option('--model <name>', 'served by this model')
        .option('--account <id>', 'served by this account')
        .option('--from <moment>', 'from then on, such as 2026-12-01T00:00:00Z (default: at once)')
        .option('--until <moment>', 'until then'),
    ).action(async (factor: string, flags: CreateFlags) => {
      const { tenant, project, for: key, model, account } = flags;
      const made = (await adminClient(flags, doors).post('/factors', {
        ...{ tenant, project, key, model, account, factor: factorOf('<factor>', factor) },
        ...{ from_at: flags.from, until_at: flags.until },
      })) as { readonly id: string };
      if (flags.json === true) return void doors.write(`${JSON.stringify(made, null, 2)}\n`);
      doors.write(`${made.id}\n`);
      for (const note of await notThere(flags, doors)) doors.write(`${note}\n`);
    }),
  );
  command.addCommand(
    meaningAdmin(
      new Command('end').description('end a factor now; it stays on record').argument('<id>'),
    ).action(async (id: string, flags: AdminFlags) => {
      await adminClient(flags, doors).editAs('*', 'DELETE', `/factors/${pathPart(id)}`);
      doors.write(`Ended ${id}.\n`);
    }),
  );
  return command;
}
