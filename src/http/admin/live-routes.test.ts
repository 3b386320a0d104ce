/** The live state, once and as a feed that ends when it should and waits for nobody. */

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import type { Database } from '../../storage/database.ts';
import { serveAdmin } from '../../testing/admin-ask.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { createFeeds } from './feed.ts';
import { type LiveDoors, liveRoutes } from './live-routes.ts';
import { type AdminAsk, AdminProblem, type FeedEvent } from './route.ts';

type State = ReturnType<LiveDoors['live']>;

function house() {
  const clock = createVirtualClock();
  const now: { state: State; admits: boolean; away?: boolean; made: number } = {
    state: { limits: [], lines: [], benches: [], channels: { usable: 2, all: 3 }, active: 1 },
    admits: true,
    made: 0,
  };
  const doors: LiveDoors = {
    clock,
    live: () => {
      now.made += 1;
      return now.state;
    },
    leases: async () => {
      if (now.away === true) throw new Error('the database is away');
      return [
        { purse: 'wallet:acme', instance: 'i1', amountNano: 1_500_000_000n, expiresMs: Date.UTC(2026, 0, 1) },
      ];
    },
    admit: async () => {
      if (!now.admits) throw new AdminProblem(401, 'gone');
      return { id: 'a', role: 'viewer', address: '' };
    },
  };
  const routes = liveRoutes(doors);
  const feedOf = async (signal: AbortSignal): Promise<AsyncIterator<FeedEvent>> => {
    const answer = await routes[1]?.handle({
      knock: { method: 'GET', headers: {}, address: '', peer: '' },
    } as AdminAsk);
    assert.ok(answer?.feed !== undefined);
    return answer.feed(signal)[Symbol.asyncIterator]();
  };
  return { clock, now, routes, feedOf };
}

describe('the live state', () => {
  it('is one answer with the names and moments of this API', async () => {
    const { routes, now } = house();
    now.state = {
      ...now.state,
      limits: [
        {
          channel: 'a/m',
          running: 0,
          limits: [{ limit: 'rpm', configured: 60, inForce: 50, used: 1, left: 49 }],
          arrivesWithinMs: 5,
          notes: [],
        },
      ] as unknown as State['limits'],
      benches: [
        { what: 'account a', kind: 'invalid_secret', meaning: 'x', sinceMs: 0, untilMs: null, off: true },
      ] as unknown as State['benches'],
    };
    const { ask } = serveAdmin({ routes, database: {} as Database });
    const { body } = await ask('GET /live', { as: 'viewer' });
    const state = body as Record<string, unknown[]>;
    assert.deepEqual(state['limits']?.[0], {
      channel: 'a/m',
      running: 0,
      limits: [{ limit: 'rpm', configured: 60, in_force: 50, used: 1, left: 49 }],
      arrives_within_ms: 5,
      notes: [],
    });
    assert.deepEqual(state['benches']?.[0], {
      what: 'account a',
      kind: 'invalid_secret',
      meaning: 'x',
      off: true,
      since_at: '1970-01-01T00:00:00.000Z',
      until_at: null,
    });
    assert.deepEqual(state['leases'], [
      { purse: 'wallet:acme', instance: 'i1', amount: '1.5', expires_at: '2026-01-01T00:00:00.000Z' },
    ]);
    now.away = true;
    const away = await ask('GET /live');
    assert.deepEqual(away.body, { ...state, leases: null });
    assert.equal((await ask('GET /live', { as: { role: 'tenant-admin', tenant: 'acme' } })).status, 403);
  });
});

describe('the feed', () => {
  const next = async ({
    clock,
    feed,
  }: {
    clock: ReturnType<typeof createVirtualClock>;
    feed: AsyncIterator<FeedEvent>;
  }) => (await clock.runUntil(feed.next(), 60_000)) as IteratorResult<FeedEvent>;

  it('tells everything, then what has changed, and that it is there when nothing does', async () => {
    const { clock, now, feedOf } = house();
    const feed = await feedOf(new AbortController().signal);
    const first = (await next({ clock, feed })).value;
    assert.equal(first?.event, 'snapshot');
    assert.deepEqual(Object.keys(first?.data as object).sort(), [
      'active',
      'at',
      'benches',
      'channels_all',
      'channels_usable',
      'leases',
      'limits',
      'lines',
    ]);
    now.state = { ...now.state, active: 2 };
    const second = (await next({ clock, feed })).value;
    assert.equal(second?.event, 'change');
    assert.deepEqual(Object.keys(second?.data as object).sort(), ['active', 'at']);
    const quietMs = clock.now();
    const heartbeat = await next({ clock, feed });
    assert.deepEqual(heartbeat, { done: false, value: undefined });
    assert.equal(clock.now() - quietMs, 15_000);
  });

  it('ends within two seconds when its asker comes in no more, and at once when the client leaves', async () => {
    const { clock, now, feedOf } = house();
    const feed = await feedOf(new AbortController().signal);
    await next({ clock, feed });
    now.admits = false;
    const fromMs = clock.now();
    while ((await next({ clock, feed })).done !== true)
      now.state = { ...now.state, active: now.state.active + 1 };
    assert.ok(clock.now() - fromMs <= 2_000, `${clock.now() - fromMs}`);

    const left = new AbortController();
    const second = await feedOf(left.signal);
    now.admits = true;
    await next({ clock, feed: second });
    left.abort();
    assert.equal((await next({ clock, feed: second })).done, true);
    assert.equal(clock.pending(), 0);
  });
});

describe('a feed', () => {
  /** A response whose reader takes what a test reads. */
  function responseOf(): { response: ServerResponse; reader: PassThrough } {
    const reader = new PassThrough({ highWaterMark: 1_000 });
    const response = Object.assign(reader, { writeHead: () => response, flushHeaders: () => undefined });
    return { response: response as unknown as ServerResponse, reader };
  }

  it('makes no event while the last one has not been read', async () => {
    const clock = createVirtualClock();
    const feeds = createFeeds(clock);
    let made = 0;
    const feed = async function* (): AsyncGenerator<FeedEvent> {
      for (;;) {
        made += 1;
        yield { event: 'x', data: { text: 'y'.repeat(900), made } };
      }
    };
    const { response, reader } = responseOf();
    const served = feeds.serve(response, feed, {});
    await new Promise((resolve) => setImmediate(resolve));
    const before = made;
    assert.ok(before <= 4, `${before}`);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(made, before);
    for (let reads = 0; reads < 10; reads++) {
      reader.read();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(made > before);
    // Who reads nothing at all for a minute has gone.
    await clock.advance(60_000);
    await served;
    assert.equal(feeds.size, 0);
    assert.ok(reader.destroyed);
  });

  it('is one of twenty, and all end together', async () => {
    const clock = createVirtualClock();
    const feeds = createFeeds(clock);
    const silent = async function* (signal: AbortSignal): AsyncGenerator<FeedEvent> {
      yield { event: 'x', data: 1 };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    };
    const served = Array.from({ length: 20 }, () => feeds.serve(responseOf().response, silent, {}));
    assert.throws(() => feeds.check(), /20 feeds/);
    feeds.end();
    await Promise.all(served);
    assert.equal(feeds.size, 0);
    assert.throws(() => feeds.check(), /shutting down/);
  });

  it('reaches a client as events over a socket, and ends when it hangs up', async () => {
    const { routes, now, clock } = house();
    const feeds = createFeeds(clock);
    const answer = await routes[1]?.handle({
      knock: { method: 'GET', headers: {}, address: '', peer: '' },
    } as AdminAsk);
    const ended = new Promise<void>((resolve, reject) => {
      const server: Server = createServer((_request, response) => {
        feeds
          .serve(response, answer?.feed ?? ((() => Promise.reject()) as never), { 'x-request-id': 'req_1' })
          .then(() => {
            server.close();
            resolve();
          }, reject);
      });
      server.listen(0, '127.0.0.1', async () => {
        const left = new AbortController();
        const { port } = server.address() as AddressInfo;
        const response = await fetch(`http://127.0.0.1:${port}`, { signal: left.signal });
        assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
        const reader = response.body?.getReader();
        const text = new TextDecoder().decode((await reader?.read())?.value);
        assert.match(text, /^event: snapshot\nid: 0\ndata: \{"at":.*"amount":"1\.5".*\}\n\n$/);
        left.abort();
      });
    });
    await ended;
    assert.equal(feeds.size, 0);
    assert.ok(now.made >= 1);
  });
});
