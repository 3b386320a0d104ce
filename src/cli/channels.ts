/** `sluice channels`: what each channel of the running relay may and does, and the operator's hand on it. */

import { Command } from 'commander';
import pc from 'picocolors';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import type { ChannelState } from '../domain/channel.ts';
import { limitsOf } from './account-flags.ts';
import {
  type AdminDoors,
  type AdminFlags,
  adminClient,
  listingAdmin,
  meaningAdmin,
  pathPart,
} from './admin-client.ts';
import { type Column, rowsText } from './table.ts';

export type ChannelDoors = AdminDoors & { sleep(ms: number): Promise<void> };

type ListFlags = AdminFlags & { readonly account?: string; readonly model?: string; readonly state?: string };
type DrainFlags = AdminFlags & { readonly wait?: boolean };
type LimitFlags = AdminFlags & { readonly clear?: boolean; readonly tier?: string; readonly weight?: string };

const COLUMNS: readonly Column<JsonObject>[] = [
  { head: 'channel', of: ({ id }) => String(id) },
  {
    head: 'state',
    of: ({ state, drained }) => (state === 'draining' && drained === true ? 'drained' : String(state)),
  },
  { head: 'running', of: (channel) => Number(liveIn(channel)['running'] ?? 0), right: true },
  { head: 'limits', of: (channel) => limitsText(channel), cut: true },
  { head: 'tier', of: ({ tier }) => Number(tier), right: true },
  { head: 'held back by', of: (channel) => benchText(channel), cut: true },
];

const liveIn = ({ live }: JsonObject): JsonObject => (isJsonObject(live) ? live : {});
const objectsIn = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** What is left of what is in force. */
const limitsText = (channel: JsonObject): string =>
  objectsIn(liveIn(channel)['limits'])
    .map(({ limit, left, in_force }) => `${String(limit)} ${Math.floor(Number(left))}/${String(in_force)}`)
    .join(' ');

const benchText = (channel: JsonObject): string =>
  objectsIn(liveIn(channel)['benches'])
    .map(({ what, kind, off }) => `${String(what)} (${String(kind)}${off === true ? ', off' : ''})`)
    .join(', ');

const WORDS = [
  ['pause', 'paused', 'no attempt begins on it until it is resumed; what runs goes on', 'takes no calls'],
  ['drain', 'draining', 'the same, and tells when the last one has ended', 'takes no new calls'],
  ['resume', 'active', 'it takes calls again', 'takes calls again'],
] as const satisfies readonly (readonly [string, ChannelState, string, string])[];

/** Between two looks at a channel that drains. */
const LOOK_EVERY_MS = 1_000;

export function channelsCommand(doors: ChannelDoors): Command {
  const command = new Command('channels').description(
    'channels, account x upstream model: limits, states, benches',
  );
  const { write } = doors;
  const pathOf = (id: string): string => `/channels/${pathPart(id)}`;

  command.addCommand(
    listingAdmin(new Command('list').description('list them'))
      .option('--account <id>', 'only of this account')
      .option('--model <name>', 'only those that serve this model')
      .option('--state <word>', 'only active, paused or draining ones')
      .action(async (flags: ListFlags) => {
        const { account, model, state } = flags;
        const rows = await adminClient(flags, doors).list('/channels', { account, model, state });
        write(rowsText(rows, COLUMNS, { flags, none: 'There is no such channel.', width: doors.width?.() }));
      }),
    { isDefault: true },
  );
  for (const [word, state, description, said] of WORDS) {
    const each = meaningAdmin(
      new Command(word).description(description).argument('<channel...>', 'account/upstream-model'),
    );
    if (word === 'drain') each.option('--wait', 'until the last call has ended on the relay that is asked');
    command.addCommand(
      each.action(async (ids: readonly string[], flags: DrainFlags) => {
        const client = adminClient(flags, doors);
        for (const id of ids) {
          let channel = await client.editAs('*', 'PATCH', pathOf(id), { state });
          while (flags.wait === true && isJsonObject(channel) && channel['drained'] !== true) {
            await doors.sleep(LOOK_EVERY_MS);
            channel = await client.get(pathOf(id));
          }
          const running = isJsonObject(channel) ? Number(liveIn(channel)['running'] ?? 0) : 0;
          const left =
            word === 'resume' || running === 0 ? '' : ` ${running} still ${running === 1 ? 'runs' : 'run'}.`;
          write(
            flags.json === true
              ? `${JSON.stringify(channel, null, 2)}\n`
              : `${pc.green(id)} ${said}.${left}\n`,
          );
        }
      }),
    );
  }
  command.addCommand(
    meaningAdmin(
      new Command('limits')
        .description('limits of its own, which win over all others; none given: as they are')
        .argument('<channel>')
        .argument('[limits...]', 'rpm=60 tpm=off; rps= takes one away'),
    )
      .option('--tier <number>', 'lower is tried first')
      .option('--weight <number>', 'share of the traffic')
      .option('--clear', 'takes all of its own away')
      .action(async (id: string, limits: readonly string[], flags: LimitFlags) => {
        const { clear, tier, weight } = flags;
        const settings = {
          ...(clear === true ? { limits: null, tier: null, weight: null } : {}),
          ...(limits.length === 0 ? {} : { limits: limitsOf(limits) }),
          ...(tier === undefined ? {} : { tier }),
          ...(weight === undefined ? {} : { weight }),
        };
        const client = adminClient(flags, doors);
        const channel =
          Object.keys(settings).length === 0
            ? await client.get(pathOf(id))
            : await client.editAs('*', 'PATCH', pathOf(id), { settings });
        write(
          flags.json === true || !isJsonObject(channel)
            ? `${JSON.stringify(channel, null, 2)}\n`
            : settingsText(channel),
        );
      }),
  );
  command.addCommand(
    meaningAdmin(
      new Command('on')
        .description('end what holds it back on the relay that is asked')
        .argument('<channel>'),
    ).action(async (id: string, flags: AdminFlags) => {
      const done = await adminClient(flags, doors).post(`${pathOf(id)}/switch-on`);
      const ended = isJsonObject(done) && Array.isArray(done['switched_on']) ? done['switched_on'] : [];
      if (flags.json === true) write(`${JSON.stringify(done, null, 2)}\n`);
      else
        write(
          ended.length === 0
            ? `Nothing held ${id} back.\n`
            : `${pc.green(ended.join(', '))} may be tried again at once.\n`,
        );
    }),
  );
  return command;
}

function settingsText({ id, limits, tier, weight, settings }: JsonObject): string {
  const text = (value: unknown): string =>
    Object.entries(isJsonObject(value) ? value : {})
      .map(([name, each]) => `${name} ${typeof each === 'object' ? JSON.stringify(each) : String(each)}`)
      .join(', ') || 'none';
  const own = isJsonObject(settings) ? settings : {};
  return [
    pc.bold(String(id)),
    `  in force: ${text(limits)}; tier ${String(tier)}, weight ${String(weight)}`,
    `  its own:  ${text(own['limits'])}${own['tier'] === undefined ? '' : `; tier ${String(own['tier'])}`}${own['weight'] === undefined ? '' : `; weight ${String(own['weight'])}`}`,
    '',
  ].join('\n');
}
