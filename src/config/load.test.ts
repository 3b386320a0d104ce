// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are what is tested
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { USUAL_MONEY } from '../domain/money.ts';
import { EXAMPLE } from './example.ts';
import { account, errorOf, load, problemsOf } from './fixtures/loaded.ts';

const KEY = 'sk-client-0123456789';
const SIGNING = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

describe('a small file', () => {
  it('is filled up with defaults', () => {
    assert.deepEqual(load(account()), {
      server: {
        host: '127.0.0.1',
        port: 4290,
        bodyLimitBytes: 33_554_432,
        uploadLimitBytes: 536_870_912,
        drainMs: 300_000,
        idempotencyTtlMs: 60_000,
        trustedProxies: [],
      },
      accounts: [
        {
          id: 'a',
          provider: 'simulator',
          secrets: [],
          weight: 1,
          tier: 0,
          limits: {},
          models: [],
          drainMs: 0,
        },
      ],
      models: [],
      claudeAliases: false,
      keys: [],
      tenants: [],
      projects: [],
      queue: {
        ...{ maxWaitMs: 50_000, maxWaitStreamMs: 300_000, overloadWaitMs: 10_000 },
        ...{ maxLength: 10_000, maxBytes: 268_435_456 },
      },
      timeouts: { connectMs: 5_000, firstByteMs: 600_000, firstByteStreamMs: 600_000, idleMs: 600_000 },
      retries: { maxAttempts: 8, share: 0.2, unknown: false },
      memory: { maxBytes: 67_108_864, ttlMs: 3_600_000 },
      money: USUAL_MONEY,
      heartbeatMs: 10_000,
      dataDir: './data',
      storage: {
        retention: { entriesMs: 34_560_000_000, storiesMs: 2_592_000_000, minutesMs: 604_800_000 },
      },
      ledger: { spillBytes: 1_073_741_824 },
      alerts: { webhooks: [], on: ['switched_off', 'switched_on', 'benched_long'] },
      log: { level: 'info', format: 'auto' },
      admin: { enabled: true, addresses: [], hosts: [], sessionIdleMs: 1_800_000, sessionMaxMs: 43_200_000 },
      simulator: {},
    });
  });

  it('may have sections that are still empty', () => {
    const config = load(`${account()}server:\nkeys:\nmodels:\nqueue:\nlog:\nsimulator:\n`);
    assert.deepEqual(config, load(account()));
  });

  it('gives a key its defaults', () => {
    const [key] = load(`${account()}keys: [{ id: dev, key: ${KEY} }]`).keys;
    assert.deepEqual(key, {
      ...{ id: 'dev', key: KEY, limits: {}, onLimit: 'queue', fallback: true },
      ...{ priority: 'normal', weight: 1 },
    });
  });
});

describe('a full file', () => {
  const config = load(EXAMPLE, {
    env: {
      DASHSCOPE_API_KEY: 'sk-a',
      SLUICE_KEY: KEY,
      SLUICE_BATCH_KEY: `${KEY}-batch`,
      SLUICE_WEBHOOK_SECRET: SIGNING,
    },
    files: { '/run/secrets/dashscope-b': 'sk-b\n' },
  });

  it('is read as written: the example of the documents', () => {
    const [first, second, house] = config.accounts;
    assert.deepEqual(first?.secrets, ['sk-a']);
    assert.deepEqual(second?.secrets, ['sk-b']);
    assert.deepEqual(first?.models, [
      { upstreamModel: 'qwen3-max', limits: { rpm: 600, tpm: 1_000_000 } },
      { upstreamModel: 'qwen-plus', limits: {} },
    ]);
    assert.deepEqual(
      second?.models.map(({ upstreamModel }) => upstreamModel),
      ['qwen3-max', 'qwen-plus'],
    );
    assert.equal(house?.baseUrl, 'http://127.0.0.1:9100/v1');
    assert.deepEqual(house?.models, [{ upstreamModel: 'Qwen/Qwen3-32B', name: 'qwen-plus', limits: {} }]);
    assert.deepEqual(config.models, [
      {
        ...{ name: 'qwen3-max', strategy: 'earliest-start', fallbacks: ['qwen-plus'] },
        ...{ fallbackAfterMs: 20_000, affinity: true, resume: false },
      },
    ]);
    assert.deepEqual(config.keys[1]?.models, ['qwen-plus']);
    assert.deepEqual(config.keys[1]?.limits, { rpm: 120, concurrency: 4 });
    assert.equal(config.keys[1]?.priority, 'batch');
    assert.equal(config.server.port, 4290);
  });

  it('has every limit, off and ramp included', () => {
    const limits =
      '{ rpm: 1, tpm: off, rps: 2.5, tps: 3, concurrency: 4, rpd: 5, tpd: 6, ramp: { floor: 0.3, growth: 2 } }';
    const [first] = load(
      account(`, limits: ${limits}, models: { m: { limits: { ramp: off }, weight: 2, tier: 1 } }`),
    ).accounts;
    assert.deepEqual(first?.limits, {
      ...{ rpm: 1, tpm: 'off', rps: 2.5, tps: 3, concurrency: 4, rpd: 5, tpd: 6 },
      ramp: { floor: 0.3, growth: 2 },
    });
    assert.deepEqual(first?.models, [{ upstreamModel: 'm', limits: { ramp: 'off' }, weight: 2, tier: 1 }]);
  });

  it('takes a limit that is off for no limit of a key', () => {
    const [key] = load(`${account()}keys: [{ id: dev, key: ${KEY}, limits: { rpm: off, tpm: 5 } }]`).keys;
    assert.deepEqual(key?.limits, { tpm: 5 });
  });

  it('says how an account is asked', () => {
    const waitOf = (text: string): number | undefined =>
      load(`accounts: [{ id: a, provider: qwen, secrets: [s]${text} }]`).accounts[0]?.waitTimeoutMs;
    assert.equal(waitOf(''), undefined);
    assert.equal(waitOf(', wait_timeout: off'), undefined);
    assert.equal(waitOf(', wait_timeout: on'), 30_000);
    assert.equal(waitOf(', wait_timeout: 2m'), 120_000);
    const askedOf = (text: string): string | undefined => load(account(text)).accounts[0]?.streamUpstream;
    assert.equal(askedOf(', stream_upstream: auto'), undefined);
    assert.equal(askedOf(', stream_upstream: on'), 'on');
    assert.equal(askedOf(', stream_upstream: off'), 'off');
  });

  it('says how tokens are charged, and a model may say it otherwise', () => {
    const text = ', limits: { tpm: 5, prepaid: true }, models: { m: { limits: { prepaid: false } } }';
    const [first] = load(account(text)).accounts;
    assert.deepEqual(first?.limits, { tpm: 5, prepaid: true });
    assert.deepEqual(first?.models[0]?.limits, { prepaid: false });
  });

  it('says who goes first, and how long and how large a line may be', () => {
    const config = load(`${account()}models: { sim-large: { fallback_after: 0, affinity: false } }
keys: [{ id: dev, key: ${KEY}, priority: interactive, weight: 2.5 }]
queue: { max_bytes: 1mb, max_length_per_key: 7, max_bytes_per_key: 64kb, overload_wait: 3s }
data_dir: /var/lib/sluice`);
    assert.deepEqual(config.models, [
      { name: 'sim-large', fallbacks: [], fallbackAfterMs: 0, affinity: false, resume: false },
    ]);
    assert.equal(config.keys[0]?.priority, 'interactive');
    assert.equal(config.keys[0]?.weight, 2.5);
    const { maxBytes, maxLengthPerKey, maxBytesPerKey, overloadWaitMs } = config.queue;
    assert.deepEqual(
      [maxBytes, maxLengthPerKey, maxBytesPerKey, overloadWaitMs],
      [1_048_576, 7, 65_536, 3_000],
    );
    assert.equal(config.dataDir, '/var/lib/sluice');
  });

  it('has the settings of the simulator', () => {
    const { simulator } = load(
      `${account()}simulator: { ttft: 200ms, tokens_per_second: 80, output_tokens: 50, ramp: off }`,
    );
    assert.deepEqual(simulator, { ttftMs: 200, tokensPerSecond: 80, outputTokens: 50, ramp: 'off' });
  });
});

describe('interpolated values', () => {
  it('are numbers, switches, durations and words where those are expected', () => {
    const text = `${account()}server: { port: "\${PORT}", body_limit: '\${SIZE:-1mb}' }
queue:
  max_wait: \${WAIT:-7}
log:
  level: \${LEVEL:-debug}
keys: [{ id: dev, key: "\${K}", limits: { rpm: "\${RPM}" }, fallback: "\${FALLBACK:-false}" }]`;
    const config = load(text, { env: { PORT: '8080', RPM: '12', K: '1234567890123456' } });
    assert.equal(config.server.port, 8080);
    assert.equal(config.server.bodyLimitBytes, 1_048_576);
    assert.equal(config.queue.maxWaitMs, 7_000);
    assert.equal(config.log.level, 'debug');
    assert.deepEqual(config.keys[0], {
      ...{ id: 'dev', key: '1234567890123456', limits: { rpm: 12 } },
      ...{ onLimit: 'queue', fallback: false, priority: 'normal', weight: 1 },
    });
  });

  it('come from files beside the configuration', () => {
    const text = account(', secrets: ["${file:keys/a}"]');
    assert.deepEqual(load(text, { files: { '/etc/sluice/keys/a': 'sk-a\n' } }).accounts[0]?.secrets, [
      'sk-a',
    ]);
  });

  it('that are missing are told once, by name and place', () => {
    const [problem, ...rest] = problemsOf(account(', secrets: ["${NOPE}"]'));
    assert.deepEqual(rest, []);
    assert.equal(problem?.path, 'accounts[0].secrets[0]');
    assert.match(problem?.message ?? '', /variable NOPE is not set/);
    assert.equal(problem?.line, 2);
  });

  it('need quotes inside a flow mapping, and the message says so', () => {
    assert.match(
      errorOf(account(', weight: ${WEIGHT}')).message,
      /inside \{ } and \[ ] an interpolation needs quotes/,
    );
  });

  it('are not shown when they are wrong', () => {
    const { message } = errorOf(`${account()}server:\n  port: \${PORT}\n`, { PORT: 'sk-mixed-up' });
    assert.match(message, /found the value of \$\{PORT}/);
    assert.ok(!message.includes('sk-mixed-up'));
  });
});
