/**
 * How long reports take over a million calls of a month: 50 tenants, 200 keys, six models on ten channels, written
 * through the ledger's own roll-ups. Prints the time of each report, and what counting costs the main thread per call.
 * `npm run bench:reports -- --calls 1000000 --database postgres://… --keep file.db --batch 15`
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/base/clock.ts';
import { callPage } from '../src/ledger/call-pages.ts';
import { createRollups } from '../src/ledger/rollups.ts';
import { statementOf } from '../src/ledger/statement.ts';
import { DAY_MS } from '../src/ledger/tally.ts';
import type { UsageAsk } from '../src/ledger/usage-ask.ts';
import { usageReport } from '../src/ledger/usage-report.ts';
import type { Database } from '../src/storage/database.ts';
import { migrate } from '../src/storage/migrate.ts';
import { openDatabase } from '../src/storage/open-database.ts';
import type { DatabasePlace } from '../src/storage/place.ts';
import { crowd, writeEntries } from '../src/testing/entries.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    database: { type: 'string' },
    keep: { type: 'string' },
    batch: { type: 'string', default: '400' },
  },
});

const fromMs = Date.UTC(2026, 9, 27);
const toMs = fromMs + 30 * DAY_MS;
const nowMs = toMs - 7 * 3_600_000 - 12_345;
const BATCH = Number(values.batch);

const folder = mkdtempSync(join(tmpdir(), 'sluice-reports-'));
const path = values.keep ?? join(folder, 'bench.db');
const there = values.database === undefined && existsSync(path);
const place: DatabasePlace =
  values.database === undefined ? { kind: 'sqlite', path } : { kind: 'postgres', url: values.database };
await migrate(place);
const database = await openDatabase(place);
try {
  if (!there) await fill(database, Number(values.calls));
  await reports(database);
} finally {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
}

async function fill(to: Database, calls: number): Promise<void> {
  const { post } = createRollups(to.kind);
  const people = { seed: 1, tenants: 50, keys: 200, fromMs, toMs: nowMs };
  let batch = [];
  let cpuMs = 0;
  const began = systemClock.now();
  for (const entry of crowd(calls, people)) {
    batch.push(entry);
    if (batch.length < BATCH) continue;
    await writeEntries(to, batch, async (transaction, entries) => {
      const before = process.threadCpuUsage();
      const committed = await post(transaction, entries);
      const { user, system } = process.threadCpuUsage(before);
      cpuMs += (user + system) / 1_000;
      return committed;
    });
    batch = [];
  }
  await writeEntries(to, batch, post);
  const seconds = (systemClock.now() - began) / 1_000;
  say('filled', `${calls} calls in ${seconds.toFixed(0)} s, ${Math.round(calls / seconds)} calls/s`);
  say(
    'roll-ups',
    `${((cpuMs * 1_000) / calls).toFixed(1)} µs of the main thread per call in batches of ${BATCH}`,
  );
}

async function reports(of: Database): Promise<void> {
  for (const table of ['entries', 'rollups', 'dimensions'] as const) {
    const { count } = await of.query
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    say(table, `${count} rows`);
  }
  const report = (ask: Partial<UsageAsk>) => () =>
    usageReport(of, { fromMs, toMs, by: [], filters: {}, ...ask }, { nowMs });
  await timed('month, in all', report({}));
  for (const by of [
    'tenant',
    'project',
    'key',
    'model',
    'channel',
    'account',
    'failure',
    'tag',
    'day',
  ] as const)
    await timed(`month by ${by}`, report({ by: [by] }));
  await timed('month by key, model', report({ by: ['key', 'model'] }));
  await timed('month by day, channel', report({ by: ['day', 'channel'] }));
  await timed('month by day, key', report({ by: ['day', 'key'] }));
  await timed('one tenant by model', report({ by: ['model'], filters: { tenant: ['tenant-7'] } }));
  await timed(
    'parts of days by model',
    report({ by: ['model'], fromMs: fromMs + 3_600_000, toMs: nowMs - 600_000 }),
  );
  await timed('a day by hour', report({ by: ['hour'], fromMs: nowMs - DAY_MS }));
  await timed('a week by hour', report({ by: ['hour'], fromMs: nowMs - 7 * DAY_MS }));
  await timed('two hours by minute', report({ by: ['minute'], fromMs: nowMs - 7_200_000 }));
  await timed('older part of a day', () =>
    usageReport(
      of,
      { fromMs: fromMs + 3_600_000, toMs: fromMs + 4 * DAY_MS, by: ['model'], filters: {} },
      { nowMs, kept: { minutesMs: 7 * DAY_MS } },
    ),
  );
  for (const [name, filters] of [
    ['all', {}],
    ['of a tenant', { tenant: ['tenant-7'] }],
    ['of a key', { key: ['key-190'] }],
    ['of a model', { model: ['gemini-pro'] }],
    ['failed one way', { failure: ['connection'] }],
    ['of a tag and tenant', { tag: ['eval'], tenant: ['tenant-49'] }],
    ['of nobody', { model: ['none'] }],
  ] as const) {
    const first = await timed(`page of calls ${name}`, () => callPage(of, { filters, limit: 50 }, nowMs));
    if (first.next !== null)
      await timed('  and the next', () =>
        callPage(of, { filters, limit: 50, before: first.next ?? undefined }, nowMs),
      );
  }
  await timed('statement', () =>
    statementOf(of, { tenant: { id: 'tenant-4', name: 'Four', wallet: 'prepaid' }, month: '2026-11' }, nowMs),
  );
}

async function timed<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
  const before = systemClock.now();
  const [all, main] = [process.cpuUsage(), process.threadCpuUsage()];
  const result = await task();
  const ms = systemClock.now() - before;
  const [spent, own] = [process.cpuUsage(all), process.threadCpuUsage(main)].map(
    ({ user, system }) => `${((user + system) / 1_000).toFixed(0)} ms`,
  );
  // On a machine that does other things as well, the second figure is the one to look at.
  say(name, `${ms.toFixed(0).padStart(5)} ms, computing ${spent}, of it the main thread ${own}`);
  return result;
}

function say(name: string, text: string): void {
  process.stdout.write(`${name.padEnd(32)}${text}\n`);
}
