import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import type { CallEntry } from '../domain/entry.ts';
import type { Database } from '../storage/database.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { crowd, someEntry, writeEntries } from '../testing/entries.ts';
import { createRollups } from './rollups.ts';
import { DAY_MS, MINUTE_MS } from './tally.ts';
import type { Filters, Group, UsageAsk } from './usage-ask.ts';
import { type UsageReport, type UsageRow, usageReport } from './usage-report.ts';

const HOUR_MS = 3_600_000;
const FROM = Date.UTC(2026, 9, 30);
const NOW = Date.UTC(2026, 10, 6, 15, 30, 20);

const calls = [
  ...crowd(3_000, { seed: 7, tenants: 5, keys: 20, fromMs: FROM, toMs: NOW }),
  someEntry({
    id: 'req_unpriced',
    arrivedAtMs: NOW - 1,
    tenant: 'mystery',
    model: 'secret',
    money: unknownMoney(),
  }),
];

function unknownMoney(): CallEntry['money'] {
  return { price: null, priceRow: null, factor: '1', listNano: null, upstreamNano: null, chargedNano: null };
}

/** The same by hand, out of the entries. */
function plainly(
  by: readonly Group[],
  { fromMs, toMs }: { fromMs: number; toMs: number },
  filters: Filters,
): Map<string, Sums> {
  const groups = new Map<string, Sums>();
  for (const entry of calls) {
    if (entry.arrivedAtMs < fromMs || entry.arrivedAtMs >= toMs) continue;
    if (
      !Object.entries(filters).every(([name, values]) =>
        valuesOf(entry, name as Group).some((value) => values.includes(value)),
      )
    )
      continue;
    for (const tag of by.includes('tag') ? entry.tags : ['']) {
      const name = by.map((group) => (group === 'tag' ? tag : (valuesOf(entry, group)[0] ?? ''))).join(' ');
      const sums = groups.get(name) ?? {
        calls: 0,
        errors: 0,
        output: 0,
        charged: 0n,
        durations: [],
        queues: [],
      };
      groups.set(name, sums);
      sums.calls += 1;
      sums.errors += entry.failure === null ? 0 : 1;
      sums.output += entry.usage?.output ?? 0;
      sums.charged += entry.money.chargedNano ?? 0n;
      if (entry.failure === null) sums.durations.push(entry.durationMs);
      sums.queues.push(entry.queueMs);
    }
  }
  return groups;
}

type Sums = {
  calls: number;
  errors: number;
  output: number;
  charged: bigint;
  durations: number[];
  queues: number[];
};

function valuesOf(entry: CallEntry, group: Group): string[] {
  const iso = new Date(entry.arrivedAtMs).toISOString();
  if (group === 'day') return [iso.slice(0, 10)];
  if (group === 'hour') return [`${iso.slice(0, 13)}:00Z`];
  if (group === 'minute') return [`${iso.slice(0, 16)}Z`];
  if (group === 'tag') return [...entry.tags];
  return [entry[group] ?? ''];
}

function assertSame(report: UsageReport, expected: Map<string, Sums>): void {
  assert.deepEqual(
    report.rows
      .map(({ group, calls, errors, output, chargedNano }) => ({
        group: group.join(' '),
        calls,
        errors,
        output,
        charged: chargedNano,
      }))
      .sort(byGroup),
    [...expected]
      .map(([group, { calls, errors, output, charged }]) => ({ group, calls, errors, output, charged }))
      .sort(byGroup),
  );
  for (const row of report.rows) {
    const { durations, queues } = expected.get(row.group.join(' ')) as Sums;
    assertQuantile(row.duration.p50, durations, 0.5);
    assertQuantile(row.duration.p99, durations, 0.99);
    assertQuantile(row.queue.p99, queues, 0.99);
  }
}

const byGroup = (a: { group: string }, b: { group: string }): number => (a.group < b.group ? -1 : 1);

function assertQuantile(told: number | undefined, times: number[], share: number): void {
  const exact = times.sort((a, b) => a - b)[Math.max(1, Math.ceil(share * times.length)) - 1];
  if (exact === undefined || told === undefined) {
    assert.equal(told, exact);
    return;
  }
  assert.ok(
    exact < 1 ? told < 1 : Math.abs(Math.log(told / exact)) < Math.log(1.15) + 1e-9,
    `${told} for ${exact}`,
  );
}

onEachDatabase((name, open) => {
  describe('usage', () => {
    let database: Database;
    before(async () => {
      database = await open();
      const { post } = createRollups(name);
      for (let at = 0; at < calls.length; at += 300)
        await writeEntries(database, calls.slice(at, at + 300), post);
    });
    const ask = (asked: Partial<UsageAsk>, kept = {}): Promise<UsageReport> =>
      usageReport(database, { fromMs: FROM, toMs: NOW, by: [], filters: {}, ...asked }, { nowMs: NOW, kept });

    it('is what the entries say, by each group and by two of them', async () => {
      const range = { fromMs: FROM, toMs: NOW };
      for (const by of [
        [],
        ['tenant'],
        ['project'],
        ['key'],
        ['model'],
        ['served'],
        ['channel'],
        ['account'],
        ['provider'],
        ['tag'],
        ['day'],
        ['tenant', 'model'],
        ['day', 'channel'],
        ['tag', 'day'],
      ] as const)
        assertSame(await ask({ by }), plainly(by, range, {}));
    });

    it('counts only what the filters leave', async () => {
      const range = { fromMs: FROM, toMs: NOW };
      for (const filters of [
        { tenant: ['tenant-1'] },
        { tenant: ['tenant-1', 'tenant-2'], model: ['qwen-plus'] },
        { project: [''] },
        { tag: ['chat'] },
        { account: ['qwen-two'], tag: ['eval'] },
        { model: ["x' or 1=1 --"] },
      ] as const)
        for (const by of [['key'], ['tag'], ['day', 'model']] as const) {
          if ('tag' in filters && by.includes('tag' as never)) continue;
          const report = await ask({ by, filters });
          if (!by.includes('tag' as never)) assertSame(report, plainly(by, range, filters));
        }
      assert.deepEqual((await ask({ by: ['model'], filters: { model: ["x' or 1=1 --"] } })).rows, []);
    });

    it('begins and ends within days, from minutes where they are kept and from entries where not', async () => {
      const range = { fromMs: FROM + 5 * HOUR_MS + 7 * MINUTE_MS, toMs: NOW - 26 * HOUR_MS - 20_000 };
      const exact = { fromMs: range.fromMs, toMs: range.toMs - (range.toMs % MINUTE_MS) };
      for (const kept of [{}, { minutesMs: 2 * DAY_MS }, { minutesMs: 3 * DAY_MS, entriesMs: 30 * DAY_MS }])
        for (const by of [[], ['model'], ['tag'], ['day', 'tenant']] as const) {
          assertSame(await ask({ ...range, by }, kept), plainly(by, exact, {}));
          const filters = { tenant: ['tenant-3'], tag: ['web'] };
          if (by.length !== 1 || by[0] !== 'tag')
            assertSame(await ask({ ...range, by, filters }, kept), plainly(by, exact, filters));
        }
    });

    it('within one day is of that day alone, and by hours and minutes of these', async () => {
      const range = { fromMs: FROM + 2 * HOUR_MS, toMs: FROM + 5 * HOUR_MS };
      for (const by of [[], ['hour'], ['minute', 'model']] as const)
        for (const kept of [{}, { minutesMs: DAY_MS }])
          assertSame(await ask({ ...range, by }, kept), plainly(by, range, {}));
      assertSame(
        await ask({ fromMs: FROM, by: ['hour'] }),
        plainly(['hour'], { fromMs: FROM, toMs: NOW }, {}),
      );
    });

    it('adds up to the total, which counts a call of several tags once', async () => {
      for (const by of ['model', 'tag', 'day'] as const) {
        const { total, rows } = await ask({ by: [by] });
        const tagged = calls.filter(({ tags }) => tags.length > 0).length;
        assert.equal(total.calls, calls.length);
        assert.equal(
          rows.reduce((sum, row) => sum + row.calls, 0),
          by === 'tag' ? tagged : calls.length,
        );
        assert.equal(
          total.chargedNano,
          calls.reduce((sum, { money }) => sum + (money.chargedNano ?? 0n), 0n),
        );
      }
    });

    it('tells how calls failed, and how long failed ones took when they are asked for', async () => {
      const { total } = await ask({});
      const failed = calls.filter(({ failure }) => failure !== null);
      assert.equal(total.errors, failed.length);
      const connection = failed.filter(({ failure }) => failure === 'connection');
      assert.equal(total.failures['connection'], connection.length);
      const rows = (await ask({ by: ['failure'] })).rows;
      const row = rows.find(({ group }) => group[0] === 'connection') as UsageRow;
      assertQuantile(
        row.duration.p50,
        connection.map(({ durationMs }) => durationMs),
        0.5,
      );
      assert.deepEqual(row.firstContent, {});
    });

    it('says of what has no price that it has none, not that it costs nothing', async () => {
      const { rows } = await ask({ by: ['model'], filters: { tenant: ['mystery'] } });
      assert.deepEqual(
        rows.map(({ unpriced, listNano }) => [unpriced, listNano]),
        [[1, 0n]],
      );
    });

    it('has times ascend and then the dearest first', async () => {
      const { rows } = await ask({ by: ['day', 'model'] });
      for (const [index, row] of rows.entries()) {
        const next = rows[index + 1];
        if (next === undefined) continue;
        const [day = '', nextDay = ''] = [row.group[0], next.group[0]];
        assert.ok(day < nextDay || (day === nextDay && row.listNano >= next.listNano));
      }
    });

    it('refuses what it cannot tell, with what to do', async () => {
      const refused = async (asked: Partial<UsageAsk>, message: RegExp, kept = {}): Promise<void> =>
        assert.rejects(ask(asked, kept), { name: 'ReportRefused', message });
      await refused({ by: ['tenant', 'key', 'model'] }, /at most two/);
      await refused({ fromMs: NOW, toMs: FROM }, /before to/);
      await refused({ fromMs: NOW + 2 * DAY_MS, toMs: NOW + 3 * DAY_MS }, /before to/);
      await refused({ by: ['minute'] }, /by minute: expected at most 1 days/);
      await refused({ by: ['hour'], fromMs: FROM - 2 * DAY_MS }, /by hour: expected at most 8 days/);
      await refused({ filters: { tag: ['a', 'b'] } }, /tag: expected one/);
      await refused({ fromMs: 0, by: ['day'], toMs: NOW }, /at most 4000 days/);
      await refused({ fromMs: FROM + HOUR_MS }, /before 2026-11-05 only whole days are still known/, {
        minutesMs: DAY_MS,
        entriesMs: 2 * DAY_MS,
      });
    });
  });
});
