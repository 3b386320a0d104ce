/**
 * Channels, account x upstream model, of whatever source their accounts are: what limits them, what is left, who holds
 * them back. A state and limits of one's own are kept in the database and hold on every instance; benches are each
 * instance's own.
 */

import { z } from 'zod';
import type { LaneView } from '../../admission/lane-view.ts';
import type { JsonObject } from '../../base/json.ts';
import { channelSchema } from '../../config/schema.ts';
import { changeChannel } from '../../config/stored/changes.ts';
import { readChannel, type StoredChannel } from '../../config/stored/rows.ts';
import { CHANNEL_STATES, type Channel } from '../../domain/channel.ts';
import { ruleOf } from '../../domain/failure.ts';
import { type Bench, isOff } from '../../routing/bench.ts';
import { noSuch, staleVersion } from './edits.ts';
import { momentAnswer, momentText, reference } from './fields.ts';
import { pageOf, pageQuery } from './page.ts';
import { priceInForce, shownInForce } from './price-fields.ts';
import { type AdminRoute, adminRoute } from './route.ts';
import {
  bump,
  changedMeanwhile,
  mergePatch,
  pageByName,
  problemSchema,
  problemsOn,
  READERS,
  requireRight,
  settingsSchema,
  type UpstreamDoors,
  WRITERS,
  withOne,
} from './upstreams.ts';

const benchAnswer = z.strictObject({
  what: z.string(),
  kind: z.string(),
  meaning: z.string(),
  off: z.boolean(),
  since_at: momentAnswer(),
  until_at: momentAnswer().nullable().meta({ description: 'Null: until somebody acts.' }),
});

const channelAnswer = z
  .strictObject({
    id: z.string(),
    account: z.string(),
    provider: z.string(),
    upstream_model: z.string(),
    models: z.array(z.string()).meta({ description: 'Names that clients ask for.' }),
    state: z.enum(CHANNEL_STATES),
    drained: z
      .boolean()
      .meta({ description: 'It takes no calls, and on this instance none is running any more.' }),
    settings: z
      .record(z.string(), z.unknown())
      .meta({ description: 'Said of this channel alone, in the database.' }),
    problems: z.array(problemSchema),
    limits: z.record(z.string(), z.unknown()).meta({ description: 'In force, as configured and published.' }),
    tier: z.number(),
    weight: z.number(),
    price: priceInForce.nullable().meta({ description: 'The list price; null: nobody knows one.' }),
    own_price: priceInForce
      .nullable()
      .meta({ description: "What its account's owner pays, where that is no share of the list price." }),
    cost_factor: z.string().meta({ description: "Share of the list price that its account's owner pays." }),
    live: z.strictObject({
      running: z.number(),
      limits: z.array(
        z.strictObject({
          limit: z.string(),
          configured: z.number(),
          in_force: z.number().meta({ description: 'After what was learned.' }),
          used: z.number(),
          left: z.number(),
        }),
      ),
      rate: z
        .strictObject({ now: z.number(), full: z.number() })
        .nullable()
        .meta({ description: 'Requests per second that slow start allows now, and at full speed.' }),
      paused_ms: z.number(),
      notes: z.array(z.string()),
      benches: z.array(benchAnswer),
    }),
  })
  .meta({ id: 'Channel' });

const params = z.object({ channel: reference() });

export function channelRoutes(doors: UpstreamDoors): readonly AdminRoute[] {
  const { database } = doors;
  const path = '/channels/{channel}';
  return [
    adminRoute({
      ...{ method: 'GET', path: '/channels', id: 'listChannels', tag: 'Channels', roles: READERS },
      summary: 'Channels, with what this instance has learned and counted of each',
      query: z.object({
        ...pageQuery,
        account: reference().optional(),
        model: reference().optional().meta({ description: 'A name that clients ask for.' }),
        state: z.enum(CHANNEL_STATES).optional(),
      }),
      answer: pageOf(channelAnswer),
      handle({ query }) {
        const { account, model, state } = query;
        const all = viewsOf(doors).filter(
          (view) =>
            (account ?? view.account) === view.account &&
            (model === undefined || view.models.includes(model)) &&
            (state ?? view.state) === view.state,
        );
        return { body: pageByName(all, ({ id }) => id, query) };
      },
    }),
    adminRoute({
      ...{ method: 'GET', path, id: 'getChannel', tag: 'Channels', roles: READERS },
      summary: 'One channel; the slashes of its id are written %2F here',
      params,
      answer: channelAnswer,
      async handle({ params: { channel: id } }) {
        const view = viewOf(doors, id);
        return { body: view, version: (await readChannel(database.query, id))?.version ?? 0 };
      },
    }),
    adminRoute({
      ...{ method: 'PATCH', path, id: 'editChannel', tag: 'Channels', roles: WRITERS, edits: true },
      summary:
        'Pause, drain or resume a channel, or give it limits, tier and weight of its own; null takes one away. In force on every instance within two seconds',
      params,
      body: z.strictObject({
        state: z
          .enum(CHANNEL_STATES)
          .optional()
          .meta({ description: '`paused`, `draining`: no attempt begins, what runs goes on to its end.' }),
        settings: settingsSchema(channelSchema).optional(),
      }),
      answer: channelAnswer,
      async handle({ params: { channel: id }, body, note, nowMs, ifMatch }) {
        viewOf(doors, id);
        const patch = body.settings;
        const done = await database.write(async (transaction) => {
          const before = await readChannel(transaction, id);
          if (patch !== undefined) requireChannel(doors, id, mergePatch(before?.settings ?? {}, patch));
          const changed = await changeChannel(
            transaction,
            {
              id,
              ...(body.state === undefined ? {} : { state: body.state }),
              ...(patch === undefined
                ? {}
                : { settings: (settings: JsonObject) => mergePatch(settings, patch) }),
              ...(ifMatch === undefined ? {} : { version: ifMatch }),
            },
            { nowMs },
          );
          if (changed === undefined)
            throw ifMatch === undefined
              ? changedMeanwhile(`The channel '${id}'`)
              : staleVersion(`The channel '${id}'`);
          await bump(transaction, 'config');
          const after = await readChannel(transaction, id);
          await note(transaction, {
            ...{ action: 'update', kind: 'channel', object: id },
            before: saidOf(before),
            after: saidOf(after),
          });
          return changed;
        });
        await doors.notice();
        return { body: viewOf(doors, id), version: done.version };
      },
    }),
    adminRoute({
      ...{
        method: 'POST',
        path: `${path}/switch-on`,
        id: 'switchOnChannel',
        tag: 'Channels',
        roles: WRITERS,
      },
      summary:
        'End what holds a channel back on this instance: benches of its own, of its account, of its secrets and of its model',
      params,
      answer: z.strictObject({ switched_on: z.array(z.string()) }),
      async handle({ params: { channel: id }, note }) {
        const channel = channelOf(doors, id);
        const ended = benchesOn(doors, channel)
          .map(({ what }) => what)
          .filter((what) => doors.front().switchOn(what));
        if (ended.length > 0)
          await database.write((transaction) =>
            note(transaction, {
              ...{ action: 'switch_on', kind: 'channel', object: id },
              after: { switched_on: ended },
            }),
          );
        return { body: { switched_on: ended } };
      },
    }),
  ];
}

type ShownPrice = ReturnType<typeof shownInForce> | null;
type ChannelView = Omit<z.output<typeof channelAnswer>, 'price' | 'own_price'> & {
  readonly price: ShownPrice;
  readonly own_price: ShownPrice;
};

/** Throws 404. */
function channelOf({ front }: UpstreamDoors, id: string): Channel {
  const channel = front()
    .snapshot()
    .catalog.channels.find((each) => each.id === id);
  if (channel === undefined) throw noSuch('channel', id);
  return channel;
}

function viewOf(doors: UpstreamDoors, id: string): ChannelView {
  channelOf(doors, id);
  return viewsOf(doors, id)[0] as ChannelView;
}

function viewsOf(doors: UpstreamDoors, only?: string): readonly ChannelView[] {
  const { front, stored } = doors;
  const lanes = new Map(
    front()
      .liveLimits()
      .map((lane) => [lane.channel, lane]),
  );
  const said = new Map(stored.rows().channels.map((channel) => [channel.id, channel]));
  const names = new Map<string, string[]>();
  const { channels, models } = front().snapshot().catalog;
  for (const model of models)
    for (const { id } of model.channels) names.set(id, [...(names.get(id) ?? []), model.name]);
  return channels
    .filter(({ id }) => only === undefined || id === only)
    .map((channel) => {
      const { id, account, limits, tier, weight, state = 'active' } = channel;
      const lane = lanes.get(id);
      return {
        ...{ id, account: account.id, provider: account.provider, upstream_model: channel.upstreamModel },
        models: names.get(id) ?? [],
        ...{ state, drained: state !== 'active' && (lane?.running ?? 0) === 0 },
        settings: said.get(id)?.settings ?? {},
        problems: problemsOn(stored.problems(), 'channel', id),
        ...{ limits, tier, weight },
        ...pricesOf(doors, channel, names.get(id)?.[0]),
        live: { ...liveOf(lane), benches: benchesOn(doors, channel).map(benchView) },
      };
    });
}

function pricesOf(
  doors: UpstreamDoors,
  channel: Channel,
  served = channel.upstreamModel,
): Pick<ChannelView, 'price' | 'own_price' | 'cost_factor'> {
  const { list, own, costFactor } = doors.pricesOf(channel, served);
  return {
    price: list === undefined ? null : shownInForce(list),
    own_price: own === undefined ? null : shownInForce(own),
    cost_factor: costFactor,
  };
}

const liveOf = (lane: LaneView | undefined): Omit<ChannelView['live'], 'benches'> => ({
  running: lane?.running ?? 0,
  limits: (lane?.limits ?? []).map(({ inForce, ...view }) => ({ ...view, in_force: inForce })),
  rate: lane?.rate ?? null,
  paused_ms: lane?.pausedMs ?? 0,
  notes: [...(lane?.notes ?? [])],
});

/** All that can hold it back, named as health names them. */
function benchesOn({ front }: UpstreamDoors, { id, account, family }: Channel): readonly Bench[] {
  const names = new Set([`channel ${id}`, `account ${account.id}`, `model ${family}`]);
  const isSecret = (what: string): boolean =>
    what.startsWith('secret ') && what.endsWith(` of ${account.id}`);
  return front()
    .benches()
    .filter(({ what }) => names.has(what) || isSecret(what));
}

const benchView = (bench: Bench): z.output<typeof benchAnswer> => ({
  ...{ what: bench.what, kind: bench.kind, meaning: ruleOf(bench.kind).meaning, off: isOff(bench) },
  since_at: momentText(Math.round(bench.sinceMs)),
  until_at: isOff(bench) ? null : momentText(Math.round(bench.untilMs)),
});

/** Throws 422. */
function requireChannel(doors: UpstreamDoors, id: string, settings: JsonObject): void {
  const rows = doors.stored.rows();
  const row: StoredChannel = { id, state: 'active', settings, version: 1, createdMs: 0, updatedMs: 0 };
  requireRight(
    doors,
    { ...rows, channels: withOne(rows.channels, row, (each) => each.id) },
    { kind: 'channel', id },
  );
}

const saidOf = (channel: StoredChannel | undefined) =>
  channel === undefined ? undefined : { state: channel.state, settings: channel.settings };
