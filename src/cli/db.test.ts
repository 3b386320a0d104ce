import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openDatabase } from '../storage/open-database.ts';
import type { DatabasePlace } from '../storage/place.ts';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import { dbCommand } from './db.ts';

const CANARY = 'canary0123456789abcdef';
const DAY_MS = 86_400_000;
const FIRST_MS = Date.parse('2026-11-01T00:00:00Z');

async function fill(place: DatabasePlace): Promise<void> {
  const database = await openDatabase(place);
  const { query } = database;
  const edited = { version: 1, created_ms: FIRST_MS, updated_ms: FIRST_MS };
  await query
    .insertInto('wallet_entries')
    .values(
      [0, 1, 2].map((day) => ({
        ...{ id: `w${day}`, tenant: 'acme', at_ms: FIRST_MS + day * DAY_MS, kind: 'top_up' },
        ...{ amount_nano: 1_500_000_001n, call: null, note: '=1+1', actor: 'owner' },
      })),
    )
    .execute();
  const key = { key: 'web', prefix: 'sk-sluice-ab', created_ms: FIRST_MS, ends_ms: null };
  await query
    .insertInto('key_hashes')
    .values({ ...key, hash: CANARY })
    .execute();
  const secret = { id: 's', account: 'a', hint: 'wxyz', created_ms: FIRST_MS };
  await query
    .insertInto('account_secrets')
    .values({ ...secret, sealed: CANARY })
    .execute();
  const admin = { id: 'ann', name: 'Ann', role: 'viewer', tenant: null, prefix: 'p', active: 1 };
  await query
    .insertInto('admins')
    .values({ ...edited, ...admin, hash: CANARY })
    .execute();
  await query
    .insertInto('tenants')
    .values({
      ...{ ...edited, id: 'acme', name: 'Acme', active: 1, wallet: 'prepaid', credit_limit_nano: 0n },
      settings: '{"metadata":{"a":1}}',
      revision: 1,
    })
    .execute();
  await database.close();
}

for (const kind of ['sqlite', 'postgres'] as const)
  describe(`sluice db on ${kind}`, () => {
    let fresh: FreshPlace;
    let folder: string;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-db-'));
      fresh = await freshDatabase(kind);
      await fill(fresh.place);
    });
    after(async () => {
      rmSync(folder, { recursive: true, force: true });
      await fresh.remove();
    });
    const run = async (words: readonly string[], place = fresh.place, isTTY = false) => {
      const said = { out: '', taken: '', bar: '' };
      const command = dbCommand({
        placeOf: () => place,
        nowMs: () => FIRST_MS,
        write: (text) => {
          said.out += text;
        },
        take: async (text) => {
          said.taken += text;
          return true;
        },
        terminal: {
          isTTY,
          write: (text) => {
            said.bar += text;
          },
        },
      });
      const quiet = { writeErr: () => {}, writeOut: () => {} };
      for (const each of command.commands) each.exitOverride().configureOutput(quiet);
      await command.exitOverride().parseAsync(words, { from: 'user' });
      return said;
    };

    it('tells what is migrated, migrates, and says what it did', async () => {
      const empty = await freshDatabase(kind, { empty: true });
      if (kind === 'postgres')
        assert.match((await run(['migrate', '--status'], empty.place)).out, /0001-first {2}to be done/);
      assert.match((await run(['migrate'], empty.place)).out, /: done: 0001-first/);
      assert.match((await run(['migrate'], empty.place)).out, /nothing was to be done/);
      assert.match((await run(['migrate', '--status'], empty.place)).out, /0001-first {2}done 20/);
      await empty.remove();
    });

    it('backs up into a file for its owner alone, and restores it into either kind', async () => {
      const file = join(folder, 'all.gz');
      const { out, bar } = await run(['backup', file], fresh.place, true);
      assert.match(out, /all\.gz: 7 rows/);
      assert.match(bar, /backing up █+ 100 % of 7 rows/);
      assert.equal(statSync(file).mode & 0o077, 0);
      assert.ok(!existsSync(`${file}.part`));
      for (const other of ['sqlite', 'postgres'] as const) {
        const target = await freshDatabase(other, { empty: true });
        const restored = await run(['restore', file], target.place);
        assert.match(restored.out, /: 7 rows/);
        assert.equal(restored.bar, '');
        for (const table of ['wallet_entries', 'tenants', 'admins'])
          assert.equal(
            (await run(['export', table], target.place)).taken,
            (await run(['export', table])).taken,
          );
        await assert.rejects(run(['restore', file], target.place), /is not empty.*--force/);
        assert.match((await run(['restore', '--force', file], target.place)).out, /: 7 rows/);
        await target.remove();
      }
    });

    it('keeps a file that is there, but by force', async () => {
      const file = join(folder, 'there.gz');
      writeFileSync(file, 'mine');
      await assert.rejects(run(['backup', file]), /is there already.*--force/);
      assert.equal(readFileSync(file, 'utf8'), 'mine');
      await run(['backup', '--force', file]);
      assert.notEqual(readFileSync(file).length, 4);
    });

    it('leaves no half of a file where it cannot end', async () => {
      await assert.rejects(run(['backup', join(folder, 'no', 'such', 'folder.gz')]), /ENOENT/);
      const empty = await freshDatabase(kind, { empty: true });
      const file = join(folder, 'half.gz');
      await assert.rejects(run(['backup', file], empty.place));
      assert.ok(!existsSync(file) && !existsSync(`${file}.part`));
      await empty.remove();
    });

    it('restores nothing of what is no backup, or is damaged', async () => {
      const file = join(folder, 'damaged.gz');
      await run(['backup', file]);
      const whole = readFileSync(file);
      const empty = await freshDatabase(kind, { empty: true });
      for (const [bytes, message] of [
        [whole.subarray(0, whole.length - 20), /damaged/],
        [Buffer.from('hello'), /no backup of Sluice/],
        [Buffer.alloc(0), /no backup of Sluice|damaged/],
      ] as const) {
        writeFileSync(file, bytes);
        await assert.rejects(run(['restore', file], empty.place), message);
      }
      await assert.rejects(run(['restore', join(folder, 'none.gz')], empty.place), /there is no file/);
      await empty.remove();
    });

    it('exports with decimal dollars and dates, as CSV that no spreadsheet takes for formulas', async () => {
      const { taken } = await run(['export', 'wallet_entries']);
      const [head, first] = taken.split('\r\n');
      assert.equal(head, 'id,tenant,at,kind,amount_usd,call,note,actor');
      assert.equal(first, "w0,acme,2026-11-01T00:00:00.000Z,top_up,1.500000001,,'=1+1,owner");
    });

    it('exports as lines of JSON, with what has a shape in its shape', async () => {
      const { taken } = await run(['export', 'tenants', '--format', 'jsonl']);
      assert.deepEqual(JSON.parse(taken), {
        ...{ id: 'acme', version: 1, name: 'Acme', active: 1, wallet: 'prepaid', credit_limit_usd: '0' },
        created_at: '2026-11-01T00:00:00.000Z',
        updated_at: '2026-11-01T00:00:00.000Z',
        settings: { metadata: { a: 1 } },
        revision: 1,
      });
    });

    it('exports a range of time, its end not included', async () => {
      const ids = async (...range: string[]): Promise<string[]> =>
        (await run(['export', 'wallet_entries', ...range])).taken.match(/^w\d/gm) ?? [];
      assert.deepEqual(await ids('--from', '2026-11-02'), ['w1', 'w2']);
      assert.deepEqual(await ids('--to', '2026-11-02'), ['w0']);
      assert.deepEqual(await ids('--from', '2026-11-02', '--to', '2026-11-03T00:00:01+00:00'), ['w1', 'w2']);
      await assert.rejects(
        run(['export', 'tenants', '--from', '2026-11-02']),
        /tenants has no times.*entries/,
      );
      for (const wrong of ['yesterday', '2026-13-01', '2026-11-01T08:00'])
        await assert.rejects(run(['export', 'entries', '--from', wrong]), /expected a date/);
    });

    it('exports into a file that was not there', async () => {
      const file = join(folder, 'wallet.csv');
      assert.match((await run(['export', 'wallet_entries', '-o', file])).out, /3 rows/);
      assert.equal(readFileSync(file, 'utf8'), (await run(['export', 'wallet_entries'])).taken);
      await assert.rejects(run(['export', '-o', file]), /is there already/);
    });

    it('exports no hash and no sealed secret, of whatever table', async () => {
      for (const table of ['key_hashes', 'account_secrets', 'admins'])
        for (const format of ['csv', 'jsonl']) {
          const { taken } = await run(['export', table, '--format', format]);
          assert.ok(taken.length > 0);
          assert.ok(!taken.includes(CANARY), table);
        }
      for (const table of ['sessions', 'admin_answers', 'sqlite_master', 'entries; drop table entries'])
        await assert.rejects(run(['export', table]), /table: expected one of entries/);
    });

    if (kind === 'sqlite')
      it('makes no database where there is none', async () => {
        const path = join(folder, 'none.db');
        for (const words of [['migrate', '--status'], ['backup', join(folder, 'x.gz')], ['export']])
          await assert.rejects(run(words, { kind: 'sqlite', path }), /there is no database/);
        assert.ok(!existsSync(path));
      });
  });
