/** The calls over the admin API: pages of them, newest first, and the whole story of one. */

import { z } from 'zod';
import { parseJson } from '../../base/json.ts';
import { callPage } from '../../ledger/call-pages.ts';
import { callStory, forTenant, storyLines, type ToldCall } from '../../ledger/call-story.ts';
import { DAY_MS } from '../../ledger/tally.ts';
import type { EntryRow } from '../../storage/tables.ts';
import { noSuch } from './edits.ts';
import { momentText, reference } from './fields.ts';
import { isOwn } from './own-tenant.ts';
import { cursorOf, pageOf, pageQuery, placeOf } from './page.ts';
import { costAnswer, filterQuery, filtersOf, isOfHouse, momentOrDay, tokensAnswer } from './report-fields.ts';
import { ADMIN_ROLES, type AdminRoute, type Asker, adminRoute } from './route.ts';
import type { ReportDoors } from './usage-routes.ts';

const time = () => z.string().meta({ format: 'date-time' });

const callFields = {
  id: z.string(),
  arrived_at: time(),
  ended_at: time(),
  tenant: z.string(),
  project: z.string().nullable(),
  key: z.string(),
  dialect: z.string(),
  stream: z.boolean(),
  model: z.string().meta({ description: 'As it was asked for.' }),
  served: z.string().nullable(),
  channel: z.string().nullable().optional(),
  account: z.string().nullable().optional(),
  provider: z.string().nullable().optional(),
  instance: z.string().optional(),
  status: z.int(),
  end: z.string().meta({ description: 'complete, failed, client_gone or stream_died.' }),
  failure: z.string().nullable(),
  attempts: z.int(),
  queue_ms: z.number(),
  overhead_ms: z.number(),
  first_content_ms: z.number().nullable(),
  duration_ms: z.number(),
  tokens: tokensAnswer.nullable().meta({ description: 'Null where the call never reached a provider.' }),
  usage_source: z.string().nullable().meta({ description: 'upstream, partial or estimated.' }),
  price: z.string().nullable(),
  factor: z.string(),
  list: costAnswer(),
  charged: costAnswer(),
  upstream: costAnswer().optional(),
  in_wallet: z.boolean().meta({ description: 'Charged to the wallet; false: only counted.' }),
  tags: z.array(z.string()),
};

const storyAnswer = z.object({
  attempts: z.array(z.looseObject({ channel: z.string() })),
  fallbacks: z.array(z.object({ from: z.string(), to: z.string(), reason: z.string() })),
  resumed: z.array(z.looseObject({ from: z.string(), to: z.string() })),
  dropped: z.array(z.string()),
});

export const callRoutes = (doors: ReportDoors): AdminRoute[] => [listCalls(doors), getCall(doors)];

const listCalls = ({ database, kept }: ReportDoors): AdminRoute =>
  adminRoute({
    method: 'GET',
    path: '/calls',
    id: 'listCalls',
    summary: 'Calls, newest first',
    tag: 'Calls',
    roles: ADMIN_ROLES,
    query: z.object({
      ...pageQuery,
      from: momentOrDay().optional().meta({ description: 'Arrived then or later.' }),
      to: momentOrDay().optional().meta({ description: 'Arrived before.' }),
      ...filterQuery,
    }),
    answer: pageOf(z.object(callFields)).meta({
      description: 'A page may be shorter than its limit and have a next one.',
    }),
    async handle({ asker, query: { limit, cursor, from, to, ...filters }, nowMs }) {
      const place = placeOf(cursor);
      const { entriesMs } = kept();
      // Of days that are gone the roll-ups still tell: nobody has to page through them.
      const oldestMs = entriesMs === undefined ? 0 : nowMs - entriesMs - DAY_MS;
      const { calls, next } = await callPage(
        database,
        {
          ...{ filters: filtersOf(asker, filters), limit, toMs: to },
          fromMs: Math.max(from ?? 0, oldestMs),
          before: place === undefined ? undefined : { ms: place.at, id: place.id },
        },
        nowMs,
      );
      return {
        body: {
          data: calls.map((entry) => shown(entry, asker)),
          next: next === null ? null : cursorOf({ at: next.ms, id: next.id }),
        },
      };
    },
  });

const getCall = ({ database }: ReportDoors): AdminRoute =>
  adminRoute({
    method: 'GET',
    path: '/calls/{id}',
    id: 'getCall',
    summary: 'The whole story of one call: why it waited, what was tried, what it cost',
    tag: 'Calls',
    roles: ADMIN_ROLES,
    params: z.object({ id: reference() }),
    answer: z.object({
      ...callFields,
      price_row: z.unknown().meta({ description: 'The price as it was when it was used.' }),
      story: storyAnswer
        .nullable()
        .meta({ description: 'Null: it was served at once, or it is no longer kept.' }),
      told: z.array(z.string()).meta({ description: 'All of it in words.' }),
    }),
    async handle({ asker, params: { id } }) {
      const call = await callStory(database, id);
      if (call === undefined || !isOwn(asker, call.entry.tenant)) throw noSuch('call', id);
      return { body: whole(isOfHouse(asker) ? call : forTenant(call), asker) };
    },
  });

function whole(call: ToldCall, asker: Asker): object {
  const { entry, story } = call;
  return {
    ...shown(entry, asker),
    price_row: entry.price_row === null ? null : (parseJson(entry.price_row) ?? null),
    story: story && {
      attempts: story.attempts,
      fallbacks: story.fallbacks,
      resumed: story.resumed ?? [],
      dropped: story.dropped ?? [],
    },
    told: storyLines(call),
  };
}

function shown(entry: EntryRow, asker: Asker): object {
  const tags = parseJson(entry.tags);
  const house = {
    channel: entry.channel,
    account: entry.account,
    provider: entry.provider,
    instance: entry.instance,
    upstream: entry.upstream_nano,
  };
  return {
    id: entry.id,
    arrived_at: momentText(entry.arrived_ms),
    ended_at: momentText(entry.ended_ms),
    tenant: entry.tenant,
    project: entry.project,
    key: entry.key,
    dialect: entry.dialect,
    stream: entry.stream === 1,
    model: entry.model,
    served: entry.served,
    ...(isOfHouse(asker) ? house : {}),
    status: entry.status,
    end: entry.end_reason,
    failure: entry.failure,
    attempts: entry.attempts,
    queue_ms: entry.queue_ms,
    overhead_ms: entry.overhead_ms,
    first_content_ms: entry.first_content_ms,
    duration_ms: entry.duration_ms,
    tokens:
      entry.usage_source === null
        ? null
        : {
            input: entry.input ?? 0,
            cache_read: entry.cache_read ?? 0,
            cache_write: entry.cache_write ?? 0,
            output: entry.output ?? 0,
            reasoning: entry.reasoning ?? 0,
          },
    usage_source: entry.usage_source,
    price: entry.price,
    factor: entry.factor,
    list: entry.list_nano,
    charged: entry.charged_nano,
    in_wallet: entry.in_wallet === 1,
    tags: Array.isArray(tags) ? tags : [],
  };
}
