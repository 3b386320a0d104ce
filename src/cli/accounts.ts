/**
 * `sluice accounts`: accounts of the running relay, those of the file shown, those of its database made, changed, tested and
 * removed. What they are takes effect at once, without a restart.
 */

import { Command } from 'commander';
import pc from 'picocolors';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { type AccountFlags, sayingAccount, settingsOf } from './account-flags.ts';
import {
  type AdminDoors,
  type AdminFlags,
  adminClient,
  listingAdmin,
  meaningAdmin,
  pathPart,
} from './admin-client.ts';
import { type LiveResult, liveTable } from './check.ts';
import { type SecretDoors, secretFrom } from './read-secret.ts';
import { type Column, rowsText } from './table.ts';

export type AccountDoors = AdminDoors &
  SecretDoors & {
    readonly readFile: (path: string) => string;
    readonly setExitCode: (code: number) => void;
  };

type ListFlags = AdminFlags & { readonly provider?: string; readonly source?: string };
type AddFlags = AdminFlags &
  AccountFlags & { readonly provider: string; readonly env?: readonly string[]; readonly stdin?: boolean };
type EditFlags = AdminFlags & AccountFlags & { readonly provider?: string };
type SecretFlags = AdminFlags & { readonly env?: string };
type TestFlags = AdminFlags & { readonly model?: string };

const count = (value: unknown): number => (Array.isArray(value) ? value.length : 0);

const COLUMNS: readonly Column<JsonObject>[] = [
  { head: 'id', of: ({ id }) => String(id) },
  { head: 'provider', of: ({ provider }) => String(provider) },
  { head: 'source', of: ({ source }) => String(source) },
  { head: 'in force', of: ({ in_force }) => in_force === true },
  { head: 'secrets', of: ({ secret_count }) => Number(secret_count), right: true },
  { head: 'channels', of: ({ channels }) => count(channels), right: true },
  { head: 'problem', of: (account) => problemsIn(account)[0] ?? '', cut: true },
];

const SECRET_COLUMNS: readonly Column<JsonObject>[] = [
  { head: 'id', of: ({ id }) => String(id) },
  { head: 'secret', of: ({ hint }) => String(hint) },
  { head: 'added', of: ({ created_at }) => String(created_at) },
];

const problemsIn = ({ problems }: JsonObject): string[] =>
  (Array.isArray(problems) ? problems : [])
    .filter(isJsonObject)
    .map(({ path, message }) => (path === '' ? String(message) : `${String(path)}: ${String(message)}`));

export function accountsCommand(doors: AccountDoors): Command {
  const command = new Command('accounts').description('accounts at providers: the pool');
  const { write } = doors;
  const pathOf = (id: string): string => `/accounts/${pathPart(id)}`;

  command.addCommand(
    listingAdmin(new Command('list').description('list them'))
      .option('--provider <id>', 'only of this provider')
      .option('--source <word>', 'only of file, environment, simulator or database')
      .action(async (flags: ListFlags) => {
        const { provider, source } = flags;
        const rows = await adminClient(flags, doors).list('/accounts', { provider, source });
        write(
          rowsText(rows, COLUMNS, {
            flags,
            none: 'There is no account: `sluice accounts add` adds one.',
            width: doors.width?.(),
          }),
        );
      }),
    { isDefault: true },
  );
  command.addCommand(
    meaningAdmin(new Command('show').description('all about one').argument('<id>')).action(
      async (id: string, flags: AdminFlags) => {
        write(accountText(await adminClient(flags, doors).get(pathOf(id)), flags));
      },
    ),
  );
  command.addCommand(
    sayingAccount(
      meaningAdmin(
        new Command('add').description('add one to the database').argument('<id>', 'your name for it'),
      ),
    )
      .requiredOption('-p, --provider <id>', 'who answers: see `sluice providers`')
      .option('--env <variable...>', 'secrets, in variables of this shell')
      .option('--stdin', 'a secret, by standard input; on a terminal it is asked for')
      .action(async (id: string, flags: AddFlags) => {
        const secrets: string[] = [];
        for (const variable of flags.env ?? [])
          secrets.push(await secretFrom(doors, { variable, question: '' }));
        if (flags.stdin === true)
          secrets.push(await secretFrom(doors, { variable: undefined, question: `Secret of ${id}: ` }));
        const { provider } = flags;
        const settings = settingsOf(flags, doors.readFile);
        const made = await adminClient(flags, doors).post('/accounts', { id, provider, settings, secrets });
        write(accountText(made, flags));
        if (secrets.length === 0 && flags.json !== true && isJsonObject(made) && made['in_force'] !== true)
          write(`\`sluice accounts secrets add ${id}\` asks for its secret.\n`);
      }),
  );
  command.addCommand(
    sayingAccount(meaningAdmin(new Command('edit').description('change one').argument('<id>')))
      .option('-p, --provider <id>', 'another provider: takes its secrets away')
      .option('--unset <path...>', 'takes a setting away, as in limits.rpm')
      .action(async (id: string, flags: EditFlags) => {
        const { provider } = flags;
        const settings = settingsOf(flags, doors.readFile);
        const body = { settings, ...(provider === undefined ? {} : { provider }) };
        const changed = await adminClient(flags, doors).edit('PATCH', pathOf(id), body);
        const cleared = isJsonObject(changed) ? Number(changed['secrets_cleared']) : 0;
        write(accountText(changed, flags));
        if (cleared > 0 && flags.json !== true)
          write(
            `${pc.yellow(`${cleared} of its secrets ${cleared === 1 ? 'was' : 'were'} removed`)}: they were for the address that it had. Add the new ones with \`sluice accounts secrets add ${id}\`.\n`,
          );
      }),
  );
  command.addCommand(
    meaningAdmin(new Command('remove').description('remove one with its secrets').argument('<id>')).action(
      async (id: string, flags: AdminFlags) => {
        await adminClient(flags, doors).edit('DELETE', pathOf(id));
        write(`${pc.green(id)} is removed. Calls that it is serving go on to their end.\n`);
      },
    ),
  );
  command.addCommand(
    meaningAdmin(
      new Command('test')
        .description('ask each of its channels for one token, and say what is wrong')
        .argument('<id>')
        .option('-m, --model <name>', 'only this upstream model'),
    ).action(async (id: string, flags: TestFlags) => {
      const { model } = flags;
      const query = model === undefined ? '' : `?model=${encodeURIComponent(model)}`;
      const tested = await adminClient(flags, doors).post(`${pathOf(id)}/test${query}`);
      const { ok, channels } = isJsonObject(tested) ? tested : {};
      write(
        flags.json === true ? jsonText(tested) : `${liveTable((channels ?? []) as readonly LiveResult[])}\n`,
      );
      if (ok !== true) doors.setExitCode(1);
    }),
  );
  command.addCommand(secretsCommand(doors));
  return command;
}

function secretsCommand(doors: AccountDoors): Command {
  const command = new Command('secrets').description('secrets of an account in the database');
  const { write } = doors;
  const pathOf = (account: string): string => `/accounts/${pathPart(account)}/secrets`;
  command.addCommand(
    listingAdmin(
      new Command('list').description('what is known of them: never the secrets').argument('<account>'),
    ).action(async (account: string, flags: AdminFlags) => {
      const list = await adminClient(flags, doors).get(pathOf(account));
      const data = isJsonObject(list) && Array.isArray(list['data']) ? list['data'].filter(isJsonObject) : [];
      write(
        rowsText(data, SECRET_COLUMNS, { flags, none: `${account} has no secret.`, width: doors.width?.() }),
      );
    }),
  );
  command.addCommand(
    meaningAdmin(new Command('add').description('add one, by standard input').argument('<account>'))
      .option('--env <variable>', 'in a variable of this shell, instead')
      .action(async (account: string, flags: SecretFlags) => {
        const secret = await secretFrom(doors, { variable: flags.env, question: `Secret of ${account}: ` });
        const added = await adminClient(flags, doors).post(pathOf(account), { secret });
        const { id, hint } = isJsonObject(added) ? added : {};
        write(
          flags.json === true ? jsonText(added) : `${pc.green(String(id))} (${String(hint)}) is in force.\n`,
        );
      }),
  );
  command.addCommand(
    meaningAdmin(
      new Command('remove').description('remove one').argument('<account>').argument('<secret>', 'its id'),
    ).action(async (account: string, secret: string, flags: AdminFlags) => {
      await adminClient(flags, doors).editAs('*', 'DELETE', `${pathOf(account)}/${pathPart(secret)}`);
      write(`${pc.green(secret)} is removed. Calls under way keep it to their end.\n`);
    }),
  );
  return command;
}

function accountText(account: unknown, flags: AdminFlags): string {
  if (flags.json === true || !isJsonObject(account)) return jsonText(account);
  const { id, provider, source, in_force: inForce, settings, secret_count: secrets, channels } = account;
  const problems = problemsIn(account);
  const lines = [
    `${pc.bold(String(id))}  ${String(provider)}, of the ${String(source)}, ${inForce === true ? pc.green('in force') : pc.red('not in force')}`,
    ...problems.map((problem) => `  ${pc.yellow('!')} ${problem}`),
    `  secrets:  ${String(secrets)}`,
    `  channels: ${Array.isArray(channels) && channels.length > 0 ? channels.join(', ') : 'none'}`,
    `  settings: ${JSON.stringify(settings)}`,
  ];
  return `${lines.join('\n')}\n`;
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
