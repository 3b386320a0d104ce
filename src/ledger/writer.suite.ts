/** What holds of the writer on each of the databases. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import type { Database } from '../storage/database.ts';
import { DatabaseError } from '../storage/database-error.ts';
import type { OpenDatabase } from '../testing/databases.ts';
import { someEntry } from '../testing/entries.ts';
import { createJournal, type Journal } from './journal.ts';
import { journalOwner } from './journal-owner.ts';
import { createWriter, type Poster, type Writer, type WriterOptions } from './writer.ts';

type Books = { readonly writer: Writer; readonly journal: Journal; readonly folder: string };

export function writerSuite(open: OpenDatabase): void {
  const root = mkdtempSync(join(tmpdir(), 'sluice-writer-'));
  after(() => rmSync(root, { recursive: true }));
  let folders = 0;
  let runs = 0;

  const booksIn = (
    database: Database,
    { folder = join(root, String(folders++)), ...rest }: Partial<WriterOptions> & { folder?: string } = {},
  ): Books => {
    const journal = createJournal({
      ...{ folder, owner: journalOwner('here', 1, `r${runs++}`), isAlive: () => false },
      nowMs: systemClock.now,
    });
    const writer = createWriter({
      ...{ database, journal, clock: systemClock, log: silentLogger, posters: [] },
      spillBytes: () => Infinity,
      ...rest,
    });
    return { writer, journal, folder };
  };

  const idsIn = async (database: Database, prefix: string): Promise<string[]> => {
    const rows = await database.query
      .selectFrom('entries')
      .select('id')
      .where('id', 'like', `${prefix}%`)
      .orderBy('id')
      .execute();
    return rows.map(({ id }) => id);
  };

  const idsOf = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(5, '0')}`);

  it('writes an entry down field by field, and its story beside it', async () => {
    const database = await open();
    const { writer } = booksIn(database);
    const held = [{ purse: 'wallet:acme', amountNano: 2n ** 62n }];
    const whole = someEntry({
      ...{ id: 'whole', arrivedAtMs: 1_000, held, tags: ['a', "b';--"], project: 'shop', stream: false },
      ...{ queueMs: 12.5, overheadMs: 0.75, firstContentMs: null },
      story: {
        attempts: [{ channel: 'qwen-main/qwen3-max', queueMs: 12.5, startedAtMs: 1_010 }],
        fallbacks: [],
      },
      usage: { input: 100, cacheRead: 20, cacheWrite: 0, output: 50, reasoning: 7, source: 'upstream' },
      money: {
        ...{ price: 'catalogue:qwen/qwen3-max@2026-01-01', priceRow: '{"input":"1.2"}', factor: '0.88' },
        ...{ listNano: 2n ** 63n - 1n, upstreamNano: null, chargedNano: 406_560n },
      },
    });
    await writer.record(whole);
    assert.equal(await writer.close(5_000), true);
    const row = await database.query
      .selectFrom('entries')
      .selectAll()
      .where('id', '=', 'whole')
      .executeTakeFirstOrThrow();
    assert.deepEqual(row, {
      ...{ id: 'whole', instance: 'one', arrived_ms: 1_000, ended_ms: 2_000, tenant: 'acme' },
      ...{ project: 'shop', key: 'web', dialect: 'openai-chat', stream: 0, model: 'qwen3-max' },
      ...{ served: 'qwen3-max', channel: 'qwen-main/qwen3-max', account: 'qwen-main', provider: 'qwen' },
      ...{ status: 200, end_reason: 'complete', failure: null, attempts: 1, queue_ms: 12.5 },
      ...{ overhead_ms: 0.75, first_content_ms: null, duration_ms: 1_000, input: 100, cache_read: 20 },
      ...{ cache_write: 0, output: 50, reasoning: 7, usage_source: 'upstream', factor: '0.88' },
      ...{ price: 'catalogue:qwen/qwen3-max@2026-01-01', price_row: '{"input":"1.2"}' },
      ...{ list_nano: 2n ** 63n - 1n, upstream_nano: null, charged_nano: 406_560n, in_wallet: 1 },
      tags: `["a","b';--"]`,
    });
    const story = await database.query
      .selectFrom('stories')
      .selectAll()
      .where('call', '=', 'whole')
      .executeTakeFirstOrThrow();
    assert.equal(story.arrived_ms, 1_000);
    assert.deepEqual(JSON.parse(story.story), whole.story);
  });

  it('gives the posters what is new, once, in the transaction that writes it', async () => {
    const database = await open();
    const seen: string[] = [];
    const settled: string[] = [];
    const poster: Poster = async (transaction, fresh) => {
      const { ids } = await transaction
        .selectFrom('entries')
        .select((eb) => eb.fn.countAll<number>().as('ids'))
        .where(
          'id',
          'in',
          fresh.map(({ id }) => id),
        )
        .executeTakeFirstOrThrow();
      assert.equal(Number(ids), fresh.length);
      seen.push(...fresh.map(({ id }) => id));
      return () => void settled.push(...fresh.map(({ id }) => id));
    };
    const { writer } = booksIn(database, { posters: [poster] });
    const ids = idsOf('post', 1_200);
    for (const id of ids) writer.record(someEntry({ id }));
    writer.record(someEntry({ id: 'post00000' }));
    assert.equal(await writer.close(10_000), true);
    const again = booksIn(database, { posters: [poster] });
    for (const id of ids.slice(0, 10)) again.writer.record(someEntry({ id }));
    again.writer.record(someEntry({ id: 'post_new' }));
    assert.equal(await again.writer.close(10_000), true);
    assert.deepEqual(seen.sort(), [...ids, 'post_new'].sort());
    assert.deepEqual(settled.sort(), seen);
    assert.deepEqual(readdirSync(again.folder), []);
  });

  it('puts what ends in one turn into the journal by one write, and lets nobody go on before it', async () => {
    const database = await open();
    const turns: (() => void)[] = [];
    const { writer, journal, folder } = booksIn(database, { soon: (task) => void turns.push(task) });
    const first = writer.record(someEntry({ id: 'turn0' }));
    const second = writer.record(someEntry({ id: 'turn1' }));
    assert.ok(first !== undefined && second !== undefined);
    let wentOn = false;
    void first.then(() => {
      wentOn = true;
    });
    await new Promise(setImmediate);
    if (database.kind === 'sqlite') {
      assert.deepEqual([turns.length, wentOn, journal.bytes()], [1, false, 0]);
      turns[0]?.();
      assert.match(readFileSync(join(folder, readdirSync(folder)[0] ?? ''), 'utf8'), /turn0.*\n.*turn1.*\n$/);
    }
    await Promise.all([first, second]);
    assert.equal(writer.state().pending > 0 || database.kind === 'postgres', true);
    // What nobody has written down yet goes with the transaction that comes first.
    void writer.record(someEntry({ id: 'turn2' }));
    assert.equal(await writer.close(5_000), true);
    assert.deepEqual(await idsIn(database, 'turn'), ['turn0', 'turn1', 'turn2']);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('tells what follows in memory once, also where the word of the commit was lost', async () => {
    const real = await open();
    for (const isCommitted of [true, false]) {
      let lost = 0;
      const database: Database = {
        ...real,
        async write(task) {
          if (lost++ > 0) return real.write(task);
          if (isCommitted) await real.write(task);
          else
            await real
              .write(async (transaction) => {
                await task(transaction);
                throw new RangeError('undone');
              })
              .catch(() => {});
          throw new DatabaseError('away', 'the connection broke');
        },
      };
      const told: string[] = [];
      const poster: Poster = async (_, fresh) => () => void told.push(...fresh.map(({ id }) => id));
      const { writer } = booksIn(database, { posters: [poster] });
      const ids = idsOf(`doubt-${isCommitted}-`, 5);
      for (const id of ids) writer.record(someEntry({ id }));
      while (writer.state().away === undefined) await pause(5);
      assert.deepEqual(told, []);
      writer.record(someEntry({ id: `doubt-${isCommitted}-later` }));
      while (writer.state().pending > 0) await pause(5);
      assert.deepEqual(told.sort(), [...ids, `doubt-${isCommitted}-later`]);
      await writer.close(1_000);
    }
  });

  it('undoes a batch whose poster fails, and puts the one at fault aside', async () => {
    const database = await open();
    const poster: Poster = async (transaction, fresh) => {
      await transaction
        .insertInto('purses')
        .values(fresh.map(({ id }) => ({ id, spent_nano: 1n, held_nano: 0n, updated_ms: 0 })))
        .execute();
      if (fresh.some(({ id }) => id === 'bad00007')) throw new RangeError('cannot be posted');
    };
    const { writer, folder } = booksIn(database, { posters: [poster] });
    for (const id of idsOf('bad', 20)) writer.record(someEntry({ id }));
    assert.equal(await writer.close(10_000), true);
    const left = idsOf('bad', 20).filter((id) => id !== 'bad00007');
    assert.deepEqual(await idsIn(database, 'bad'), left);
    const purses = await database.query
      .selectFrom('purses')
      .select('id')
      .where('id', 'like', 'bad%')
      .execute();
    assert.deepEqual(purses.map(({ id }) => id).sort(), left);
    const [rejected = assert.fail(), ...others] = readdirSync(folder);
    assert.deepEqual(others, []);
    const text = readFileSync(join(folder, rejected), 'utf8');
    assert.match(text, /cannot be posted/);
    assert.match(text, /"bad00007"/);
  });

  it('puts a row aside that the database does not allow', async () => {
    const database = await open();
    const { writer } = booksIn(database);
    for (const id of idsOf('odd', 5))
      writer.record(
        someEntry(
          id === 'odd00002' ? { id, ...({ tenant: null } as unknown as { tenant: string }) } : { id },
        ),
      );
    assert.equal(await writer.close(10_000), true);
    assert.deepEqual(
      await idsIn(database, 'odd'),
      idsOf('odd', 5).filter((id) => id !== 'odd00002'),
    );
  });

  it('keeps everything while the database is away, and writes it once it is back', async () => {
    const real = await open();
    let isAway = true;
    const database: Database = {
      ...real,
      write: (task) =>
        isAway ? Promise.reject(new DatabaseError('away', 'nobody answers')) : real.write(task),
    };
    const { writer, folder } = booksIn(database, { mostInMemory: 10 });
    const ids = idsOf('away', 700);
    for (const id of ids.slice(0, 100)) writer.record(someEntry({ id }));
    while (writer.state().away === undefined) await pause(5);
    for (const id of ids.slice(100)) writer.record(someEntry({ id, held: [{ purse: 'p', amountNano: 1n }] }));
    assert.equal(writer.state().pending, 700);
    assert.equal(writer.state().away?.reason, 'nobody answers');
    isAway = false;
    while (writer.state().pending > 0) await pause(10);
    assert.deepEqual(await idsIn(real, 'away'), ids);
    assert.equal(writer.state().away, undefined);
    assert.equal(await writer.close(1_000), true);
    assert.deepEqual(readdirSync(folder), []);
  });

  it('leaves to the next run what it cannot write, whichever byte the last one died at', async () => {
    const database = await open();
    const away: Database = {
      ...database,
      write: () => Promise.reject(new DatabaseError('away', 'nobody answers')),
    };
    const dead = booksIn(away, { mostInMemory: 3 });
    for (const id of idsOf('left', 12)) dead.writer.record(someEntry({ id }));
    assert.equal(await dead.writer.close(50), false);
    const [name = assert.fail()] = readdirSync(dead.folder);
    const path = join(dead.folder, name);
    truncateSync(path, statSync(path).size - 5);
    const heir = booksIn(database, { folder: dead.folder });
    heir.writer.adopt(heir.journal.claim());
    assert.equal(await heir.writer.close(10_000), true);
    assert.deepEqual(await idsIn(database, 'left'), idsOf('left', 11));
    assert.deepEqual(
      readdirSync(dead.folder).filter((each) => each.endsWith('.jsonl')),
      [],
    );
  });

  it('lets nobody wait longer than for the database, and for that only a moment', async () => {
    const real = await open();
    let go = (): void => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const database: Database = { ...real, write: (task) => gate.then(() => real.write(task)) };
    const { writer } = booksIn(database);
    const held = [{ purse: 'p', amountNano: 1n }];
    const startedAtMs = systemClock.now();
    await writer.record(someEntry({ id: 'slow', held }));
    assert.ok(systemClock.now() - startedAtMs < 500);
    assert.deepEqual(await idsIn(real, 'slow'), []);
    go();
    assert.equal(await writer.close(5_000), true);
    assert.deepEqual(await idsIn(real, 'slow'), ['slow']);
  });

  it('says when there is no room for more', async () => {
    const database = await open();
    let limit = 1;
    const { writer } = booksIn(database, { spillBytes: () => limit });
    assert.equal(writer.state().isFull, false);
    writer.record(someEntry({ id: 'full' }));
    assert.equal(writer.state().isFull, true);
    limit = 1_000_000;
    assert.equal(writer.state().isFull, false);
    await writer.close(1_000);
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void systemClock.after(ms, resolve));
