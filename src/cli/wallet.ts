/** `sluice wallet`: what is in a tenant's wallet, its entries, and new ones: top-ups, grants, adjustments. */

import { Command } from 'commander';
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
import { type Column, rowsText } from './table.ts';

type WalletFlags = AdminFlags & {
  readonly note?: string;
  readonly id?: string;
  readonly by?: string;
  readonly force?: boolean;
  readonly last?: string;
};

/** What the entries list shows where nobody says how many. */
const USUAL_ROWS = '20';

const COLUMNS: readonly Column<JsonObject>[] = [
  { head: 'at', of: ({ at }) => String(at).slice(0, 19) },
  { head: 'kind', of: ({ kind }) => String(kind) },
  { head: 'dollars', of: ({ amount }) => String(amount), right: true },
  { head: 'by', of: ({ actor }) => String(actor), cut: true },
  { head: 'note', of: ({ note, call }) => [call, note].filter(Boolean).join(' '), cut: true },
  { head: 'id', of: ({ id }) => String(id), cut: true },
];

export function walletCommand(doors: AdminDoors): Command {
  const pathOf = (tenant: string): string => `/tenants/${pathPart(tenant)}/wallet`;
  const print = (answer: unknown, flags: AdminFlags, lines: (answer: JsonObject) => string): void =>
    doors.write(
      flags.json === true || !isJsonObject(answer)
        ? `${JSON.stringify(answer, null, 2)}\n`
        : `${lines(answer)}\n`,
    );

  const book = async (kind: string, tenant: string, flags: WalletFlags, amount: string): Promise<void> => {
    const { note, id, force } = flags;
    const answer = await adminClient(flags, doors).post(`${pathOf(tenant)}/entries`, {
      ...{ kind, amount },
      ...(note === undefined ? {} : { note }),
      ...(id === undefined ? {} : { id }),
      ...(force === true ? { force } : {}),
    });
    print(answer, flags, (entry) => {
      const wallet = isJsonObject(entry['wallet']) ? entry['wallet'] : {};
      return `${pc.green(String(entry['id']))} is booked: ${walletText(wallet)}`;
    });
  };

  /** What is paid in, or given. */
  const adding = (name: string, kind: string, description: string): Command =>
    booking(new Command(name).description(description).argument('<tenant>').argument('<dollars>')).action(
      async (tenant: string, dollars: string, flags: WalletFlags) => book(kind, tenant, flags, dollars),
    );

  return new Command('wallet')
    .description('what tenants have paid in and what is left of it')
    .addCommand(
      meaningAdmin(new Command('show').description('what is in it').argument('<tenant>')).action(
        async (tenant: string, flags: AdminFlags) =>
          print(await adminClient(flags, doors).get(pathOf(tenant)), flags, walletText),
      ),
    )
    .addCommand(
      listingAdmin(new Command('entries').description('its entries, the newest first').argument('<tenant>'))
        .option('-n, --last <count>', 'how many', USUAL_ROWS)
        .action(async (tenant: string, flags: WalletFlags) => {
          const most = Number(flags.last);
          if (!Number.isInteger(most) || most < 1)
            throw new Error('--last: expected a whole number, such as 50');
          const rows = await adminClient(flags, doors).list(`${pathOf(tenant)}/entries`, {}, most);
          doors.write(
            rowsText(rows, COLUMNS, { flags, none: 'Nothing was booked yet.', width: doors.width?.() }),
          );
        }),
    )
    .addCommand(adding('top-up', 'top_up', 'book what was paid in'))
    .addCommand(adding('grant', 'grant', 'give it something'))
    .addCommand(
      booking(
        new Command('adjust')
          .description('correct it')
          .argument('<tenant>')
          .requiredOption('--by <dollars>', 'how much; below zero takes something out, as in --by -2.50')
          .option('--force', 'take out more than there is (an owner may)'),
      ).action(async (tenant: string, flags: WalletFlags) =>
        book('adjustment', tenant, flags, flags.by ?? '0'),
      ),
    );
}

const booking = (command: Command): Command =>
  meaningAdmin(command)
    .option('--note <text>', 'why')
    .option('--id <id>', 'of the entry, such as the number of a payment: told twice, it is booked once');

function walletText({ tenant, kind, balance, held, available, credit_limit: credit }: JsonObject): string {
  const has = `${String(tenant)} has $${String(balance)}`;
  const holds = held === '0' ? '' : `, of which $${String(held)} is set aside for calls`;
  if (kind === 'none') return `${has}${holds}; its calls are counted and not refused for money (no wallet).`;
  const limit = kind === 'postpaid' ? ` (postpaid, to $${String(credit)} below zero)` : '';
  return `${has}${holds}; the next calls may cost $${String(available)}${limit}.`;
}
