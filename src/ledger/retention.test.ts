import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLogger } from '../base/log.ts';
import type { Database } from '../storage/database.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { retentionSuite } from './retention.suite.ts';
import { createRetention } from './retention.ts';

onEachDatabase((_name, open) => retentionSuite(open));

it('a database that is away is tried again an hour later, until it is closed', async () => {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const log = createLogger({
    level: 'warn',
    pretty: false,
    nowMs: clock.now,
    write: (line) => lines.push(line),
  });
  const database: Database = {
    kind: 'sqlite',
    get query(): never {
      throw new Error('nobody answers');
    },
    write: () => Promise.reject(new Error('nobody answers')),
    close: () => Promise.resolve(),
  };
  const retention = createRetention({ database, clock, log, settings: () => ({ entriesMs: 1 }) });
  retention.start();
  await clock.advance(60_000);
  assert.equal(lines.length, 0);
  await clock.advance(60_000 + 2 * 3_600_000);
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /nothing is pruned.*nobody answers/);
  retention.close();
  assert.equal(clock.pending(), 0);
});
