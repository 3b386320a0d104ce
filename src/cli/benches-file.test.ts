import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Failure } from '../domain/failure.ts';
import { createHealth, type KeptBench } from '../routing/health.ts';
import { benchesFile } from './benches-file.ts';

const OFF: KeptBench = {
  what: 'account qwen-a',
  kind: 'balance',
  sinceMs: 1_700_000_000_000.25,
  untilMs: null,
  account: 'qwen-a',
  fingerprint: 'abcdefghijklmnopqrstuv',
};
const LONG: KeptBench = {
  ...OFF,
  what: 'channel qwen-a/qwen3-max',
  kind: 'day',
  untilMs: 1_700_000_900_000.5,
};

let folder = '';
let warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-benches-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const path = () => join(folder, 'benches.json');
const file = (name = '') => benchesFile(join(folder, name), (reason) => warnings.push(reason));

test('what is saved is loaded, switched off included, and nothing else is left in the folder', () => {
  file('deep/data').save([OFF, LONG]);
  assert.deepEqual(file('deep/data').load(), [OFF, LONG]);
  assert.deepEqual(readdirSync(join(folder, 'deep/data')), ['benches.json']);
  file('deep/data').save([]);
  assert.deepEqual(file('deep/data').load(), []);
  assert.deepEqual(warnings, []);
});

test('what health keeps goes through the file and is off in the next run, and no secret is in it', () => {
  const account = { id: 'a', provider: 'qwen', baseUrl: 'http://localhost', secrets: ['sk-very-secret'] };
  const channel = { id: 'a/m', account, upstreamModel: 'm', limits: {}, tier: 0, weight: 1 };
  const health = createHealth({ random: () => 0 });
  for (const nowMs of [1_000, 62_000]) {
    const failure = new Failure('balance', { message: 'm' });
    health.failed(channel, failure, { secret: 0, startedAtMs: nowMs - 1, nowMs, call: `call at ${nowMs}` });
  }
  file().save(health.kept(62_000));
  assert.ok(!readFileSync(path(), 'utf8').includes('very-secret'));
  const next = createHealth({ random: () => 0 });
  next.restore(file().load(), [account], 70_000);
  assert.deepEqual(
    next.benches(70_000).map(({ what, untilMs }) => [what, untilMs]),
    [['account a', Infinity]],
  );
});

test('no file is nothing benched, without a word', () => {
  assert.deepEqual(file().load(), []);
  assert.deepEqual(warnings, []);
});

test('a file that is broken, of another version, or holds absurd moments is put aside with a warning', () => {
  const { load, save } = file();
  save([OFF, LONG]);
  const good = readFileSync(path(), 'utf8');
  const bad = [
    '{',
    '[]',
    good.replace('"version":1', '"version":2'),
    good.replace('"untilMs":null', '"untilMs":"never"'),
    good.replace('1700000900000.5', '-1'),
    good.replace('1700000900000.5', '8.65e15'),
    good.replace('1700000900000.5', '1e999'),
    good.replace('"what":"account qwen-a"', '"what":""'),
    good.replace(',"fingerprint":"abcdefghijklmnopqrstuv"', ''),
  ];
  for (const text of bad) {
    assert.notEqual(text, good);
    writeFileSync(path(), text);
    assert.deepEqual(load(), [], text);
  }
  assert.equal(warnings.length, bad.length);
  assert.match(warnings[0] ?? '', /benches\.json is not what .*: what was benched .* is tried again$/);
});

test('a bench of a kind that this version does not know puts the file aside', () => {
  const { load, save } = file();
  save([OFF, LONG]);
  writeFileSync(path(), readFileSync(path(), 'utf8').replace('"kind":"day"', '"kind":"eclipse"'));
  assert.deepEqual(load(), []);
  assert.equal(warnings.length, 1);
});

test('a place that cannot be written costs a warning', () => {
  writeFileSync(join(folder, 'taken'), '');
  file('taken/below').save([OFF]);
  assert.match(warnings[0] ?? '', /benches\.json could not be written/);
});
