// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are what is tested
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { known } from './fixtures/known.ts';
import { account, errorOf, messagesOf, problemsOf } from './fixtures/loaded.ts';
import { loadConfig } from './load.ts';
import { ConfigError } from './problem.ts';

const KEY = 'sk-client-0123456789';
const SIGNING = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const WEBHOOK_SECRET =
  'whsec_ and the base64 of 24 to 64 random bytes (echo "whsec_$(openssl rand -base64 32)" makes one)';

describe('everything that is wrong', () => {
  it('is told at once, in the order of the file, with line and column', () => {
    const text = `server: { port: 99999, hots: x }\n${account(', weight: -1')}heartbeat: soon\n`;
    const found = problemsOf(text).map(({ line, column, path }) => `${line}:${column} ${path}`);
    assert.deepEqual(found, [
      '1:17 server.port',
      '1:24 server.hots',
      '3:43 accounts[0].weight',
      '4:12 heartbeat',
    ]);
  });

  it('says what was expected, what was found, and the word that was probably meant', () => {
    const [problem] = problemsOf('accounts:\n  - { id: a, provider: simulater }\n');
    assert.equal(problem?.message, "unknown provider 'simulater': did you mean 'simulator'?");
    assert.equal(problem?.nearest, 'simulator');
    assert.equal(problem?.found, "'simulater'");
    assert.match(problem?.expected ?? '', /^one of qwen, openai/);
  });

  it('is marked under its line', () => {
    const { message } = errorOf('accounts:\n\t- { id: a }\n'.replace('\t', '  '));
    assert.match(message, /missing: expected one of qwen/);
    const marked = errorOf(`${account()}log:\n  level: verbose\n`).message;
    assert.ok(marked.endsWith('  4 |   level: verbose\n    |          ^^^^^^^'), marked);
    assert.ok(marked.includes('/etc/sluice/sluice.yaml:4:10  log.level'), marked);
  });

  it('is found deep inside, below names with dots as well', () => {
    const text = account(', models: { qwen2.5-max: { limits: { rpm: fast, rmp: 3 } } }');
    assert.deepEqual(messagesOf(text), [
      'accounts[0].models["qwen2.5-max"].limits.rpm: expected a number above 0, or off, found \'fast\'',
      "accounts[0].models[\"qwen2.5-max\"].limits.rmp: unknown key 'rmp': did you mean 'rpm'?",
    ]);
  });

  for (const [name, text, ...messages] of [
    ['no file content', '', 'accounts: missing: expected a list'],
    ['accounts left empty', 'accounts:', 'accounts: missing: expected a list'],
    ['a list as file', '- a', ': expected a mapping, found a list'],
    [
      'a word for a section',
      `${account()}queue: long`,
      'queue: expected a mapping, found a value that is not shown here',
    ],
    [
      'a missing id',
      'accounts: [{ provider: simulator }]',
      'accounts[0].id: missing: expected a name of letters, digits, ".", "_" and "-"',
    ],
    [
      'an id with a slash',
      'accounts: [{ id: a/b, provider: simulator }]',
      'accounts[0].id: expected a name of letters, digits, ".", "_" and "-", found \'a/b\'',
    ],
    [
      'half a ramp',
      account(', limits: { ramp: { floor: 0.3 } }'),
      'accounts[0].limits.ramp.growth: missing: expected a number above 0',
    ],
    [
      'a wrong ramp',
      account(', limits: { ramp: 3 }'),
      'accounts[0].limits.ramp: expected one of off, or a mapping, found 3',
    ],
    [
      'a number among models',
      account(', models: [a, 3]'),
      'accounts[0].models[1]: expected the name of a model, found 3',
    ],
    [
      'a wait the provider would not keep',
      'accounts: [{ id: a, provider: qwen, secrets: [s], wait_timeout: 2s }]',
      "accounts[0].wait_timeout: expected off, on, or a duration from 3s to 2m, found '2s'",
    ],
    [
      'a priority there is not',
      `${account()}keys: [{ id: dev, key: ${KEY}, priority: urgent }]`,
      "keys[0].priority: unknown priority 'urgent': expected one of interactive, normal, batch",
    ],
    [
      'a timeout of nothing',
      `${account()}timeouts: { idle: 0 }`,
      'timeouts.idle: expected a duration such as 50s, 300ms, 5m or 1h, above 0, found 0',
    ],
    [
      'a strange address',
      account(', base_url: "ftp://host"'),
      "accounts[0].base_url: expected an address such as https://host/v1, without a user or password, found 'ftp://host'",
    ],
    [
      'a webhook that nothing is signed for',
      `${account()}alerts: { webhooks: [{ url: "https://h.example/" }] }`,
      `alerts.webhooks[0].secret: missing: expected ${WEBHOOK_SECRET}`,
    ],
    [
      'a webhook with another kind of secret',
      `${account()}alerts: { webhooks: [{ url: "https://h.example/", secret: sk-123 }] }`,
      `alerts.webhooks[0].secret: expected ${WEBHOOK_SECRET}, found a value that is not shown here`,
    ],
    [
      'a webhook without a web',
      `${account()}alerts: { webhooks: [{ url: "file:///etc/passwd", secret: ${SIGNING} }] }`,
      'alerts.webhooks[0].url: expected an address such as https://host/path, without a user or password, found a value that is not shown here',
    ],
    [
      'a webhook with two secrets',
      `${account()}alerts: { webhooks: [{ url: "https://h/", secret: no }, { url: "https://h.example/", secret: ${SIGNING} }, { url: "https://h.example/", secret: ${SIGNING} }] }`,
      `alerts.webhooks[0].secret: expected ${WEBHOOK_SECRET}, found a value that is not shown here`,
      'alerts.webhooks[2].url: the same address as that of webhook 2',
    ],
    [
      'an alert there is not',
      `${account()}alerts: { on: [switched_of] }`,
      "alerts.on[0]: unknown alert 'switched_of': did you mean 'switched_off'?",
    ],
    [
      'an empty value',
      `${account()}heartbeat:`,
      'heartbeat: missing: expected a duration such as 50s, 300ms, 5m or 1h',
    ],
  ] as const) {
    it(`is told of ${name}`, () => {
      assert.deepEqual(messagesOf(text), messages);
    });
  }

  it('includes what YAML itself refuses, and names used twice next to other faults', () => {
    assert.deepEqual(messagesOf('accounts: [\n'.padEnd(14, ' ')).length, 1);
    const found = messagesOf(`${account()}log: {}\nlog: {}\nheartbeat: x\n`);
    assert.equal(found.length, 2);
    assert.match(found[0] ?? '', /already used above/);
  });

  it('includes a file that is not there', () => {
    const missing = Object.assign(new Error('no'), { code: 'ENOENT' });
    const readFile = (): string => assert.fail(missing);
    assert.throws(
      () => loadConfig({ path: 'sluice.yaml', env: {}, readFile, known }),
      (error) => error instanceof ConfigError && /there is no such file; --config/.test(error.message),
    );
  });
});
