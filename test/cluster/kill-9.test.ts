/**
 * A relay that is killed with `kill -9` again and again while it serves: whatever its clients saw the end of stands in the
 * books, once and as it was told to them.
 */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startChild } from '../sdk/child.ts';
import { crowd, pendingAt, QUICK, type Seen } from './crowd.ts';

const ROUNDS = 20;
const PER_SECOND = 200;

test('what clients saw the end of is in the books exactly once after twenty deaths', {
  timeout: 300_000,
}, async () => {
  const seen: Seen[] = [];
  let child = await startChild({ config: QUICK });
  const { folder } = child;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const clients = crowd(child.url, { perSecond: PER_SECOND, model: 'qwen3-max' });
      await wait(300 + Math.random() * 500);
      child.process.kill('SIGKILL');
      await Promise.all([child.exit, clients.stop()]);
      seen.push(...clients.seen);
      assert.deepEqual(clients.refused, []);
      child = await startChild({ folder });
    }
    while ((await pendingAt(child.url)) > 0) await wait(20);
    child.process.kill('SIGTERM');
    assert.equal(await child.exit, 0);
    assert.deepEqual(
      readdirSync(join(folder, 'data/journal')).filter((name) => name.endsWith('.jsonl')),
      [],
    );
    const database = new DatabaseSync(join(folder, 'data/sluice.db'), { readOnly: true });
    const rows = new Map(
      database
        .prepare(
          'select id, end_reason, input + cache_read + cache_write as input, output + reasoning as output from entries',
        )
        .all()
        .map((row) => [row['id'], row]),
    );
    const days = database.prepare("select sum(calls) as calls from rollups where span = 'day'").get();
    database.close();
    assert.ok(seen.length > (ROUNDS * PER_SECOND) / 10, `${seen.length} answers were seen whole`);
    assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length);
    assert.deepEqual(
      seen.filter(({ id }) => rows.get(id)?.['end_reason'] !== 'complete').map(({ id }) => id),
      [],
      'seen, and not in the books',
    );
    const sums = { seen: { input: 0, output: 0 }, booked: { input: 0, output: 0 } };
    for (const { id, input, output } of seen) {
      sums.seen.input += input;
      sums.seen.output += output;
      sums.booked.input += Number(rows.get(id)?.['input']);
      sums.booked.output += Number(rows.get(id)?.['output']);
    }
    assert.deepEqual(sums.booked, sums.seen);
    assert.equal(days?.['calls'], rows.size, 'added up once');
  } finally {
    await child.remove();
  }
});
