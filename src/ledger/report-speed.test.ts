/** What `npm run bench:reports` measures over a million calls, over fewer, with bounds for a machine that is busy. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { systemClock } from '../base/clock.ts';
import type { Database } from '../storage/database.ts';
import { openDatabase } from '../storage/open-database.ts';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import { crowd, writeEntries } from '../testing/entries.ts';
import { callPage } from './call-pages.ts';
import { createRollups } from './rollups.ts';
import { statementOf } from './statement.ts';
import { DAY_MS } from './tally.ts';
import { rollupsQuery } from './usage-parts.ts';
import { usageReport } from './usage-report.ts';

const FROM = Date.UTC(2026, 10, 1);
const NOW = FROM + 30 * DAY_MS - 1;
const CALLS = 10_000;
/** A million calls may take a second; a hundredth of them hardly takes less than its thirty queries. */
const BOUND_MS = 400;

describe('reports over ten thousand calls', () => {
  let place: FreshPlace;
  let database: Database;
  before(async () => {
    place = await freshDatabase('sqlite');
    database = await openDatabase(place.place);
    const { post } = createRollups('sqlite');
    let batch = [];
    for (const entry of crowd(CALLS, { seed: 2, tenants: 50, keys: 200, fromMs: FROM, toMs: NOW })) {
      batch.push(entry);
      if (batch.length < 500) continue;
      await writeEntries(database, batch, post);
      batch = [];
    }
  });
  after(async () => {
    await database.close();
    await place.remove();
  });

  /** The best of three: other tests run beside it. */
  async function bestOf(task: () => Promise<unknown>): Promise<number> {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const began = systemClock.now();
      await task();
      best = Math.min(best, systemClock.now() - began);
    }
    return best;
  }

  it('are there at once, whatever they are grouped by', async () => {
    for (const by of [['model'], ['key', 'model'], ['day', 'channel'], ['tag']] as const) {
      const ms = await bestOf(() =>
        usageReport(database, { fromMs: FROM, toMs: NOW, by, filters: {} }, { nowMs: NOW }),
      );
      assert.ok(ms < BOUND_MS, `${by.join()} took ${ms} ms`);
    }
  });

  it('are pages of calls and statements at once, too', async () => {
    const tenant = { id: 'tenant-4', name: 'Four', wallet: 'none' };
    for (const task of [
      () => callPage(database, { filters: {}, limit: 100 }, NOW),
      () => callPage(database, { filters: { model: ['none'] }, limit: 100 }, NOW),
      () => callPage(database, { filters: { channel: ['gemini-main/gemini-pro'] }, limit: 100 }, NOW),
      () => statementOf(database, { tenant, month: '2026-11' }, NOW),
    ]) {
      const ms = await bestOf(task);
      assert.ok(ms < BOUND_MS / 4, `${task} took ${ms} ms`);
    }
  });

  it('begin with the range of days and look dimensions up, and never read the entries', async () => {
    for (const filters of [{}, { tenant: ['tenant-4'], tag: ['web'] }]) {
      const ask = { fromMs: FROM, toMs: NOW, by: ['model', 'day'] as const, filters, span: 'day' as const };
      const plan = await rollupsQuery(database, ask).explain<{ readonly detail: string }>(
        undefined,
        sql`query plan`,
      );
      const [first = '', second = ''] = plan.map(({ detail }) => detail);
      assert.match(first, /^SEARCH rollups USING INDEX \S+ \(span=\? AND from_ms>\? AND from_ms<\?\)$/);
      assert.match(
        second,
        /^SEARCH dimensions USING INTEGER PRIMARY KEY|^SEARCH dimensions USING INDEX \S+ \(id=\?\)$/,
      );
    }
  });
});
