import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { postgresPrograms } from './postgres-programs.ts';
import { startPostgres } from './postgres-server.ts';

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tried = 0; tried < 200; tried += 1) {
    if (isSo()) return;
    await wait(50);
  }
  throw new assert.AssertionError({ message: `${what} did not come about` });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What has ended and was not looked after by its parent is still listed.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const dataFolders = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-postgres-'));

describe('a PostgreSQL server for tests', () => {
  it('keeps what was committed when it is killed and started again', async () => {
    const server = await startPostgres({ durable: true });
    const ask = async (statement: string): Promise<unknown[]> => {
      const client = new pg.Client({ connectionString: server.url('postgres') });
      client.on('error', () => {});
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(statement)).rows;
      } finally {
        await client.end();
      }
    };
    assert.deepEqual(await ask('show fsync'), [{ fsync: 'on' }]);
    await ask('create table kept as select 1 as one');
    await server.kill();
    await assert.rejects(ask('select 1'));
    await server.start();
    assert.deepEqual(await ask('select one from kept'), [{ one: 1 }]);
    await server.stop();
    await assert.rejects(ask('select 1'));
  });

  it('ends with the process that started it, even where that is killed, and leaves no folder behind', async () => {
    const module = new URL('./postgres-server.ts', import.meta.url);
    const before = new Set(dataFolders());
    const script = `import { startPostgres } from ${JSON.stringify(module.href)};
const server = await startPostgres();
console.log(server.port);
setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = Number(await new Promise((resolve) => child.stdout.once('data', resolve)));
    const own = dataFolders().filter((name) => {
      const file = join(tmpdir(), name, 'data', 'postmaster.pid');
      return (
        !before.has(name) && existsSync(file) && readFileSync(file, 'utf8').split('\n')[3] === String(port)
      );
    });
    assert.equal(own.length, 1);
    const folder = join(tmpdir(), own[0] ?? '');
    const pid = Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
    assert.ok(isAlive(pid));
    child.kill('SIGKILL');
    await until('the end of the server', () => !isAlive(pid));
    await until('the end of its folder', () => !existsSync(folder));
  });
});

describe('the programs of PostgreSQL', () => {
  it('are found, and lie where the user that runs them may come', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-programs-'));
    for (const foreign of [true, false]) {
      const { initdb, postgres } = postgresPrograms({ folder, foreign });
      assert.ok(existsSync(initdb) && existsSync(postgres));
      assert.equal(dirname(initdb), dirname(postgres));
    }
    rmSync(folder, { recursive: true, force: true });
  });
});
