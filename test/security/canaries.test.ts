/**
 * Unmistakable secrets wherever a secret can stand: in the file, the environment and the database, of clients, admins,
 * upstreams, webhooks and the database's own password. Then a real relay lives through good calls, bad ones, an upstream
 * that tells the secret back in each of its errors, edits and every command, at the log's most talkative. Whatever it
 * printed, answered or wrote is searched.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { sharedPostgres } from '../../src/testing/databases.ts';
import { type Child, startChild } from '../sdk/child.ts';
import { until } from '../sdk/relay.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

/** Drawn once; each tells by its beginning whose it is. */
const CANARY = {
  upstreamOfFile: 'sk-filecanary-q8Zr2mXv7LtPw4Ks',
  upstreamOfEnvironment: 'sk-envcanary-h5Nc9yBd3GjRx6Qa',
  upstreamOfDatabase: 'sk-dbcanary-t2Vf8kWm5ZpLs7Ye',
  upstreamAdded: 'sk-addcanary-b6Xj4rTn9HdQg3Mu',
  clientOfFile: 'sk-sluice-clientcanary-w3Ld7sFk2PvZ',
  admin: 'sluice-admin-admincanary-z9Qm4tRb6Xc',
  master: 'mastercanary-Zk3vQ8tR1xWb7mNcP5yD',
  password: 'passwordcanary-n4Gs8jVq',
  webhookPath: 'webhookcanary-p7Ty3kLm',
  /** The base64 of it is what the file has. */
  webhook: 'whsec_d2ViaG9va2NhbmFyeSBvZiAzMCByYW5kb20gYnl0ZXM=',
} as const;

/** What goes wrong, by the model that is asked: a status, an answer that breaks off, a 200 that is an error. */
const FAULTS = ['400', '401', '402', '403', '404', '422', '429', '500', '503', 'broken', 'hidden'] as const;

/** Asked for `fail-403`, it answers 403 and all that it was sent. */
function startTelltale(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.on('end', () => {
      const secret = String(request.headers.authorization ?? '').replace('Bearer ', '');
      const fault = request.url?.includes('/files') ? '400' : /"fail-(\w+)"/.exec(body)?.[1];
      const message = `The value ${secret} is wrong in ${JSON.stringify(request.headers)}`;
      const error = { message, type: 'invalid_request_error', code: `code-${secret}`, param: secret };
      if (fault === 'broken') {
        const delta = { choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' } }] };
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(
          `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...delta })}\n\ndata: ${JSON.stringify({ error })}\n\n`,
        );
        return;
      }
      const status = fault === undefined || fault === 'hidden' ? 200 : Number(fault);
      response.writeHead(status, { 'content-type': 'application/json', 'x-told-back': secret });
      const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }];
      const usage = { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 };
      response.end(
        JSON.stringify(
          fault === undefined ? { id: 'c', object: 'chat.completion', choices, usage } : { error },
        ),
      );
    });
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name));

for (const kind of ['sqlite', 'postgres'] as const)
  describe(`secrets of a relay on ${kind}`, { timeout: 60_000 }, () => {
    let upstream: Server;
    let child: Child;
    /** Everything that anybody got to see, by where. */
    const seen: (readonly [where: string, text: string])[] = [];
    const given: string[] = [];
    const env: Record<string, string> = {
      SLUICE_ADMIN_KEY: CANARY.admin,
      SLUICE_MASTER_KEY: CANARY.master,
      UPSTREAM_SECRET: CANARY.upstreamOfEnvironment,
    };

    before(async () => {
      upstream = await startTelltale();
      const at = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
      if (kind === 'postgres') {
        const url = new URL((await sharedPostgres()).url('canaries'));
        url.password = CANARY.password;
        env['DATABASE_URL'] = url.href;
        const pg = await import('pg');
        const client = new pg.default.Client({ connectionString: (await sharedPostgres()).url('postgres') });
        await client.connect();
        await client.query('CREATE DATABASE canaries').finally(() => client.end());
      }
      const models = ['ok', 'env-ok', 'db-ok', ...FAULTS.map((fault) => `fail-${fault}`)];
      const limits = '{ rpm: off, tpm: off, concurrency: 20, ramp: off }';
      child = await startChild({
        config: `
keys: [{ id: of-file, key: ${CANARY.clientOfFile} }]
accounts:
  - { id: f, provider: openai-compatible, base_url: "${at}", secrets: [${CANARY.upstreamOfFile}], limits: ${limits}, models: [ok], passes: [/files] }
${FAULTS.map((fault) => `  - { id: f-${fault}, provider: openai-compatible, base_url: "${at}", secrets: [${CANARY.upstreamOfFile}-${fault}], limits: ${limits}, models: [fail-${fault}] }`).join('\n')}
  - { id: e, provider: openai-compatible, base_url: "${at}", secrets: ["\${UPSTREAM_SECRET}"], limits: ${limits}, models: [env-ok] }
alerts: { webhooks: [{ url: "${at}/${CANARY.webhookPath}", secret: "${CANARY.webhook}" }] }
queue: { max_wait: 1s }
log: { level: debug }
`,
        env,
      });
      const admin = async (
        methodAndPath: string,
        body?: unknown,
        key: string = CANARY.admin,
      ): Promise<string> => {
        const [method = '', path = ''] = methodAndPath.split(' ');
        const response = await fetch(`${child.url}/admin/v1${path}`, {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            'if-match': '*',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        const heard = [...response.headers].map((pair) => pair.join(': ')).join('\n');
        seen.push([methodAndPath, `${heard}\n${text}`]);
        return text;
      };
      const account = {
        id: 'd',
        provider: 'openai-compatible',
        settings: { base_url: at, models: ['db-ok', 'fail-418'], limits: { rpm: 600 } },
        secrets: [CANARY.upstreamOfDatabase],
      };
      await admin('POST /accounts', account);
      await admin('POST /accounts', { ...account, provider: CANARY.upstreamOfDatabase });
      await admin('POST /accounts', {
        ...account,
        id: 'd2',
        settings: { base_url: `http://u:${CANARY.upstreamOfDatabase}@x.example` },
      });
      await admin('POST /accounts', {
        ...account,
        id: 'd3',
        settings: { secrets: [CANARY.upstreamOfDatabase], nonsense: CANARY.upstreamOfDatabase },
      });
      await admin('POST /accounts/d/secrets', { secret: CANARY.upstreamAdded });
      await admin('POST /accounts/d/secrets', { secret: CANARY.upstreamAdded });
      await admin('POST /accounts/d/secrets', { secret: `${CANARY.upstreamAdded} ` });
      await admin('POST /accounts/d/test');
      await admin('POST /accounts/f/test');
      await admin('POST /session', { key: `${CANARY.clientOfFile}` });
      // What is shown once is seen where it was made, and nowhere else.
      const once = async (path: string, body: unknown): Promise<Record<string, string>> => {
        const text = await admin(path, body);
        seen.pop();
        return JSON.parse(text) as Record<string, string>;
      };
      const client = await once('POST /keys', { id: 'of-db' });
      const viewer = await once('POST /admins', { name: 'a viewer', role: 'viewer' });
      given.push(client['key'] ?? '', viewer['key'] ?? '');
      given.push((await once('POST /keys/of-db/rotate', { overlap_seconds: 600 }))['key'] ?? '');
      const session = await fetch(`${child.url}/admin/v1/session`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
        body: JSON.stringify({ key: CANARY.admin }),
      });
      given.push(/sluice_session=([\w-]{43})/.exec(session.headers.get('set-cookie') ?? '')?.[1] ?? '');
      given.push(((await session.json()) as { csrf: string }).csrf);
      for (const each of given) assert.ok(each.length >= 40, 'something was to be shown once');

      for (const [path, key] of [
        ['/v1/chat/completions', CANARY.clientOfFile],
        ['/v1/messages', given[0] ?? ''],
        ['/v1/responses', given[2] ?? ''],
      ] as const)
        for (const model of [...models, 'fail-418', 'x'])
          for (const stream of model === 'fail-broken' ? [true] : [false, true]) {
            const messages = [{ role: 'user', content: 'Hi' }];
            const response = await fetch(child.url + path, {
              method: 'POST',
              headers: {
                authorization: `Bearer ${key}`,
                'content-type': 'application/json',
                'x-sluice-max-wait': '0',
              },
              body: JSON.stringify({
                model,
                stream,
                max_tokens: 5,
                ...(path.endsWith('responses') ? { input: 'Hi' } : { messages }),
              }),
            });
            const heard = [...response.headers].map((pair) => pair.join(': ')).join('\n');
            seen.push([`${path} ${model}`, `${response.status}\n${heard}\n${await response.text()}`]);
          }
      for (const [path, key] of [
        ['/v1/files', CANARY.clientOfFile],
        ['/metrics', undefined],
        ['/live/limits', undefined],
        ['/live/queues', undefined],
        ['/live/benches', undefined],
        ['/readyz?verbose', undefined],
        ['/v1/models', CANARY.clientOfFile],
        ['/v1/models', CANARY.admin],
        [`/v1/models/${CANARY.clientOfFile}`, CANARY.clientOfFile],
        [`/v1beta/models?key=${CANARY.clientOfFile}`, undefined],
        [`/v1beta/models/nothing?key=${CANARY.clientOfFile}`, undefined],
        [`/nothing?key=${CANARY.clientOfFile}`, undefined],
      ] as const) {
        const response = await fetch(
          child.url + path,
          key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } },
        );
        const text = await response.text();
        // What somebody asks for by name is told back to nobody else.
        if (!path.includes('models/')) seen.push([path, text]);
      }
      const { paths } = JSON.parse(await admin('GET /openapi.json')) as { paths: object };
      const lists = Object.keys(paths).filter((path) => !path.includes('{') && !path.includes('events'));
      assert.ok(lists.length > 12, lists.join(' '));
      for (const path of lists) await admin(`GET ${path.replace('/admin/v1', '')}`);
      const calls = JSON.parse(await admin('GET /calls?limit=500')) as { data: { id: string }[] };
      for (const { id } of calls.data.slice(0, 15)) await admin(`GET /calls/${id}`);
      for (const path of [
        '/accounts/d',
        '/accounts/f',
        '/accounts/e',
        '/accounts/d/secrets',
        '/keys/of-db',
        '/keys/of-file',
      ])
        await admin(`GET ${path}`);
      await admin('PATCH /accounts/d', { settings: { weight: 2 } });
      const elsewhere = ['--database', `postgres://u:${CANARY.password}@127.0.0.1:1/x`];
      const commands = [
        ['check'],
        ['accounts', 'show', 'd', '--json'],
        ['accounts', 'test', 'd'],
        ['keys', 'list', '--json'],
        ['calls', '--json'],
        ['benches', '--url', child.url],
        ['db', 'backup', 'copy.gz'],
        ...['account_secrets', 'audit', 'stories'].map((table) => ['db', 'export', table]),
        ['db', 'migrate', ...elsewhere],
        ['db', 'migrate', '--database', `postgres:/u:${CANARY.password}@127.0.0.1:1/x`],
      ];
      await Promise.all(
        commands
          .filter((args) => kind === 'sqlite' || args.includes('backup') || args.includes('--database'))
          .map((args) => run(args, child.folder)),
      );
    });

    after(async () => {
      await child?.remove();
      upstream?.close();
      upstream?.closeAllConnections();
    });

    async function run(args: readonly string[], cwd: string): Promise<void> {
      const speaks = ['accounts', 'keys', 'tenants', 'admins', 'calls', 'usage'].includes(args[0] ?? '');
      const process_: ChildProcess = spawn(
        process.execPath,
        [MAIN, ...args, ...(speaks ? ['--url', child.url] : [])],
        {
          cwd,
          env: { PATH: process.env['PATH'] ?? '', ...env },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      let text = '';
      for (const stream of [process_.stdout, process_.stderr])
        stream?.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
      await new Promise((done) => process_.once('close', done));
      seen.push([`sluice ${args.slice(0, 3).join(' ')}`, text]);
    }

    /** `but`: where one may stand, because it is that one's own place. */
    function requireClean(texts: readonly (readonly [string, string])[], but: readonly string[] = []): void {
      const secrets = [...Object.values(CANARY), ...given].filter((secret) => !but.includes(secret));
      const found = texts.flatMap(([where, text]) =>
        secrets.flatMap((secret) => {
          const index = text.indexOf(secret);
          return index < 0
            ? []
            : [`${where}: …${text.slice(Math.max(0, index - 120), index + secret.length)}`];
        }),
      );
      assert.deepEqual([...new Set(found)].slice(0, 12), []);
    }

    it('are told to nobody by answers, errors, metrics, live state or commands', () => {
      assert.ok(seen.length > 150, `${seen.length} texts`);
      const failed = seen.filter(([where]) => where.startsWith('/v1/') && where.includes('fail-'));
      for (const fault of FAULTS)
        assert.ok(
          failed.some(
            ([where, text]) => where.endsWith(`fail-${fault}`) && text.includes('x-sluice-attempts: 1'),
          ),
          fault,
        );
      requireClean(seen);
    });

    it('are in no line of the log', async () => {
      await until(() => child.log().some(({ msg }) => msg === 'call'));
      requireClean([
        ['stdout', child.output()],
        ['stderr', child.errors()],
      ]);
    });

    it('are in no file but those of people, and those are read by their owner alone', () => {
      const files = filesIn(child.folder).filter((path) => !path.endsWith('sluice.yaml'));
      assert.ok(files.length > 1, files.join(' '));
      requireClean(
        files.map((path) => [
          path,
          (path.endsWith('.gz') ? gunzipSync(readFileSync(path)) : readFileSync(path)).toString('latin1'),
        ]),
      );
      for (const path of files) assert.equal(statSync(path).mode & 0o077, 0, path);
    });
  });
