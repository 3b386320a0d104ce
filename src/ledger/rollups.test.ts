import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { CallEntry } from '../domain/entry.ts';
import type { Database } from '../storage/database.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { crowd, someEntry, writeEntries } from '../testing/entries.ts';
import { boundedTags, createRollups, OTHER_TAGS, rebuildRollups } from './rollups.ts';
import { countedOf, DAY_MS, MINUTE_MS } from './tally.ts';

const DAY = Date.UTC(2026, 10, 26);

async function emptied(database: Database): Promise<void> {
  for (const table of ['entries', 'rollups', 'dimensions'] as const)
    await database.query.deleteFrom(table).execute();
}

/** Everything that there is, in an order; sums of parts of milliseconds to the millisecond. */
async function rollupsOf({ query }: Database): Promise<unknown[]> {
  const rows = await query
    .selectFrom('rollups')
    .leftJoin('dimensions', 'dimensions.id', 'rollups.dimensions')
    .selectAll()
    .orderBy('span')
    .orderBy('from_ms')
    .orderBy('rollups.dimensions')
    .execute();
  return rows.map((row) => ({
    ...row,
    queue_ms: Math.round(row.queue_ms),
    duration_ms: Math.round(row.duration_ms),
    times: Object.entries(JSON.parse(row.times) as Record<string, number>).sort(([a], [b]) =>
      a < b ? -1 : 1,
    ),
  }));
}

const entryArbitrary: fc.Arbitrary<CallEntry> = fc
  .record({
    minute: fc.nat(3 * 24 * 60),
    tenant: fc.constantFrom('acme', 'umbrella'),
    model: fc.constantFrom('qwen3-max', 'ünï "quoted"\\u0000', '😀\n\t'),
    served: fc.constantFrom('qwen3-max', null),
    failure: fc.constantFrom('upstream_error' as const, null, null),
    tags: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
    used: fc.boolean(),
    cost: fc.oneof(fc.constant(null), fc.bigInt({ min: 0n, max: 2n ** 58n })),
    durationMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
    firstContentMs: fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1e6, noNaN: true })),
  })
  .map(({ minute, used, cost, ...entry }) =>
    someEntry({
      ...entry,
      id: '',
      arrivedAtMs: DAY + minute * MINUTE_MS + 59_999.7,
      usage: used
        ? { input: 7, cacheRead: 3, cacheWrite: 2, output: 5, reasoning: 1, source: 'upstream' }
        : null,
      money: {
        price: null,
        priceRow: null,
        factor: '1',
        listNano: cost,
        upstreamNano: cost,
        chargedNano: cost,
      },
    }),
  );

onEachDatabase((name, open) => {
  describe('roll-ups', () => {
    it('are what their entries add up to, whatever the batches and instances', async () => {
      const databases = [await open(), await open()] as const;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(entryArbitrary, { maxLength: 12 }), { maxLength: 6 }),
          async (drawn) => {
            await emptied(databases[0]);
            const batches = drawn.map((batch, index) =>
              batch.map((entry, at) => ({ ...entry, id: `req_${index}_${at}` })),
            );
            const rollups = [createRollups(name), createRollups(name)] as const;
            // Both write at once, and each writes the first batch again: what is told twice counts once.
            await Promise.all(
              databases.map(async (database, instance) => {
                const own = batches.filter((_, index) => index === 0 || index % 2 === instance);
                for (const batch of own)
                  await writeEntries(database, batch, rollups[instance === 0 ? 0 : 1].post);
              }),
            );
            const written = await rollupsOf(databases[0]);
            for (const span of ['day', 'minute'] as const)
              await rebuildRollups(databases[0], { fromMs: DAY, toMs: DAY + 4 * DAY_MS, span });
            assert.deepEqual(written, await rollupsOf(databases[0]));
            const calls = batches.flat().length;
            const all = await databases[0].query
              .selectFrom('rollups')
              .innerJoin('dimensions', 'dimensions.id', 'rollups.dimensions')
              .where('tag', '=', '')
              .select(({ fn }) => ['span', fn.sum<number>('calls').as('calls')])
              .groupBy('span')
              .execute();
            for (const row of all) assert.equal(row.calls, calls);
          },
        ),
        { numRuns: 15, endOnFailure: true },
      );
    });

    it('never wait for each other in a circle, however many write the same rows', async () => {
      const databases = await Promise.all([open(), open(), open()]);
      await emptied(databases[0] as Database);
      const calls = [
        ...crowd(1_200, { seed: 5, tenants: 4, keys: 12, fromMs: DAY, toMs: DAY + 5 * MINUTE_MS }),
      ];
      await Promise.all(
        databases.map(async (database, instance) => {
          const { post } = createRollups(name);
          const own = calls.filter((_, index) => index % 3 === instance);
          for (let at = 0; at < own.length; at += 40)
            await writeEntries(database, own.slice(at, at + 40), post);
        }),
      );
      const written = await rollupsOf(databases[0] as Database);
      for (const span of ['day', 'minute'] as const)
        await rebuildRollups(databases[0] as Database, { fromMs: DAY, toMs: DAY + DAY_MS, span });
      assert.deepEqual(written, await rollupsOf(databases[0] as Database));
    });

    it('are not there when the batch that made them was not written', async () => {
      const database = await open();
      await emptied(database);
      const { post } = createRollups(name);
      const entry = someEntry({ id: 'req_1', arrivedAtMs: DAY });
      await assert.rejects(
        writeEntries(database, [entry], async (transaction, entries) => {
          await post(transaction, entries);
          throw new Error('the disk is full');
        }),
      );
      assert.deepEqual(await rollupsOf(database), []);
      await writeEntries(database, [entry], post);
      const rows = (await rollupsOf(database)) as {
        readonly tenant: string | null;
        readonly calls: number;
      }[];
      assert.deepEqual(
        rows.map(({ tenant, calls }) => [tenant, calls]),
        [
          ['acme', 1],
          ['acme', 1],
        ],
      );
    });
  });
});

describe('tags', () => {
  it('are counted under one name when a tenant makes up too many of them in a day', () => {
    const tagsOf = boundedTags(2);
    const tagged = (tenant: string, arrivedAtMs: number, ...tags: string[]): readonly string[] =>
      tagsOf(countedOf(someEntry({ id: 'x', tenant, arrivedAtMs, tags })));
    assert.deepEqual(tagged('acme', DAY, 'a', 'b', 'c', 'd'), ['a', 'b', OTHER_TAGS]);
    assert.deepEqual(tagged('acme', DAY, 'b', 'e'), ['b', OTHER_TAGS]);
    assert.deepEqual(tagged('umbrella', DAY, 'e'), ['e']);
    assert.deepEqual(tagged('acme', DAY + DAY_MS, 'e', 'e', ''), ['e']);
    assert.deepEqual(tagged('acme', DAY, 'a'), ['a']);
  });
});
