/**
 * `sluice keys`: client keys of the running relay, listed, made, shown, changed, given new words, revoked. What clients send
 * is printed once, when it is made; with `--quiet` alone, for scripts.
 */

import { Command } from 'commander';
import pc from 'picocolors';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { readDuration } from '../config/duration.ts';
import {
  type AdminDoors,
  type AdminFlags,
  adminClient,
  listingAdmin,
  meaningAdmin,
  pathPart,
} from './admin-client.ts';
import { type KeyFlags, keyBody, sayingKey } from './key-flags.ts';
import { budgetsText, jsonOf, linesOf } from './people-flags.ts';
import { type Column, rowsText } from './table.ts';

export type PeopleCommandDoors = AdminDoors & { nowMs(): number };

type ListFlags = AdminFlags & {
  readonly tenant?: string;
  readonly project?: string;
  readonly state?: string;
  readonly source?: string;
  readonly prefix?: string;
};
type QuietFlags = { readonly quiet?: boolean };

const listed = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const COLUMNS: readonly Column<JsonObject>[] = [
  { head: 'id', of: ({ id }) => String(id) },
  { head: 'label', of: ({ label }) => String(label), cut: true },
  {
    head: 'tenant',
    of: ({ tenant, project }) => (project === null ? String(tenant) : `${String(tenant)}/${String(project)}`),
  },
  {
    head: 'key',
    of: ({ words }) =>
      listed(words)
        .map((each) => (isJsonObject(each) ? `${String(each['prefix'])}…` : ''))
        .join(' '),
  },
  {
    head: 'state',
    of: ({ state, shadowed, source }) =>
      `${String(state)}${shadowed === true ? ', hidden by the file' : source === 'file' ? ' (file)' : ''}`,
  },
  { head: 'expires', of: ({ expires_at }) => (expires_at === null ? '' : String(expires_at).slice(0, 10)) },
  {
    head: 'limits',
    of: ({ limits }) =>
      Object.entries(Object(limits) as object)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(' '),
    cut: true,
  },
  { head: 'budgets', of: ({ budgets }) => budgetsText(budgets), cut: true },
];

export function keysCommand(doors: PeopleCommandDoors): Command {
  const command = new Command('keys').description('client keys: who may call');
  command.addCommand(
    listingAdmin(new Command('list').description('list them'))
      .option('-t, --tenant <id>', 'only of this tenant')
      .option('-p, --project <id>', 'only of this project')
      .option('--state <word>', 'active, revoked or expired')
      .option('--source <word>', 'database or file')
      .option('--prefix <text>', 'whose words begin so: the first 14 characters of what a client sends')
      .action(async (flags: ListFlags) => {
        const { tenant, project, state, source, prefix } = flags;
        const rows = await adminClient(flags, doors).list('/keys', {
          tenant,
          project,
          state,
          source,
          prefix,
        });
        doors.write(rowsText(rows, COLUMNS, { flags, none: 'There are none.', width: doors.width?.() }));
      }),
    { isDefault: true },
  );
  command.addCommand(
    quietly(sayingKey(meaningAdmin(new Command('create').description('make a key, and print it this once'))))
      .argument('[id]', 'its name in logs and reports; not given: one is made')
      .option('-t, --tenant <id>', 'whose it is')
      .action(async (id: string | undefined, flags: KeyFlags & QuietFlags & { readonly tenant?: string }) => {
        const { tenant } = flags;
        const body = {
          ...(id === undefined ? {} : { id }),
          ...(tenant === undefined ? {} : { tenant }),
          ...withoutNull(keyBody(flags, { nowMs: doors.nowMs() })),
        };
        doors.write(wordsText(await adminClient(flags, doors).post('/keys', body), flags, 'is made'));
      }),
  );
  command.addCommand(
    meaningAdmin(new Command('show').description('show one').argument('<id>')).action(
      async (id: string, flags: AdminFlags) => {
        doors.write(thingText(await adminClient(flags, doors).get(pathOf(id)), flags));
      },
    ),
  );
  command.addCommand(
    sayingKey(meaningAdmin(new Command('edit').description('change one; in force within two seconds')))
      .argument('<id>')
      .action(async (id: string, flags: KeyFlags) => {
        const client = adminClient(flags, doors);
        const before = await client.get(pathOf(id));
        const known = isJsonObject(before) ? before : {};
        const body = keyBody(flags, { before: known, nowMs: doors.nowMs() });
        if (Object.keys(body).length === 0)
          throw new Error('say what is to be changed: `sluice keys edit --help` lists it');
        const version = typeof known['version'] === 'number' ? `"${known['version']}"` : '*';
        doors.write(thingText(await client.editAs(version, 'PATCH', pathOf(id), body), flags));
      }),
  );
  command.addCommand(
    quietly(meaningAdmin(new Command('rotate').description('give one new words, and print them this once')))
      .argument('<id>')
      .option('-o, --overlap <time>', 'how long the old ones stay good; 0: they end at once', '24h')
      .action(async (id: string, flags: AdminFlags & QuietFlags & { readonly overlap: string }) => {
        const overlapMs = readDuration(flags.overlap);
        if (overlapMs === undefined) throw new Error('--overlap: expected a time such as 24h, 30m or 0');
        const made = await adminClient(flags, doors).post(`${pathOf(id)}/rotate`, {
          overlap_seconds: Math.round(overlapMs / 1_000),
        });
        doors.write(wordsText(made, flags, 'has new words'));
      }),
  );
  command.addCommand(
    meaningAdmin(new Command('revoke').description('revoke one for good').argument('<id>')).action(
      async (id: string, flags: AdminFlags) => {
        const revoked = await adminClient(flags, doors).edit('DELETE', pathOf(id));
        doors.write(flags.json === true ? jsonOf(revoked) : `${pc.green(id)} is revoked.\n`);
      },
    ),
  );
  return command;
}

const quietly = (command: Command): Command =>
  command.option('-q, --quiet', 'print what clients send and nothing else, for scripts');

const pathOf = (id: string): string => `/keys/${pathPart(id)}`;

/** A new key has nothing that could be taken away. */
const withoutNull = (body: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));

const thingText = (thing: unknown, flags: AdminFlags): string =>
  flags.json === true || !isJsonObject(thing) ? jsonOf(thing) : linesOf(thing);

function wordsText(made: unknown, flags: AdminFlags & QuietFlags, done: string): string {
  const { id, key } = isJsonObject(made) ? made : {};
  if (flags.quiet === true) return `${String(key)}\n`;
  if (flags.json === true) return jsonOf(made);
  return `${pc.green(String(id))} ${done}. What clients send, shown this once:\n\n  ${String(key)}\n`;
}
