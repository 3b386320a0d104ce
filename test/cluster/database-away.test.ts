/**
 * A relay whose PostgreSQL is killed and comes back: its clients notice nothing, and nothing of what they were told is
 * missing in the books afterwards, also where the relay is ended or killed meanwhile.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openDatabase } from '../../src/storage/open-database.ts';
import { type PostgresServer, startPostgres } from '../../src/testing/postgres-server.ts';
import { startChild } from '../sdk/child.ts';
import { crowd, pendingAt, QUICK, type Seen } from './crowd.ts';

describe('a relay whose database is away', () => {
  let server: PostgresServer;
  before(async () => {
    // As quick as the servers of other tests are, it would lose what it has said to have.
    server = await startPostgres({ durable: true });
  });
  after(() => server.stop());

  /** Ids of complete calls in the books, of those seen. */
  async function booked(seen: readonly Seen[]): Promise<Seen[]> {
    const database = await openDatabase({ kind: 'postgres', url: server.url('postgres') });
    try {
      const rows = await database.query
        .selectFrom('entries')
        .select(['id', 'input', 'output'])
        .where('end_reason', '=', 'complete')
        .execute();
      const ids = new Set(seen.map(({ id }) => id));
      return rows
        .filter(({ id }) => ids.has(id))
        .map(({ id, input, output }) => ({ id, input: input ?? -1, output: output ?? -1 }));
    } finally {
      await database.close();
    }
  }

  const byId = (a: Seen, b: Seen): number => (a.id < b.id ? -1 : 1);

  it('serves on, and writes everything down once it is back', { timeout: 180_000 }, async () => {
    const env = { DATABASE_URL: server.url('postgres') };
    const child = await startChild({ config: QUICK, env });
    try {
      const clients = crowd(child.url, { perSecond: 60, model: 'qwen3-max' });
      await wait(700);
      await server.kill();
      await wait(1_500);
      const ready = await fetch(`${child.url}/readyz?verbose`);
      assert.equal(ready.status, 200);
      assert.match(JSON.stringify(await ready.json()), /"database":"away for \d+ s"/);
      const meanwhile = clients.seen.length;
      await wait(300);
      assert.ok(clients.seen.length > meanwhile, 'calls go on');
      await server.start();
      await wait(1_000);
      await clients.stop();
      assert.deepEqual(clients.refused, []);
      while ((await pendingAt(child.url)) > 0) await wait(50);
      const { seen } = clients;
      assert.ok(seen.length > 60, `${seen.length}`);
      assert.deepEqual((await booked(seen)).sort(byId), [...seen].sort(byId));
      child.process.kill('SIGTERM');
      assert.equal(await child.exit, 0);
    } finally {
      await child.remove();
    }
  });

  it('leaves its entries to the next run, ended or killed', { timeout: 240_000 }, async () => {
    const env = { DATABASE_URL: server.url('postgres') };
    const seen: Seen[] = [];
    let child = await startChild({ config: QUICK, env });
    const { folder } = child;
    try {
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const clients = crowd(child.url, { perSecond: 40, model: 'qwen3-max' });
        await wait(300);
        await server.kill();
        await wait(500);
        await clients.stop();
        seen.push(...clients.seen);
        assert.ok((await pendingAt(child.url)) > 0);
        child.process.kill(signal);
        await child.exit;
        await server.start();
        child = await startChild({ folder, env });
      }
      while ((await pendingAt(child.url)) > 0) await wait(50);
      assert.deepEqual((await booked(seen)).sort(byId), [...seen].sort(byId));
    } finally {
      await child.remove();
    }
  });
});
