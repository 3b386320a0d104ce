/** The process: how it starts, what it says when it cannot, how it reloads, how it ends, what a slow client costs. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { type Child, type ChildOptions, spawnChild, startChild } from './child.ts';
import { chatOf, errorOf, KEY, pause, until } from './relay.ts';
import { chunkOf, startStub, streamOf, stubConfig } from './stub-upstream.ts';

/** A start takes a second of one core. */
const TWO_AT_ONCE = { concurrency: 2 } as const;

const SIMULATED = `
accounts: [{ id: a, provider: simulator, secrets: [secret-of-a], models: { qwen3-max: { limits: { rpm: 6000 } } } }]
simulator: { ttft: 20ms, tokens_per_second: 50, output_tokens: 60 }
keys: [{ id: test, key: ${KEY} }]
`;

async function started(t: TestContext, options: ChildOptions = {}): Promise<Child> {
  const child = await startChild(options);
  t.after(() => child.remove());
  return child;
}

/** A stream whose first bytes have come, and the rest of it. */
async function openStream(child: Child): Promise<{ readonly rest: Promise<string> }> {
  const response = await child.chat(chatOf('a long story', { stream: true }));
  assert.equal(response.status, 200);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const first = await reader.read();
  const read = async (): Promise<string> => {
    let text = Buffer.from(first.value ?? []).toString();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += Buffer.from(value).toString('latin1');
    }
  };
  return { rest: read() };
}

const errorCode = async (response: Response): Promise<string | null> => errorOf(await response.json()).code;

describe('a process that is told to end', TWO_AT_ONCE, () => {
  it('is not ready at once, refuses new calls, lets streams end whole, and exits with 0', async (t) => {
    const child = await started(t, { config: SIMULATED });
    assert.equal((await fetch(`${child.url}/readyz`)).status, 200);
    const streams = await Promise.all([openStream(child), openStream(child), openStream(child)]);
    child.process.kill('SIGTERM');
    const isReady = async (): Promise<boolean> => (await fetch(`${child.url}/readyz`)).ok;
    for (let tries = 0; tries < 50 && (await isReady()); tries += 1) await pause(5);
    const ready = await fetch(`${child.url}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /shutting down/);
    assert.equal((await fetch(`${child.url}/livez`)).status, 200, 'still alive');
    const refused = await child.chat(chatOf('too late'));
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('x-should-retry'), 'true');
    assert.equal(await errorCode(refused), 'shutting_down');
    for (const { rest } of streams) assert.match(await rest, /"finish_reason":"stop"[\s\S]*\[DONE\]\n\n$/);
    assert.equal(await child.exit, 0);
    assert.ok(await child.says('ended'), 'the log is written to its end');
    assert.equal(child.log().filter(({ msg, end }) => msg === 'call' && end === 'complete').length, 3);
  });

  it('cuts what runs when the time to drain is over, and exits with 0', async (t) => {
    const slow = SIMULATED.replace('output_tokens: 60', 'output_tokens: 6000');
    const child = await started(t, { config: `${slow}server: { drain: 300ms }\n` });
    const { rest } = await openStream(child);
    const end = rest.then(
      (text) => text,
      () => 'cut',
    );
    const startMs = performance.now();
    child.process.kill('SIGTERM');
    assert.doesNotMatch(await end, /\[DONE\]/);
    assert.equal(await child.exit, 0);
    const tookMs = performance.now() - startMs;
    assert.ok(tookMs >= 290 && tookMs < 8_000, `${tookMs} ms`);
  });

  it('leaves at once when it is told twice', async (t) => {
    const child = await started(t, {
      config: SIMULATED.replace('output_tokens: 60', 'output_tokens: 6000'),
    });
    const { rest } = await openStream(child);
    rest.catch(() => undefined);
    child.process.kill('SIGINT');
    assert.ok(await child.says('shutting down'));
    child.process.kill('SIGINT');
    assert.equal(await child.exit, 1);
  });
});

describe('a changed configuration', TWO_AT_ONCE, () => {
  const NEXT_KEY = 'next-key-0123456789abcdef';

  it('is in force after the file was replaced and after SIGHUP, and a running stream goes on', async (t) => {
    const child = await started(t, { config: SIMULATED });
    const file = join(child.folder, 'sluice.yaml');
    const { rest } = await openStream(child);
    writeFileSync(`${file}.new`, SIMULATED.replace(KEY, NEXT_KEY));
    renameSync(`${file}.new`, file);
    assert.ok(await child.says('configuration reloaded'));
    assert.equal((await child.chat(chatOf('old key', { max_tokens: 1 }))).status, 401);
    assert.equal((await child.chat(chatOf('new key', { max_tokens: 1 }), NEXT_KEY)).status, 200);
    child.process.kill('SIGHUP');
    assert.ok(await child.says('configuration reloaded', 2));
    assert.match(await rest, /\[DONE\]\n\n$/);
    assert.equal((await child.chat(chatOf('after', { max_tokens: 1 }), NEXT_KEY)).status, 200);
  });

  it('that is wrong stays without effect, and the log says what is wrong with it', async (t) => {
    const child = await started(t, { config: SIMULATED });
    const file = join(child.folder, 'sluice.yaml');
    assert.equal((await child.chat(chatOf('first', { max_tokens: 1 }))).status, 200);
    const bad = ['accounts: [', SIMULATED.replace('provider: simulator', 'provider: simulater'), 'keys: []'];
    for (const [i, text] of bad.entries()) {
      writeFileSync(file, text);
      child.process.kill('SIGHUP');
      assert.ok(await child.says('configuration not reloaded', i + 1), text);
      assert.equal((await child.chat(chatOf('still here', { max_tokens: 1 }))).status, 200);
    }
    const lines = child.log().filter(({ msg }) => String(msg).includes('not reloaded'));
    assert.ok(lines.every(({ level }) => level === 'error' || level === 50));
    assert.ok(
      lines.some(({ error }) => String(error).includes("'simulator'")),
      JSON.stringify(lines),
    );
    assert.ok(!child.output().includes(KEY), 'no key in the log');
  });
});

describe('a start that cannot be', TWO_AT_ONCE, () => {
  const failure = async (t: TestContext, options: ChildOptions): Promise<string> => {
    const child = spawnChild(options);
    t.after(() => child.remove());
    assert.equal(await child.exit, 1);
    assert.ok(!/\n\s+at /.test(child.errors()), `no stack for people:\n${child.errors()}`);
    return child.errors();
  };

  it('for its port is taken says so', async (t) => {
    const first = await started(t, { config: SIMULATED });
    const { port } = new URL(first.url);
    const errors = await failure(t, { config: SIMULATED, args: ['start', '--port', port] });
    assert.match(errors, new RegExp(`port ${port} .*taken.*--port`));
  });

  it('for nobody could call or make a key says how to configure one', async (t) => {
    const errors = await failure(t, { config: SIMULATED.replace(/keys:.*/, 'admin: { enabled: false }') });
    assert.match(errors, /keys[\s\S]*no client key is configured[\s\S]*keys: \[/);
  });

  it('for the configuration is not there or not right says where', async (t) => {
    assert.match(
      await failure(t, { args: ['start', '--config', 'lost.yaml'] }),
      /lost\.yaml\s+there is no such file/,
    );
    assert.match(
      await failure(t, { config: SIMULATED.replace('rpm: 6000', 'rpm: -1') }),
      /sluice\.yaml[\s\S]*rpm/,
    );
    assert.match(await failure(t, { args: ['start', '--port', 'many'] }), /--port.*'many'/);
  });
});

describe('a start with a file without keys', TWO_AT_ONCE, () => {
  it('says how one is made, which can call at once', async (t) => {
    const child = await started(t, { config: SIMULATED.replace(/keys:.*/, '') });
    assert.match(child.output(), /Key: +none yet: `sluice keys create` makes one/);
    const adminKey = readFileSync(join(child.folder, 'data', 'admin-key'), 'utf8').trim();
    const made = await fetch(`${child.url}/admin/v1/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
      body: '{"id":"first"}',
    });
    const { key } = (await made.json()) as { key: string };
    const models = await fetch(`${child.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    assert.deepEqual([made.status, models.status], [201, 200]);
  });
});

describe('a first start without any configuration', TWO_AT_ONCE, () => {
  it('prints a key and a curl line that works as it stands, and keeps the key', async (t) => {
    const child = await started(t);
    const command = /^ {2}curl [\s\S]*?\}'$/m.exec(child.output())?.[0] ?? '';
    assert.ok(command.includes(child.url), child.output());
    const { stdout } = await promisify(execFile)('bash', ['-c', `${command} -sS`], { timeout: 20_000 }).catch(
      () => viaFetch(command),
    );
    const answer = JSON.parse(stdout) as { model: string; choices: { message: { content: string } }[] };
    assert.match(answer.choices[0]?.message.content ?? '', /Hello, who are you\?/);
    const file = join(child.folder, 'data/client-key');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const key = readFileSync(file, 'utf8').trim();
    assert.ok(child.output().includes(key));
    child.process.kill('SIGTERM');
    assert.equal(await child.exit, 0);
    const again = await started(t, { folder: child.folder });
    assert.ok(again.output().includes(key), 'the same key');
    again.process.kill('SIGTERM');
    assert.equal(await again.exit, 0);
  });

  it('takes its key, host and port from the environment where they are set', async (t) => {
    const child = await started(t, { args: ['start'], env: { PORT: '0', SLUICE_KEY: KEY } });
    assert.ok(!child.output().includes(KEY), 'a given key is not printed');
    assert.ok(!existsSync(join(child.folder, 'data', 'client-key')), 'nor is one made');
    assert.equal((await child.chat(chatOf('hello', { max_tokens: 1 }))).status, 200);
  });
});

/** What the curl line says, for machines without curl. */
async function viaFetch(command: string): Promise<{ readonly stdout: string }> {
  const [, url = ''] = /curl (\S+)/.exec(command) ?? [];
  const headers = [...command.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = '', value = '']) => [
    name,
    value,
  ]);
  const [, body = ''] = /-d '([^']+)'/.exec(command) ?? [];
  const response = await fetch(url, { method: 'POST', headers: Object.fromEntries(headers), body });
  return { stdout: await response.text() };
}

describe('clients that ask for a stream and never read', () => {
  const CLIENTS = 5;
  const STREAM_MB = 200;
  const FRAME = streamOf(chunkOf({ content: 'flood '.repeat(2_700) }));

  it('cost at most 2 MB each, however much the upstream would send', async (t) => {
    let written = 0;
    const stub = await startStub(async (received, response) => {
      const gone = once(response, 'close');
      const megabytes = received.body.includes('warm up') ? 4 : STREAM_MB;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let sent = 0; sent < megabytes * 1_048_576 && !response.destroyed; sent += FRAME.length) {
        if (!response.write(FRAME)) await Promise.race([once(response, 'drain'), gone]);
        written += FRAME.length;
      }
      response.end(streamOf('[DONE]'));
    });
    t.after(() => stub.close());
    const child = await started(t, {
      config: `${stubConfig(stub.url)}\nkeys: [{ id: test, key: ${KEY} }]\n`,
    });
    const ask = (content: string) => ({ ...chatOf(content, { stream: true }), model: 'up-model' });
    const rssMb = (): number => {
      const status = readFileSync(`/proc/${child.process.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
    };
    for (let round = 0; round < 4; round += 1)
      await Promise.all(
        Array.from({ length: CLIENTS }, async () => (await child.chat(ask('warm up'))).arrayBuffer()),
      );
    await pause(300);
    const beforeMb = rssMb();
    written = 0;

    const sockets = Array.from({ length: CLIENTS }, () => neverReads(child, ask('never read')));
    const hangUp = (): void => {
      for (const socket of sockets) socket.destroy();
    };
    t.after(hangUp);
    assert.ok(await until(() => stub.openSockets() >= CLIENTS && written > 1_000_000));
    // Until nothing moves any more.
    for (let last = -1; last !== written; await pause(400)) last = written;
    const grownMb = rssMb() - beforeMb;
    const writtenMb = written / 1_048_576;
    assert.ok(grownMb <= 2 * CLIENTS, `${grownMb.toFixed(1)} MB for ${CLIENTS} clients`);
    // What the kernel's own buffers hold on two connections, and no more.
    assert.ok(writtenMb < 20 * CLIENTS, `the upstream could write ${writtenMb.toFixed(0)} MB`);

    hangUp();
    const isIdle = async (): Promise<boolean> =>
      /^sluice_inflight 0$/m.test(await (await fetch(`${child.url}/metrics`)).text());
    for (let tries = 0; tries < 100 && !(await isIdle()); tries += 1) await pause(20);
    assert.ok(await isIdle(), 'and nothing once they have gone');
  });
});

function neverReads(child: Child, body: unknown): Socket {
  const { hostname, port } = new URL(child.url);
  const text = JSON.stringify(body);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined).pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  return socket;
}
