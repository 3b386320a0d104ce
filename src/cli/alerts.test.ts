import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tried, Webhook, WebhookMessage } from '../telemetry/webhook.ts';
import { alertsCommand } from './alerts.ts';

const SECRET = `whsec_${Buffer.alloc(24, 3).toString('base64')}`;
const hook = (url: string): Webhook => ({ url, secret: SECRET });
const GOOD = hook('https://good.example/path-token?key=query-token');
const BAD = hook('http://127.0.0.1:9/');

async function run(tries: ReadonlyMap<Webhook, Tried>, args: readonly string[] = []) {
  let out = '';
  let code = 0;
  const files: (string | undefined)[] = [];
  const messages: WebhookMessage[] = [];
  await alertsCommand({
    webhooksOf: (file) => {
      files.push(file);
      return [...tries.keys()];
    },
    send: async (webhook, message) => {
      messages.push(message);
      return tries.get(webhook) ?? assert.fail('not configured');
    },
    nowMs: () => 0,
    write: (text) => {
      out += text;
    },
    setExitCode: (value) => {
      code = value;
    },
  })
    .exitOverride()
    .parseAsync(['node', 'alerts', 'test', ...args]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
  return { out: out.replace(/\x1b\[\d+m/g, ''), code, files, messages };
}

const delivered: Tried = { outcome: 'delivered', detail: '204', ms: 41.6 };

test('every webhook gets the test message, and its answer is told without its address', async () => {
  const tries = new Map([
    [GOOD, delivered],
    [BAD, { outcome: 'unreachable', detail: 'ECONNREFUSED', ms: 3 } as const],
  ]);
  const { out, code, files, messages } = await run(tries, ['-c', 'mine.yaml']);
  assert.equal(
    out,
    'ok      webhook 1  https://good.example/…  42 ms  204\n' +
      'FAILED  webhook 2  http://127.0.0.1:9  3 ms  ECONNREFUSED: no answer\n',
  );
  assert.equal(code, 1);
  assert.deepEqual(files, ['mine.yaml']);
  assert.equal(messages.length, 2);
  assert.equal(JSON.parse(messages[0]?.body ?? '').type, 'alert.test');
});

test('all is well when every webhook answers 2xx', async () => {
  const { out, code, files } = await run(new Map([[GOOD, delivered]]));
  assert.equal(code, 0);
  assert.deepEqual(files, [undefined]);
  for (const hidden of ['path-token', 'query-token', SECRET]) assert.ok(!out.includes(hidden));
});

test('a refusal says what was expected', async () => {
  const refused: Tried = { outcome: 'refused', detail: '302', ms: 5 };
  const { out, code } = await run(new Map([[GOOD, refused]]));
  assert.match(out, /^FAILED .* 302, expected 2xx \(redirects are not followed\)$/m);
  assert.equal(code, 1);
  const gone: Tried = { outcome: 'gone', detail: '410', ms: 5 };
  assert.match((await run(new Map([[GOOD, gone]]))).out, /^FAILED .* 410: the receiver wants no more$/m);
});

test('without a webhook there is nothing to test, and the message says where they belong', async () => {
  await assert.rejects(run(new Map()), /no webhook is configured: alerts\.webhooks in sluice\.yaml/);
});
