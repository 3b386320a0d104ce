/** What is switched off, from the operator's side: kept over a restart, seen and switched on by commands, used again. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { benchesFile } from '../../src/cli/benches-file.ts';
import { Failure } from '../../src/domain/failure.ts';
import { type Child, spawnChild, startChild } from './child.ts';
import { chatOf, KEY, startRelay } from './relay.ts';
import { type Answerer, plainAnswer, type StubUpstream, startStub } from './stub-upstream.ts';

/** An account that is asked first, and one that serves while it cannot. */
const configOf = ({ url }: StubUpstream): string => `
accounts:
  - id: first
    provider: openai-compatible
    base_url: ${url}
    secrets: [upstream-secret]
    models: { qwen3-max }
  - { id: spare, provider: simulator, secrets: [secret-of-spare], models: [qwen3-max], tier: 1 }
simulator: { ttft: 1ms, tokens_per_second: 5000, output_tokens: 5 }
keys: [{ id: test, key: ${KEY} }]
`;

const unauthorized: Answerer = (_received, response) => {
  response
    .writeHead(401, { 'content-type': 'application/json' })
    .end('{"error":{"message":"Incorrect API key provided.","code":"invalid_api_key"}}');
};

async function sluice(...args: string[]): Promise<{ out: string; errors: string; code: number | null }> {
  const child = spawnChild({ args });
  const code = await child.exit;
  const said = { out: child.output(), errors: child.errors(), code };
  await child.remove();
  return said;
}

async function servedBy(child: Child, content: string): Promise<string | null> {
  const response = await child.chat(chatOf(content));
  assert.equal(response.status, 200, await response.text());
  return response.headers.get('x-sluice-channel');
}

/** The file of an earlier run, in which this account was refused twice with a minute between. */
async function leaveOff(folder: string, config: string): Promise<void> {
  const { app, close } = await startRelay(config);
  const channel = app.front.snapshot().catalog.channels.find(({ id }) => id === 'first/qwen3-max');
  assert.ok(channel);
  for (const agoMs of [100_000, 10_000]) {
    const nowMs = app.front.clock.now() - agoMs;
    const attempt = { secret: 0, startedAtMs: nowMs - 1, nowMs, call: `call ${agoMs} ms ago` };
    app.rooms.health.failed(channel, new Failure('auth', { message: 'refused' }), attempt);
  }
  const warn = (reason: string): void => assert.fail(reason);
  benchesFile(join(folder, 'data'), warn).save(app.rooms.health.kept(app.front.clock.now()));
  await close();
}

const keptIn = (folder: string): { what: string; untilMs: number | null }[] =>
  (
    JSON.parse(readFileSync(join(folder, 'data/benches.json'), 'utf8')) as {
      benches: { what: string; untilMs: number | null }[];
    }
  ).benches;

async function restarted(child: Child): Promise<Child> {
  child.process.kill('SIGTERM');
  assert.equal(await child.exit, 0);
  return startChild({ folder: child.folder });
}

describe('a secret that the provider refuses', () => {
  it('is seen by `sluice benches` and tried again after `sluice on`', async () => {
    const stub = await startStub(unauthorized);
    const child = await startChild({ config: configOf(stub) });
    try {
      const well = await sluice('benches', '--url', child.url);
      assert.deepEqual(well, { out: 'Nothing is benched or switched off.\n', errors: '', code: 0 });
      assert.equal(await servedBy(child, 'one'), 'spare/qwen3-max');
      assert.equal(await servedBy(child, 'two'), 'spare/qwen3-max');
      assert.equal(stub.received.length, 1);

      const { out, code } = await sluice('benches', '--url', child.url);
      assert.equal(code, 0);
      assert.match(out, /^secret 1 of first +2\d{3}-\S+Z \(\d+ s ago\) +2\d{3}-\S+Z \(in 1\d s\)$/m);
      assert.match(out, /^ {2}The provider does not accept the secret/m);
      assert.ok(!out.includes('upstream-secret'));
      const json = JSON.parse((await sluice('benches', '--json', '--url', child.url)).out);
      assert.deepEqual([json.length, json[0].kind, json[0].off], [1, 'auth', false]);

      stub.answer = plainAnswer();
      const on = await sluice('on', 'first', '--url', child.url);
      assert.match(on.out, /^secret 1 of first may be tried again at once\./);
      assert.deepEqual([on.code, on.errors], [0, '']);
      assert.equal(await servedBy(child, 'three'), 'first/qwen3-max');
    } finally {
      await child.remove();
      await stub.close();
    }
  });

  it('stays off over restarts, and is used again once it is switched on', async () => {
    const stub = await startStub();
    const config = configOf(stub);
    // For its folder alone.
    let child = await startChild({ config });
    try {
      child.process.kill('SIGTERM');
      await child.exit;
      await leaveOff(child.folder, config);
      for (let start = 0; start < 2; start++) {
        child = await (start === 0 ? startChild({ folder: child.folder }) : restarted(child));
        assert.equal(await servedBy(child, `start ${start}`), 'spare/qwen3-max');
        const { out } = await sluice('benches', '--url', child.url);
        assert.match(out, /^secret 1 of first .* switched off$/m);
        assert.match(out, /^ {2}sluice on secret 1 of first$/m);
        const seen = await fetch(`${child.url}/live/limits`);
        assert.match(await seen.text(), /Switched off \(secret 1 of first: auth\)/);
      }
      assert.equal(stub.received.length, 0);
      assert.deepEqual(
        keptIn(child.folder).map(({ what, untilMs }) => [what, untilMs]),
        [['secret 1 of first', null]],
      );

      const wrong = await sluice('on', 'secret', '2', 'of', 'first', '--url', child.url);
      assert.equal(wrong.code, 1);
      assert.match(wrong.errors, /did you mean 'secret 1 of first'\?$/m);
      const { out, code } = await sluice('on', 'secret', '1', 'of', 'first', '--url', child.url);
      assert.equal(code, 0);
      assert.match(out, /^secret 1 of first is switched on again\./);
      assert.deepEqual(keptIn(child.folder), [], 'at once, not with the next minute');
      assert.ok(await child.says('secret 1 of first is switched on again'));
      assert.equal(await servedBy(child, 'on again'), 'first/qwen3-max');

      child = await restarted(child);
      assert.equal(await servedBy(child, 'after all'), 'first/qwen3-max');
      assert.equal(stub.received.length, 2);
    } finally {
      await child.remove();
      await stub.close();
    }
  });

  it('cannot be switched on where no relay runs', async () => {
    for (const args of [['benches'], ['on', 'account', 'first']]) {
      const { errors, code } = await sluice(...args, '--url', 'http://127.0.0.1:9');
      assert.equal(code, 1);
      assert.match(errors, /^error: no relay answers at http:\/\/127\.0\.0\.1:9: start it/);
    }
    const { errors, code } = await sluice('on');
    assert.equal(code, 1);
    assert.match(errors, /missing required argument 'what'/);
  });
});
