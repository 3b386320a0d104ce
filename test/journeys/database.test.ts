/** The real process and its database: who may start on it, what of it is seen, and a copy while it runs. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { migrate } from '../../src/storage/migrate.ts';
import { MIGRATIONS } from '../../src/storage/migrations/index.ts';
import { openDatabase } from '../../src/storage/open-database.ts';
import type { DatabasePlace } from '../../src/storage/place.ts';
import { type FreshPlace, freshDatabase } from '../../src/testing/databases.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const TOMORROW = [...MIGRATIONS, { name: '9999-tomorrow', up: async () => {} }];

const urlOf = (place: DatabasePlace): string =>
  place.kind === 'sqlite' ? `sqlite:${place.path}` : place.url;

for (const kind of ['sqlite', 'postgres'] as const)
  describe(`the process on ${kind}`, () => {
    let fresh: FreshPlace;
    let folder: string;
    const running: ChildProcess[] = [];
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-process-'));
      fresh = await freshDatabase(kind, { empty: true });
    });
    afterEach(async () => {
      for (const child of running.splice(0)) {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
    });
    after(async () => {
      await fresh.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const run = (words: readonly string[], database = urlOf(fresh.place)) => {
      const child = spawn(process.execPath, [MAIN, ...words], {
        cwd: folder,
        env: { PATH: process.env['PATH'], DATABASE_URL: database, NO_COLOR: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.push(child);
      const said = { text: '' };
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (bytes: Buffer) => {
          said.text += bytes.toString();
        });
      return { child, said };
    };
    const ended = async (words: readonly string[], database?: string) => {
      const { child, said } = run(words, database);
      const [code] = (await once(child, 'close')) as [number];
      return { code, text: said.text };
    };
    const listening = async ({ child, said }: ReturnType<typeof run>): Promise<void> => {
      while (!said.text.includes('listens on')) {
        assert.equal(child.exitCode, null, said.text);
        await once(child.stdout ?? child, 'data');
      }
    };
    const start = ['start', '--port', '0'];

    it('starts three at once on an empty database, which one of them makes', async () => {
      const all = [run(start), run(start), run(start)];
      await Promise.all(all.map(listening));
      const database = await openDatabase(fresh.place);
      const rows = await database.query.selectFrom('migrations').select('name').execute();
      await database.close();
      assert.deepEqual(
        rows.map(({ name }) => name),
        MIGRATIONS.map(({ name }) => name),
      );
    });

    it('is backed up while it runs', async () => {
      await listening(run(start));
      const { code, text } = await ended(['db', 'backup', 'copy.gz']);
      assert.equal(code, 0, text);
      const target = await freshDatabase('sqlite', { empty: true });
      const restored = await ended(['db', 'restore', 'copy.gz'], urlOf(target.place));
      assert.match(restored.text, /copy\.gz → .*: \d+ rows?\n$/);
      await target.remove();
    });

    it('does not start on a database of a newer version, and says what to do', async () => {
      await migrate(fresh.place, { migrations: TOMORROW });
      const { code, text } = await ended(start);
      assert.equal(code, 1);
      assert.match(text, /newer version of Sluice.*9999-tomorrow.*restore a backup/);
    });

    it('does not start without its database, and shows no password', async () => {
      const places = ['postgres://ann:hunter2@127.0.0.1:1/sluice', 'mysql://ann:hunter2@host/sluice'];
      for (const place of places) {
        const { code, text } = await ended(start, place);
        assert.equal(code, 1);
        assert.match(text, /^error: .*(does not answer|DATABASE_URL: expected postgres:)/m);
        assert.ok(!text.includes('hunter2'));
      }
    });
  });
