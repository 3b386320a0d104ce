/** Calls of every dialect on their way out: what a provider would be sent of one, without sending it. */

import assert from 'node:assert/strict';
import { Departure } from '../base/departure.ts';
import { dialectOf } from '../dialects/index.ts';
import type { Call, ChatDialectId } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import { providerOf } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';
import { outgoingOf } from '../relay/outgoing.ts';
import { createSeals } from '../state/seals.ts';
import { createShelf } from '../state/shelf.ts';

const SEALS = createSeals();
const SHELF = createShelf({ now: () => 0, settings: () => ({ maxBytes: 1_000_000, ttlMs: 1_000 }) });

export function callOf(dialect: ChatDialectId, fields: object): Call {
  const messages = [{ role: 'user', content: 'Hi' }];
  const body = Buffer.from(JSON.stringify({ model: 'asked', max_tokens: 50, messages, ...fields }));
  return {
    ...{ id: 'req_1', dialect, body, headers: {}, arrivedAtMs: 0, departure: new Departure() },
    head: dialectOf(dialect).readHead(body),
    key: { id: 'k', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
    options: { onLimit: 'queue', priority: 'normal', fallback: true },
  };
}

type Where = {
  readonly baseUrl?: string;
  readonly sealedBy?: string;
  readonly facts?: Channel['facts'];
  readonly upstreamModel?: string;
};

export function askedAt(
  named: string | Provider,
  call: Call,
  { baseUrl, sealedBy, facts, upstreamModel = 'up' }: Where = {},
) {
  const provider = typeof named === 'string' ? (providerOf(named) ?? assert.fail(named)) : named;
  const account = {
    id: 'a',
    provider: provider.id,
    baseUrl: baseUrl ?? provider.baseUrl() ?? '',
    secrets: [],
  };
  const channel: Channel = {
    ...{ id: 'a/up', account, upstreamModel, limits: {}, tier: 0, weight: 1 },
    ...(facts && { facts }),
  };
  const outgoing = outgoingOf(call, { provider, channel, shelf: SHELF, seals: SEALS, sealedBy });
  return { ...outgoing, json: JSON.parse(Buffer.from(outgoing.body).toString()) };
}
