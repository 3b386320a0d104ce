import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { sql } from 'kysely';
import type { CallEntry } from '../domain/entry.ts';
import type { Database } from '../storage/database.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { crowd, someEntry, writeEntries } from '../testing/entries.ts';
import { type CallPlace, type CallsAsk, callPage, callsQuery } from './call-pages.ts';
import { createRollups } from './rollups.ts';
import { DAY_MS } from './tally.ts';
import type { Filters } from './usage-ask.ts';

const FROM = Date.UTC(2026, 10, 1);
const NOW = FROM + 12 * DAY_MS;
const calls: readonly CallEntry[] = [
  ...crowd(1_500, { seed: 3, tenants: 4, keys: 10, fromMs: FROM, toMs: NOW }),
  // Many of one millisecond: the page's edge runs between them.
  ...Array.from({ length: 30 }, (_, index) =>
    someEntry({ id: `req_same_${index}`, arrivedAtMs: FROM + DAY_MS, model: 'same' }),
  ),
  ...[0, 3, 4, 6, 9, 11].map((day) =>
    someEntry({
      id: `req_rare_${day}`,
      arrivedAtMs: FROM + day * DAY_MS + 5,
      model: 'rare',
      tags: ['odd'],
      project: 'p',
    }),
  ),
];

onEachDatabase((name, open) => {
  describe('calls', () => {
    let database: Database;
    before(async () => {
      database = await open();
      const { post } = createRollups(name);
      for (let at = 0; at < calls.length; at += 250)
        await writeEntries(database, calls.slice(at, at + 250), post);
    });

    async function everyPage(
      ask: Partial<CallsAsk>,
      during = async (): Promise<void> => {},
    ): Promise<string[]> {
      const ids: string[] = [];
      let place: CallPlace | undefined;
      for (;;) {
        const page = await callPage(database, { filters: {}, limit: 7, ...ask, before: place }, NOW);
        assert.ok(page.calls.length <= (ask.limit ?? 7));
        ids.push(...page.calls.map(({ id }) => id));
        if (page.next === null) return ids;
        place = page.next;
        await during();
      }
    }

    const expected = (filters: Filters, range = { fromMs: 0, toMs: NOW + 1 }): string[] =>
      calls
        .filter(({ arrivedAtMs }) => arrivedAtMs >= range.fromMs && arrivedAtMs < range.toMs)
        .filter((entry) =>
          Object.entries(filters).every(([filter, values]) =>
            filter === 'tag'
              ? entry.tags.some((tag) => values.includes(tag))
              : values.includes(entry[filter as 'model'] ?? ''),
          ),
        )
        .sort((a, b) => b.arrivedAtMs - a.arrivedAtMs || (a.id < b.id ? 1 : -1))
        .map(({ id }) => id);

    it('come newest first, each on one page, whatever is asked for', async () => {
      for (const filters of [
        {},
        { tenant: ['tenant-1'] },
        { key: ['key-2'], model: ['qwen-plus'] },
        { failure: ['connection'] },
        { model: ['same'] },
        { model: ['rare'] },
        { tag: ['odd'] },
        { tag: ['web', 'eval'], tenant: ['tenant-2'] },
        { channel: ['qwen-two/qwen-plus'], failure: [''] },
        { project: [''], account: ['openai-main'] },
        { served: [''] },
        { model: ['none'] },
      ] satisfies Filters[])
        assert.deepEqual(await everyPage({ filters, limit: 40 }), expected(filters), JSON.stringify(filters));
      assert.deepEqual(
        await everyPage({ filters: { model: ['same', 'rare'] } }),
        expected({ model: ['same', 'rare'] }),
      );
    });

    it('are those of a time where one is named', async () => {
      const range = { fromMs: FROM + 3 * DAY_MS + 1_000, toMs: FROM + 6 * DAY_MS + 6 };
      for (const filters of [{}, { model: ['rare'] }, { tenant: ['tenant-3'] }] satisfies Filters[])
        assert.deepEqual(await everyPage({ filters, ...range, limit: 50 }), expected(filters, range));
    });

    it('do not move to another page while others come in', async () => {
      let came = 0;
      const { post } = createRollups(name);
      const newer = async (): Promise<void> => {
        came += 1;
        await writeEntries(
          database,
          [someEntry({ id: `req_new_${came}`, arrivedAtMs: NOW + came, model: 'rare', tags: ['odd'] })],
          post,
        );
      };
      for (const filters of [{ model: ['rare'] }, { tag: ['odd'] }, {}] satisfies Filters[]) {
        const ids = await everyPage({ filters, toMs: NOW, limit: filters.model ? 2 : 200 }, newer);
        assert.deepEqual(ids, expected(filters, { fromMs: 0, toMs: NOW }));
      }
      assert.ok(came > 3);
    });

    it('are found by an index, and sorted by it', async () => {
      if (name !== 'sqlite') return;
      for (const [filters, index] of [
        [{ tenant: ['acme'], model: ['x'] }, 'entries_by_tenant_arrived_ms'],
        [{ key: ['web'], tag: ['x'] }, 'entries_by_key_arrived_ms'],
        [{ failure: ['connection'] }, 'entries_by_failure'],
        [{}, 'entries_by_arrived_ms_id'],
      ] as const) {
        const range = { fromMs: 0, toMs: NOW, before: { ms: NOW, id: 'x' } };
        const query = callsQuery(database, { filters, limit: 50 }, range);
        const plan = await query.explain<{ readonly detail: string }>(undefined, sql`query plan`);
        assert.match(
          plan.map(({ detail }) => detail).join('; '),
          new RegExp(`SEARCH entries USING INDEX ${index} `),
        );
      }
    });
  });
});
