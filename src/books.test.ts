import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { known } from './app.ts';
import { systemClock } from './base/clock.ts';
import { createLogger } from './base/log.ts';
import { type Books, journalFolder, openBooks } from './books.ts';
import type { Config } from './config/config.ts';
import { loadConfig } from './config/load.ts';
import type { ClientKey } from './domain/call.ts';
import { Failure } from './domain/failure.ts';
import type { Usage } from './domain/usage.ts';
import { lineOf } from './ledger/entry-line.ts';
import { snapshotOf } from './snapshot.ts';
import { openDatabase } from './storage/open-database.ts';
import { someEntry } from './testing/entries.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-books-'));
after(() => rmSync(root, { recursive: true }));

const KEY: ClientKey = {
  ...{ id: 'web', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
};

function configIn(folder: string, more = ''): Config {
  const yaml = `
keys: [{ id: web, key: books-key-0123456789abcdef }]
accounts: [{ id: qwen-a, provider: qwen, region: singapore, secrets: [s], models: [qwen3-max] }]
data_dir: ${join(root, folder)}
${more}`;
  return loadConfig({ path: 'test.yaml', env: {}, known, readFile: () => yaml });
}

type Opened = { readonly books: Books; readonly config: Config; readonly log: string[] };

async function opened(folder: string, more?: string): Promise<Opened> {
  const config = configIn(folder, more);
  mkdirSync(config.dataDir, { recursive: true });
  const log: string[] = [];
  const books = await openBooks({
    ...{ config, clock: systemClock, random: () => 0.5 },
    log: createLogger({
      level: 'info',
      pretty: false,
      nowMs: systemClock.now,
      write: (line) => void log.push(line),
    }),
    place: { kind: 'sqlite', path: join(config.dataDir, 'sluice.db') },
    machine: { host: 'here', pid: 7, isAlive: () => false },
  });
  return { books, config, log };
}

async function idsIn(config: Config): Promise<string[]> {
  const database = await openDatabase({ kind: 'sqlite', path: join(config.dataDir, 'sluice.db') });
  try {
    const rows = await database.query.selectFrom('entries').select('id').orderBy('id').execute();
    return rows.map(({ id }) => id);
  } finally {
    await database.close();
  }
}

const askOf = (config: Config) => {
  const [channel = assert.fail()] = snapshotOf(config).catalog.channels;
  const usage: Usage = {
    input: 1_000,
    cacheRead: 0,
    cacheWrite: 0,
    output: 1_000,
    reasoning: 0,
    source: 'upstream',
  };
  return { key: KEY, model: 'qwen3-max', served: 'qwen3-max', channel, usage, free: false };
};

describe('books', () => {
  it('write down what they were told before they are closed, and leave nothing behind', async () => {
    const { books, config } = await opened('whole');
    for (const id of ['req_a', 'req_b'])
      void books.ledger.record(someEntry({ id, instance: books.instance }));
    assert.equal(books.state().pending, 2);
    await books.close();
    assert.deepEqual(await idsIn(config), ['req_a', 'req_b']);
    assert.deepEqual(readdirSync(journalFolder(config)), []);
  });

  it('take up what a dead process left, and add it up like all else', async () => {
    const config = configIn('heir');
    mkdirSync(journalFolder(config), { recursive: true });
    const line = lineOf(someEntry({ id: 'req_left', arrivedAtMs: Date.UTC(2026, 10, 26) }));
    writeFileSync(join(journalFolder(config), 'here~9~dead~0.jsonl'), `${line}\n${line.slice(0, 50)}`);
    const { books, log } = await opened('heir');
    await books.close();
    assert.deepEqual(await idsIn(config), ['req_left']);
    assert.match(log.join(''), /entries of an earlier run are taken up.*"files":1/);
    assert.match(log.join(''), /put aside/);
    const again = await openDatabase({ kind: 'sqlite', path: join(config.dataDir, 'sluice.db') });
    const days = await again.query.selectFrom('rollups').select('calls').where('span', '=', 'day').execute();
    await again.close();
    assert.deepEqual(days, [{ calls: 1 }]);
    assert.deepEqual(
      readdirSync(journalFolder(config)).filter((name) => !name.endsWith('.rejected')),
      [],
    );
  });

  it('refuse new calls when there is no room for their entries, as long as there is none', async () => {
    const { books } = await opened('full', 'ledger: { spill_limit: 200 }');
    const hold = () => books.ledger.hold(KEY, () => assert.fail('nobody has to pay for it'));
    assert.equal(hold(), undefined);
    await books.ledger.record(someEntry({ id: 'req_a' }));
    assert.throws(
      hold,
      (error) => error instanceof Failure && error.kind === 'ledger_full' && error.status === 503,
    );
    books.apply(configIn('full'));
    assert.equal(hold(), undefined);
    await books.close();
  });

  it('price calls by the catalogue, and leave the price open where the sum cannot be done', async () => {
    const { books, config, log } = await opened('prices');
    const ask = askOf(config);
    // 1,000 tokens at 1.2 and 1,000 at 6 dollars a million.
    assert.equal(books.ledger.costOf(ask).chargedNano, 7_200_000n);
    const broken = books.ledger.costOf({ ...ask, usage: { ...ask.usage, input: Number.NaN } });
    assert.deepEqual([broken.listNano, broken.chargedNano], [null, null]);
    assert.match(log.join(''), /could not be priced/);
    await books.close();
  });

  it('are told apart run by run', async () => {
    const first = await opened('runs');
    await first.books.close();
    const second = await opened('runs');
    await second.books.close();
    assert.match(first.books.instance, /^here~7~\w+$/);
    assert.notEqual(first.books.instance, second.books.instance);
  });
});
