/**
 * Who is measured and how each is started: the bare proxy, nginx where it is installed, and Sluice as a user would run
 * it, with its log, metrics, key check, estimate, admission, settlement and books on. A contender is a line in `STARTERS`.
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Children, Program } from './children.ts';

/** A proxy that is ready: calls go to `port`, costs are read from `pid`. */
export type Contender = { readonly name: ContenderName; readonly pid: number; readonly port: number };

/** Why there is nothing to measure; `expected` when that is no fault, as with nginx not being installed. */
export type Absence = { readonly absent: string; readonly expected: boolean };

/** What every starter is given; `directory` is thrown away after the run. */
export type Ground = {
  readonly children: Children;
  readonly directory: string;
  readonly upstreamPort: number;
};

export const CLIENT_KEY = 'bench-key-0123456789abcdef';

const STARTERS = { bare: startBare, nginx: startNginx, sluice: startSluice } as const satisfies Record<
  string,
  (ground: Ground) => Promise<Contender | Absence>
>;

export type ContenderName = keyof typeof STARTERS;
export const CONTENDERS = Object.keys(STARTERS) as readonly ContenderName[];

const READY_WITHIN_MS = 20_000;

export function startContender(name: ContenderName, ground: Ground): Promise<Contender | Absence> {
  return STARTERS[name](ground);
}

async function startBare({ children, upstreamPort }: Ground): Promise<Contender> {
  const { pid, port } = await children.companion('bare.ts', `http://127.0.0.1:${upstreamPort}`);
  return { name: 'bare', pid, port };
}

async function startNginx({ children, directory, upstreamPort }: Ground): Promise<Contender | Absence> {
  if (spawnSync('nginx', ['-v']).error) return { absent: 'nginx is not installed', expected: true };
  const port = await freePort();
  const config = join(directory, 'nginx.conf');
  const log = join(directory, 'nginx.log');
  writeFileSync(config, nginxConfig({ directory, upstreamPort, port }));
  const program = children.program('nginx', ['-p', directory, '-e', log, '-c', config], log);
  const absent = await untilReady({ program, url: `http://127.0.0.1:${port}/`, status: 404, log });
  return absent ?? { name: 'nginx', pid: program.pid, port };
}

async function startSluice({ children, directory, upstreamPort }: Ground): Promise<Contender | Absence> {
  const port = await freePort();
  const config = join(directory, 'sluice.yaml');
  const log = join(directory, 'sluice.log');
  writeFileSync(config, sluiceConfig(upstreamPort, directory));
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const parameters = [main, 'start', '--config', config, '--port', String(port)];
  const program = children.program(process.execPath, parameters, log);
  const absent = await untilReady({ program, url: `http://127.0.0.1:${port}/readyz`, status: 200, log });
  return absent ?? { name: 'sluice', pid: program.pid, port };
}

type Readiness = {
  readonly program: Program;
  readonly url: string;
  readonly status: number;
  readonly log: string;
};

/** Gives nothing once the program answers as it should, or else says what went wrong, with the end of its log. */
async function untilReady({ program, url, status, log }: Readiness): Promise<Absence | undefined> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  let seen = 'no answer';
  while (performance.now() < deadlineMs && program.ended() === undefined) {
    try {
      const reply = await fetch(url, { signal: AbortSignal.timeout(1000) });
      await reply.body?.cancel();
      if (reply.status === status) return undefined;
      seen = `status ${reply.status}`;
    } catch {
      // Not listening yet.
    }
    await wait(50);
  }
  const why = program.ended() ?? `not ready within ${READY_WITHIN_MS / 1000} s (${seen} at ${url})`;
  program.stop();
  const end = readFileSync(log, 'utf8').trim().split('\n').slice(-15).join('\n');
  return { absent: `${why}; the end of its log:\n${end}`, expected: false };
}

/** A port that was free a moment ago: for programs that cannot tell us which one they took. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** One process, as one worker: without a master there is no second process to count or to leave behind. */
function nginxConfig(given: { directory: string; upstreamPort: number; port: number }): string {
  const { directory, upstreamPort, port } = given;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `  ${kind}_temp_path ${join(directory, kind)};`)
    .join('\n');
  return `daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid ${join(directory, 'nginx.pid')};
error_log ${join(directory, 'nginx.log')} warn;
events { worker_connections 4096; }
http {
${temporary}
  access_log ${join(directory, 'access.log')};
  upstream stub { server 127.0.0.1:${upstreamPort}; keepalive 1024; keepalive_requests 1000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    keepalive_requests 1000000;
    location / {
      proxy_pass http://stub;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 300s;
    }
  }
}
`;
}

/** Limits are on and far away: every window is counted, none ever holds a call back. Calls have a price, and are written down. */
function sluiceConfig(upstreamPort: number, directory: string): string {
  return `server: { host: 127.0.0.1, port: 0 }
data_dir: ${JSON.stringify(join(directory, 'data'))}
accounts:
  - id: stub
    provider: openai-compatible
    base_url: http://127.0.0.1:${upstreamPort}/v1
    secrets: [stub-secret-0123456789]
    models:
      stub-model:
        limits: { rpm: 100000000, tpm: 100000000000, concurrency: 100000 }
        price: { input: '1.2', output: '6' }
keys:
  - { id: bench, key: ${CLIENT_KEY} }
log: { level: info }
`;
}
