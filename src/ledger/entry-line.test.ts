import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CallEntry } from '../domain/entry.ts';
import { someEntry } from '../testing/entries.ts';
import { ENTRY_COLUMNS } from './entry-columns.ts';
import { entryOfLine, lineOf } from './entry-line.ts';

const IN_WALLET = Object.keys(ENTRY_COLUMNS).indexOf('in_wallet');

const nano = fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }));
const thousandths = fc.nat({ max: 10_000_000 });
const ms = thousandths.map((some) => some / 1_000);
const tokens = fc.nat({ max: 2_000_000 });
const text = fc.string({ unit: 'binary' });
const plain = { noNullPrototype: true } as const;

const entries: fc.Arbitrary<CallEntry> = fc
  .record(
    {
      id: text,
      project: fc.option(text),
      model: text,
      stream: fc.boolean(),
      // Above nothing, in whole thousandths: a sum of two such numbers need not be one.
      queueMs: thousandths.map((some) => (some + 1_000) / 1_000),
      firstContentMs: fc.option(ms),
      usage: fc.option(
        fc.record(
          {
            ...{ input: tokens, cacheRead: tokens, cacheWrite: tokens, output: tokens, reasoning: tokens },
            source: fc.constantFrom('upstream' as const, 'partial' as const, 'estimated' as const),
          },
          plain,
        ),
      ),
      money: fc.record(
        {
          ...{ price: fc.option(text), priceRow: fc.option(text), factor: fc.constantFrom('1', '0.88') },
          ...{ listNano: nano, upstreamNano: nano, chargedNano: nano },
        },
        plain,
      ),
      held: fc.array(fc.record({ purse: text, amountNano: fc.bigInt({ min: 0n, max: 10n ** 18n }) }, plain)),
      tags: fc.array(text),
    },
    plain,
  )
  .map(someEntry);

test('a line is one line and gives the entry back as it was', () => {
  fc.assert(
    fc.property(entries, (entry) => {
      const line = lineOf(entry);
      assert.doesNotMatch(line, /[\r\n]/);
      assert.deepEqual(entryOfLine(line), entry);
    }),
  );
});

test('a story is told where there is more to it than one smooth attempt', () => {
  const attempt = { channel: 'qwen-main/qwen3-max', queueMs: 0, startedAtMs: 10 };
  const smooth = someEntry({ id: 'r', story: { attempts: [attempt], fallbacks: [] } });
  assert.deepEqual(entryOfLine(lineOf(smooth)).story, { attempts: [], fallbacks: [] });
  const fallbacks = [{ from: 'a', to: 'b', reason: 'rpm' }];
  for (const told of [
    { ...smooth, queueMs: 1 },
    { ...smooth, story: { attempts: [attempt, attempt], fallbacks: [] } },
    { ...smooth, story: { attempts: [{ ...attempt, failure: 'rpm' as const }], fallbacks: [] } },
    { ...smooth, story: { attempts: [attempt], fallbacks } },
    { ...smooth, story: { ...smooth.story, dropped: ['seed'] } },
  ])
    assert.deepEqual(entryOfLine(lineOf(told)).story, told.story);
});

test('no part of a line is an entry', () => {
  const line = lineOf(someEntry({ id: 'req_1', tags: ['a'] }));
  for (let length = 0; length < line.length; length++)
    assert.throws(() => entryOfLine(line.slice(0, length)), SyntaxError);
});

test('JSON of something else is no entry', () => {
  for (const other of [
    '1',
    'null',
    '{}',
    '[]',
    '["req_1"]',
    lineOf(someEntry({ id: 'r' })).replace('"r"', '1'),
  ])
    assert.throws(() => entryOfLine(other), /not the line of an entry/);
});

test('only what a wallet pays for is marked as paid from it', () => {
  const marked = (purse: string): unknown =>
    JSON.parse(lineOf(someEntry({ id: 'r', held: [{ purse, amountNano: 1n }] })))[IN_WALLET];
  assert.equal(marked('wallet:acme'), 1);
  assert.equal(marked('budget:key:web:day:2026-11-26'), 0);
});
