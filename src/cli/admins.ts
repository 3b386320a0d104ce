/** `sluice admins`: who may use the admin API beside the admin key: listed, made, given a new key, deactivated. */

import { Command } from 'commander';
import pc from 'picocolors';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { ADMIN_ROLES } from '../domain/admin.ts';
import {
  type AdminDoors,
  type AdminFlags,
  adminClient,
  listingAdmin,
  meaningAdmin,
  pathPart,
} from './admin-client.ts';
import { type Column, rowsText } from './table.ts';

type CreateFlags = AdminFlags & { readonly role: string; readonly tenant?: string };

const COLUMNS: readonly Column<JsonObject>[] = [
  { head: 'id', of: ({ id }) => String(id) },
  { head: 'name', of: ({ name }) => String(name), cut: true },
  {
    head: 'role',
    of: ({ role, tenant }) => (tenant === null ? String(role) : `${String(role)} ${String(tenant)}`),
  },
  { head: 'key', of: ({ prefix }) => `${String(prefix)}…` },
  { head: 'active', of: ({ active }) => active === true },
];

export function adminsCommand(doors: AdminDoors): Command {
  const command = new Command('admins').description('who may use the admin API beside the admin key');
  command.addCommand(
    listingAdmin(new Command('list').description('list them')).action(async (flags: AdminFlags) => {
      const rows = await adminClient(flags, doors).list('/admins');
      doors.write(
        rowsText(rows, COLUMNS, { flags, none: 'There is the admin key alone.', width: doors.width?.() }),
      );
    }),
    { isDefault: true },
  );
  command.addCommand(
    meaningAdmin(
      new Command('create')
        .description('make an admin; its key is shown once')
        .argument('<name>', 'for people to know it by')
        .requiredOption('-r, --role <role>', ADMIN_ROLES.join(', '))
        .option('-t, --tenant <id>', 'the own tenant of a tenant-admin'),
    ).action(async (name: string, flags: CreateFlags) => {
      const { role, tenant } = flags;
      const made = await adminClient(flags, doors).post('/admins', {
        name,
        role,
        ...(tenant === undefined ? {} : { tenant }),
      });
      doors.write(keyText(made, flags));
    }),
  );
  command.addCommand(
    meaningAdmin(
      new Command('rotate').description('give an admin a new key: the old one ends at once').argument('<id>'),
    ).action(async (id: string, flags: AdminFlags) => {
      const made = await adminClient(flags, doors).post(`/admins/${pathPart(id)}/rotate`);
      doors.write(keyText(made, flags));
    }),
  );
  for (const [word, active] of [
    ['deactivate', false],
    ['activate', true],
  ] as const)
    command.addCommand(
      meaningAdmin(
        new Command(word)
          .description(active ? 'let an admin in again' : 'let an admin in no more: its sessions end')
          .argument('<id>'),
      ).action(async (id: string, flags: AdminFlags) => {
        const admin = await adminClient(flags, doors).edit('PATCH', `/admins/${pathPart(id)}`, { active });
        doors.write(
          flags.json === true
            ? `${JSON.stringify(admin, null, 2)}\n`
            : `${pc.green(id)} ${active ? 'comes in again' : 'comes in no more'}.\n`,
        );
      }),
    );
  return command;
}

function keyText(made: unknown, flags: AdminFlags): string {
  if (flags.json === true) return `${JSON.stringify(made, null, 2)}\n`;
  const { id, name, key } = isJsonObject(made) ? made : {};
  return `${pc.green(String(name))} is ${String(id)}. Its key, shown this once:\n\n  ${String(key)}\n`;
}
