import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Memories } from '../admission/limiter.ts';
import { learnedFile } from './learned-file.ts';

const MEMORIES: Memories = {
  'a/m': {
    ramp: { growth: 2.5, floor: 0.3, from: { growth: 2, floor: 0.22 } },
    boundMs: 212,
    boundGuardMs: -20,
    minuteGuardMs: 0,
    secondMargin: 0.03,
    landingFactor: 1.5,
    prepaid: false,
    requests: { atMs: 1_700_000_000_000, share: 0.8 },
  },
};

let folder = '';
let warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-learned-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name = '') => learnedFile(join(folder, name), (reason) => warnings.push(reason));

test('what is saved is loaded, and nothing else is left in the folder', () => {
  const { save, load } = file('deep/data');
  save(MEMORIES);
  assert.deepEqual(load(), MEMORIES);
  assert.deepEqual(readdirSync(join(folder, 'deep/data')), ['learned.json']);
  assert.deepEqual(warnings, []);
});

test('no file is nothing learned, without a word', () => {
  assert.deepEqual(file().load(), {});
  assert.deepEqual(warnings, []);
});

test('a file that is broken, older, or holds absurd numbers is put aside with a warning', () => {
  const { load, save } = file();
  save(MEMORIES);
  const good = readFileSync(join(folder, 'learned.json'), 'utf8');
  const bad = [
    '{',
    '[]',
    good.replace('"version":1', '"version":7'),
    good.replace('"share":0.8', '"share":-3'),
  ];
  for (const text of bad) {
    writeFileSync(join(folder, 'learned.json'), text);
    assert.deepEqual(load(), {});
  }
  assert.equal(warnings.length, bad.length);
  assert.match(warnings[0] ?? '', /learned\.json is not what this version wrote/);
});

test('a place that cannot be written costs a warning', () => {
  writeFileSync(join(folder, 'taken'), '');
  file('taken/below').save(MEMORIES);
  assert.match(warnings[0] ?? '', /could not be written/);
});
