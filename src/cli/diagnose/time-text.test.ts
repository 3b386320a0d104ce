import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, momentText } from './time-text.ts';

test('a duration is told in two units at most', () => {
  for (const [ms, text] of [
    [2_540, '2.5 s'],
    [60_000, '1 min'],
    [119_600, '2 min'],
    [12_000_000, '3 h 20 min'],
    [86_400_000, '1 day'],
    [15 * 86_400_000 + 59_000, '15 days'],
  ] as const)
    assert.equal(durationText(ms), text);
});

test('a moment is told in local time and in UTC, once where they are the same', () => {
  const atMs = Date.UTC(2026, 9, 15, 16);
  assert.equal(momentText(atMs, 'Asia/Shanghai'), '2026-10-16 00:00 Asia/Shanghai (2026-10-15 16:00 UTC)');
  assert.equal(momentText(atMs, 'UTC'), '2026-10-15 16:00 UTC');
});
