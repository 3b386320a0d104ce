import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTENDERS, type Result } from './contenders.ts';
import { Journal } from './journal.ts';
import { figuresOf, LEGEND, markdownTable, quantile, textTable, verdictOf } from './table.ts';

/** Ten calls each; the contender at `index` answered `answered` of them, one a second. */
function resultOf(index: number, answered: number): Result {
  const contender = CONTENDERS[index];
  assert.ok(contender);
  const journal = new Journal();
  journal.arrived = 10;
  for (let call = 1; call <= answered; call += 1)
    journal.answers.push({ atMs: call * 1_000, waitMs: call * 100, tokens: 1_000 });
  for (let call = answered; call < 10; call += 1) {
    journal.failures.push('429: no');
    journal.refusedAtMs.push(call * 1_000);
  }
  return { contender, journal, refusalsGiven: 11 - answered };
}

const all = [resultOf(0, 4), resultOf(1, 6), resultOf(2, 10)].map(figuresOf);

test('the figures are those of the journal', () => {
  assert.deepEqual(all[0], {
    id: 'simple',
    name: 'Simple client',
    accounts: 1,
    calls: 10,
    answered: 4,
    failed: 6,
    refusalsSeen: 6,
    refusalsGiven: 7,
    lastAnswerMs: 4_000,
    waitP50Ms: 200,
    waitP99Ms: 400,
    quotaShare: 1,
    tokens: 4_000,
  });
  assert.equal(
    all[2]?.quotaShare.toFixed(3),
    '0.333',
    'three accounts could have answered 30 in ten seconds',
  );
});

test('nothing answered is no division by nothing', () => {
  const { quotaShare, waitP99Ms, lastAnswerMs } = figuresOf(resultOf(0, 0));
  assert.deepEqual({ quotaShare, waitP99Ms, lastAnswerMs }, { quotaShare: 0, waitP99Ms: 0, lastAnswerMs: 0 });
});

test('a quantile is a value that occurred', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(quantile(hundred, 0.5), 50);
  assert.equal(quantile(hundred, 0.99), 99);
  assert.equal(quantile([7], 0.99), 7);
});

test('the table has a column a contender, aligned, and fits a terminal of 80', () => {
  const lines = textTable(all).split('\n');
  assert.match(lines[0] ?? '', /^ +Simple client +With backoff +Sluice$/);
  assert.ok(lines.some((line) => /^Answered +4 \(40 %\) +6 \(60 %\) +10 \(100 %\)$/.test(line)));
  assert.ok(lines.some((line) => /^429s seen by the client +6 +4 +0$/.test(line)));
  assert.ok(lines.some((line) => /^429s given by the upstream +7 +5 +1$/.test(line)));
  assert.ok(lines.some((line) => /^Tokens answered +4,000 +6,000 +10,000$/.test(line)));
  assert.deepEqual([...new Set(lines.map(({ length }) => length))].length, 1);
  assert.ok([...lines, ...LEGEND].every(({ length }) => length <= 80));
});

test('as Markdown it says the same', () => {
  const rows = markdownTable(all)
    .split('\n')
    .filter((line) => line.startsWith('|'));
  assert.equal(rows.length, textTable(all).split('\n').length);
  assert.match(rows[1] ?? '', /^\| -+ \| -+: \| -+: \| -+: \|$/);
  assert.ok(rows.every((row) => row.split('|').length === 6));
  assert.ok(rows.some((row) => /^\| Quota used +\| +100 % \| +100 % \| +33 % \|$/.test(row)));
});

test('the verdict is about Sluice alone', () => {
  assert.deepEqual(verdictOf([resultOf(0, 1), resultOf(2, 10)]), {
    ok: true,
    sentence: 'Sluice answered every call.',
  });
  const { ok, sentence } = verdictOf([resultOf(0, 10), resultOf(2, 7)]);
  assert.equal(ok, false);
  assert.equal(sentence, 'Sluice did not answer every call: 3 of 10 calls failed, the first with 429: no');
  assert.equal(verdictOf([resultOf(0, 10)]).ok, false);
});
