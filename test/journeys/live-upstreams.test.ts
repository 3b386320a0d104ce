/**
 * Two instances that share a database, in real time: what is changed through one is in force on both within two seconds,
 * and no stream that is running notices.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type App, createApp, known } from '../../src/app.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createLogger } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import { accountRoutes } from '../../src/http/admin/account-routes.ts';
import { channelRoutes } from '../../src/http/admin/channel-routes.ts';
import { secretRoutes } from '../../src/http/admin/secret-routes.ts';
import { createPricing } from '../../src/ledger/pricing.ts';
import { createRevisions, type Revisions } from '../../src/storage/revisions.ts';
import { createSealing } from '../../src/storage/sealing.ts';
import { type AdminFront, serveAdmin } from '../../src/testing/admin-ask.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';
import { openUpstreams } from '../../src/upstreams.ts';
import { KEY } from './house.ts';

const FILE = loadConfig({
  path: 'test.yaml',
  env: {},
  known,
  readFile: () => `
server: { port: 0 }
accounts: [{ id: a, provider: simulator, secrets: [secret-of-a-0001], models: { qwen3-max: { limits: { rpm: 6000, ramp: off } } } }]
simulator: { ttft: 10ms, tokens_per_second: 20, output_tokens: 80 }
keys: [{ id: test, key: ${KEY} }]
`,
});

/** To be in force everywhere; a little more, for a machine that does many things. */
const WITHIN_MS = 2_500;

type Instance = {
  readonly app: App;
  readonly url: string;
  readonly admin: AdminFront;
  readonly revisions: Revisions;
};

onEachDatabase((_name, open) => {
  describe('two instances of one database', () => {
    let one: Instance;
    let two: Instance;

    async function begin(): Promise<Instance> {
      const database = await open();
      const log = createLogger({ level: 'silent', pretty: false, nowMs: systemClock.now });
      const revisions = createRevisions({ database, clock: systemClock, random: Math.random, log });
      const pricing = createPricing({
        ...{ now: systemClock.now, usualRates: {} },
        settings: () => FILE.money,
      });
      const upstreams = await openUpstreams({
        ...{ database, revisions, log, sealing: createSealing('Zk3vQ8tR1xWb7mNcP5yD') },
        base: { config: FILE, source: 'file' },
        test: async () => [],
      });
      const app = createApp({
        ...{ config: upstreams.stored.config(), clock: systemClock, random: Math.random, log },
        fetch: () => Promise.reject(new Error('no network in a journey')),
      });
      upstreams.follow(app);
      await revisions.start();
      const doors = upstreams.doors(() => app.front, pricing);
      const routes = [...accountRoutes(doors), ...secretRoutes(doors), ...channelRoutes(doors)];
      const url = await app.server.listen({ host: '127.0.0.1', port: 0 });
      return { app, url, revisions, admin: serveAdmin({ routes, database, clock: systemClock }) };
    }

    before(async () => {
      [one, two] = await Promise.all([begin(), begin()]);
    });
    after(async () => {
      for (const { app, admin, revisions } of [one, two]) {
        revisions.close();
        await app.server.close();
        await admin.close();
        await app.alerts.close();
      }
    });

    const ask = async (what: string, body?: unknown): Promise<number> =>
      (await one.admin.ask(what, { body, headers: { 'if-match': '*' } })).status;
    const chat = (instance: Instance, stream: boolean): Promise<Response> =>
      fetch(`${instance.url}/v1/chat/completions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': 'application/json',
          'x-sluice-on-limit': 'reject',
        },
        body: JSON.stringify({
          model: 'qwen3-max',
          stream,
          max_tokens: stream ? 200 : 1,
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      });
    const channelsOf = ({ app }: Instance): string =>
      app.front
        .snapshot()
        .catalog.channels.map(({ id, state = 'active', limits }) => `${id} ${state} ${limits.rpm ?? '-'}`)
        .join(', ');
    const inForceMs = async (isSo: (instance: Instance) => boolean): Promise<number> => {
      const startMs = performance.now();
      while (!isSo(two)) {
        assert.ok(performance.now() - startMs < WITHIN_MS, channelsOf(two));
        await sleep(10);
      }
      assert.ok(isSo(one), 'where the change was made it was in force with its answer');
      return performance.now() - startMs;
    };

    it('agree within two seconds while streams run on to their ends', async () => {
      const streams = await Promise.all([chat(one, true), chat(two, true), chat(two, true)]);
      const texts = Promise.all(streams.map((response) => response.text()));

      const secrets = ['secret-of-b-000001'];
      assert.equal(
        await ask('POST /accounts', {
          id: 'b',
          provider: 'ollama',
          secrets,
          settings: { models: ['qwen3-max'] },
        }),
        201,
      );
      const times = [await inForceMs((each) => channelsOf(each).includes('b/qwen3-max active'))];
      assert.equal(
        await ask('PATCH /channels/b%2Fqwen3-max', { state: 'draining', settings: { limits: { rpm: 7 } } }),
        200,
      );
      times.push(await inForceMs((each) => channelsOf(each).includes('b/qwen3-max draining 7')));
      assert.equal(await ask('PATCH /channels/a%2Fqwen3-max', { state: 'paused' }), 200);
      times.push(await inForceMs((each) => channelsOf(each).includes('a/qwen3-max paused')));
      for (const instance of [one, two]) {
        const refused = await chat(instance, false);
        assert.equal(refused.status, 503);
        assert.match(await refused.text(), /taken out of service \(paused, draining\)/);
      }
      assert.equal(await ask('DELETE /accounts/b'), 204);
      times.push(await inForceMs((each) => !channelsOf(each).includes('b/')));

      for (const [i, text] of (await texts).entries()) {
        assert.equal(streams[i]?.status, 200, text);
        assert.equal(streams[i]?.headers.get('x-sluice-channel'), 'a/qwen3-max');
        assert.match(text, /"finish_reason":"stop"[\s\S]*\[DONE\]/, `stream ${i}`);
        assert.ok(!text.includes('"error"'));
      }
      assert.equal(await ask('PATCH /channels/a%2Fqwen3-max', { state: 'active' }), 200);
      times.push(await inForceMs((each) => channelsOf(each).includes('a/qwen3-max active')));
      assert.equal((await chat(two, false)).status, 200);
      assert.ok(Math.max(...times) < WITHIN_MS, times.map(Math.round).join(', '));
    });
  });
});
