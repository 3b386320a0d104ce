/**
 * A real PostgreSQL server for tests: its own process with its own folder, on a free port of this machine, made in about
 * a second. It can be killed, frozen and started again, and it ends with the process that started it, however that ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { postgresPrograms } from './postgres-programs.ts';

export type PostgresServer = {
  readonly port: number;
  /** Of one of its databases. */
  url(database: string): string;
  /** As an operator would: what is under way is broken off, what is committed stays. */
  stop(): Promise<void>;
  /** All of its processes, at once. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** It is there and says nothing: its connections stay open. */
  freeze(): void;
  thaw(): void;
};

export type PostgresServerOptions = {
  /** As it comes: safe against the loss of power, and slower. Default false. */
  readonly durable?: boolean;
};

/** PostgreSQL will not run as root: this is `nobody`. */
const NOBODY = 65_534;

const QUICK = ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off'];

export async function startPostgres({
  durable = false,
}: PostgresServerOptions = {}): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-postgres-'));
  const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const programs = postgresPrograms({ folder, foreign: 'uid' in asNobody });
  const data = join(folder, 'data');
  mkdirSync(data);
  if ('uid' in asNobody) for (const path of [folder, data]) chownSync(path, NOBODY, NOBODY);
  watch(folder);
  const how = { ...asNobody, cwd: folder, env: { PATH: process.env['PATH'], TZ: 'UTC' } };
  await finished(
    spawn(
      programs.initdb,
      ['-D', data, '-U', 'sluice', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      how,
    ),
  );
  const port = await freePort();
  const flags = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'];
  const quiet = ['-c', 'unix_socket_directories=', '-c', 'max_connections=200', '-c', 'shared_buffers=32MB'];
  let running: ChildProcess | undefined;
  const server: PostgresServer = {
    port,
    url: (database) => `postgres://sluice@127.0.0.1:${port}/${database}`,
    async start() {
      const child = spawn(programs.postgres, [...flags, ...quiet, ...(durable ? [] : QUICK)], {
        ...how,
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const said = saidBy(child);
      running = child;
      child.unref();
      await untilReady(server.url('postgres'), child, said);
    },
    async stop() {
      await ended(running, (child) => child.kill('SIGINT'));
    },
    async kill() {
      await ended(running, (child) => signalAll(child, 'SIGKILL'));
    },
    freeze() {
      if (running !== undefined) signalAll(running, 'SIGSTOP');
    },
    thaw() {
      if (running !== undefined) signalAll(running, 'SIGCONT');
    },
  };
  await server.start();
  return server;
}

/** A shell that waits for the end of this process, whatever ends it, and then clears away the server and its folder. */
function watch(folder: string): void {
  const script = `read _; pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
[ -n "$pid" ] && kill -CONT "$pid" $(ps -o pid= --ppid "$pid" 2>/dev/null); [ -n "$pid" ] && kill -QUIT "$pid"
for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2>/dev/null || break; sleep 0.2; done
[ -n "$pid" ] && kill -KILL "$pid" 2>/dev/null; rm -rf "$1"`;
  const shell = spawn('sh', ['-c', script, 'sh', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  shell.unref();
  // The socket of the pipe, which keeps the process alive as well.
  (shell.stdin as unknown as { unref(): void }).unref();
}

function saidBy(child: ChildProcess): () => string {
  const lines: Buffer[] = [];
  child.stderr?.on('data', (line: Buffer) => {
    lines.push(line);
    if (lines.length > 50) lines.shift();
  });
  (child.stderr as unknown as { unref(): void }).unref();
  return () => Buffer.concat(lines).toString();
}

async function finished(child: ChildProcess): Promise<void> {
  const said = saidBy(child);
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`initdb ended with ${code}: ${said()}`);
}

async function untilReady(url: string, child: ChildProcess, said: () => string): Promise<void> {
  for (let tried = 0; tried < 400; tried += 1) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}: ${said()}`);
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await wait(25);
    }
  }
  throw new Error(`PostgreSQL was not ready in time: ${said()}`);
}

async function ended(child: ChildProcess | undefined, end: (child: ChildProcess) => void): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  end(child);
  await gone;
}

/** First the one that starts the others, so that none comes after. */
function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  const pid = child.pid ?? 0;
  child.kill(signal);
  for (const each of childrenOf(pid)) {
    try {
      process.kill(each, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const text = readFileSync(`/proc/${name}/stat`, 'utf8');
        // After the name in brackets: state, parent.
        return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
