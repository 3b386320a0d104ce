import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from '../base/log.ts';
import { createSpillAlarm } from './spill-alarm.ts';

test('the room for entries is warned of at every step, once, and again only after it was well below', () => {
  const lines: string[] = [];
  const log = createLogger({
    level: 'info',
    pretty: false,
    nowMs: () => 0,
    write: (line) => lines.push(line),
  });
  const alarm = createSpillAlarm({ log, spillBytes: () => 1_000 });
  const look = (journalBytes: number): number => {
    lines.length = 0;
    alarm.look({ pending: 9, journalBytes, isFull: false, away: { sinceMs: 0, reason: 'nobody answers' } });
    return lines.length;
  };
  assert.deepEqual([0, 249, 250, 260, 240, 255, 510, 700].map(look), [0, 0, 1, 0, 0, 0, 1, 0]);
  assert.deepEqual([240, 100, 260].map(look), [0, 0, 1]);
  assert.deepEqual([1_000].map(look), [1]);
  assert.match(lines[0] ?? '', /"level":"error".*new calls are refused.*"pending":9.*nobody answers/);
});
