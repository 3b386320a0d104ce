// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are what is refused

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSealing } from '../../storage/sealing.ts';
import { storedAccount, storedChannel, storedModel } from '../../testing/stored-rows.ts';
import type { Config } from '../config.ts';
import { known } from '../fixtures/known.ts';
import { loadConfig } from '../load.ts';
import { type Merged, mergeStored } from './merge.ts';
import { NOTHING_STORED, type StoredRows } from './rows.ts';

const sealing = createSealing('Zk3vQ8tR1xWb7mNcP5yD');
const SECRET = 'sk-canary-4f9a1c7e';

const fileOf = (yaml: string): Config =>
  loadConfig({ path: 'sluice.yaml', env: {}, known, readFile: () => yaml });

const FILE = fileOf(`
accounts:
  - { id: own, provider: openai-compatible, base_url: "https://own.example/v1", models: { m1: {}, m2: { name: second } } }
models: { smart: { channels: [own/m1], fallbacks: [second] } }
keys: [{ id: k, key: key-of-the-file-0001, models: [m1] }]
`);

const compatible = (id: string, settings: Readonly<Record<string, unknown>> = {}) =>
  storedAccount({
    id,
    provider: 'openai-compatible',
    settings: { base_url: `https://${id}.example/v1`, models: ['m3'], ...settings },
  });

const merge = (rows: Partial<StoredRows>, file = FILE, key: typeof sealing | null = sealing): Merged =>
  mergeStored(file, { ...NOTHING_STORED, ...rows }, { known, sealing: key ?? undefined });

const told = ({ problems }: Merged): string[] =>
  problems.map(
    ({ kind, id, path, message, out }) => `${kind} ${id} ${path}: ${message}${out ? ' (out)' : ''}`,
  );

const ids = ({ config }: Merged): string[] => config.accounts.map(({ id }) => id);

describe('the file and a database that says nothing', () => {
  it('are the file', () => {
    assert.equal(merge({}).config, FILE);
    assert.deepEqual(merge({}).problems, []);
  });
});

describe('what the database says', () => {
  it('stands beside the file, each value in its final form', () => {
    const merged = merge({
      accounts: [compatible('more', { limits: { rpm: '600' }, on_client_gone: 'drain(30s)', tier: 2 })],
      models: [storedModel('wide', { channels: ['own/m1', 'more/m3'], fallback_after: '20s' })],
    });
    assert.deepEqual(told(merged), []);
    assert.deepEqual(ids(merged), ['own', 'more']);
    const { accounts, models, keys } = merged.config;
    assert.deepEqual(accounts[1], {
      ...{ id: 'more', provider: 'openai-compatible', baseUrl: 'https://more.example/v1', secrets: [] },
      ...{ weight: 1, tier: 2, limits: { rpm: 600 }, drainMs: 30_000 },
      models: [{ upstreamModel: 'm3', limits: {} }],
    });
    assert.deepEqual(
      models.map(({ name }) => name),
      ['smart', 'wide'],
    );
    assert.equal(models[1]?.fallbackAfterMs, 20_000);
    assert.equal(keys, FILE.keys);
  });

  it('brings along what its accounts pay', () => {
    const file = fileOf(`
accounts: [{ id: own, provider: openai-compatible, base_url: "https://own.example/v1", models: [m1], cost_factor: 0.9 }]
money: { price_factor: 1.2 }
`);
    const settings = { cost_factor: 0.5, models: { m3: { price: { input: 1, output: '2.5' } } } };
    const { money } = merge({ accounts: [compatible('more', settings)] }, file).config;
    assert.deepEqual(money.costFactors, { own: '0.9', more: '0.5' });
    const price = { currency: 'USD', tiers: [{ input: '1', output: '2.5' }] };
    assert.deepEqual(money.prices, [
      { id: 'account:more/m3', kind: 'channel', scope: 'more/m3', fromMs: 0, price },
    ]);
    assert.equal(money.priceFactor, '1.2');
  });

  it('opens with its secrets, and shows none of them when they do not open', () => {
    const account = storedAccount(
      { id: 'q', provider: 'qwen', settings: {} },
      [SECRET, `${SECRET}2`],
      sealing,
    );
    assert.deepEqual(merge({ accounts: [account] }).config.accounts[1]?.secrets, [SECRET, `${SECRET}2`]);
    const keyless = merge({ accounts: [account] }, FILE, null);
    const wrong = merge({ accounts: [account] }, FILE, createSealing('hT6wL2pXe9Ru4sVa8KjB'));
    assert.deepEqual([ids(keyless), ids(wrong)], [['own'], ['own']]);
    assert.match(told(keyless)[0] ?? '', /^account q secrets: secret s1 .*SLUICE_MASTER_KEY/);
    assert.match(told(wrong)[0] ?? '', /^account q secrets: secret s1 .*another master key/);
    assert.ok(!JSON.stringify([keyless.problems, wrong.problems]).includes(SECRET));
  });

  it('is in force with those of its secrets that open', () => {
    const good = storedAccount({ id: 'q', provider: 'qwen', settings: {} }, [SECRET], sealing);
    const [first] = good.secrets;
    const accounts = [
      {
        ...good,
        secrets: [
          { ...good.secrets[0], id: 's0', sealed: 's1.00000000.xxxx', hint: '…', createdMs: 0 },
          ...(first === undefined ? [] : [first]),
        ],
      },
    ];
    const merged = merge({ accounts });
    assert.deepEqual(merged.config.accounts[1]?.secrets, [SECRET]);
    assert.match(told(merged).join(), /^account q secrets: secret s0 .*[^)]$/);
  });

  it('cannot have its secrets sent to another address by who can only write into the database', () => {
    const account = storedAccount(
      {
        id: 'q',
        provider: 'openai-compatible',
        settings: { base_url: 'https://good.example/v1', models: ['m'] },
      },
      [SECRET],
      sealing,
    );
    for (const changed of [
      { ...account, settings: { ...account.settings, base_url: 'https://evil.example/v1' } },
      { ...account, provider: 'qwen' },
      { ...account, id: 'p' },
    ]) {
      const merged = merge({ accounts: [changed] });
      assert.ok(!JSON.stringify(merged.config).includes(SECRET));
      assert.match(told(merged).join(), /sealed for another account or address/);
    }
    assert.ok(JSON.stringify(merge({ accounts: [account] }).config).includes(SECRET));
  });

  it('yields to the file where both name the same', () => {
    const merged = merge({
      accounts: [compatible('own')],
      models: [storedModel('smart', { affinity: false })],
    });
    assert.deepEqual(merged.config.accounts, FILE.accounts);
    assert.deepEqual(merged.config.models, FILE.models);
    assert.match(told(merged)[0] ?? '', /^account own : the configuration file has an account of this id/);
    assert.match(told(merged)[1] ?? '', /^model smart : the configuration file says/);
  });
});

describe('what is wrong in the database', () => {
  const WRONG: readonly (readonly [string, Partial<StoredRows>, readonly RegExp[]])[] = [
    [
      'a provider that nobody knows',
      { accounts: [storedAccount({ id: 'x', provider: 'qwne', settings: {} })] },
      [/x provider: unknown provider 'qwne': did you mean 'qwen'\? \(out\)/],
    ],
    [
      'a field that nobody knows',
      { accounts: [compatible('x', { wieght: 2 })] },
      [/x wieght: unknown key 'wieght': did you mean 'weight'\?/],
    ],
    [
      'a value of the wrong kind',
      { accounts: [compatible('x', { limits: { rpm: -1 } })] },
      [/x limits\.rpm: expected a number above 0, or off/],
    ],
    [
      'no secret where one is needed',
      { accounts: [storedAccount({ id: 'x', provider: 'qwen', settings: {} })] },
      [/x secrets: it has no secret yet/],
    ],
    [
      'no address where one is needed',
      { accounts: [storedAccount({ id: 'x', provider: 'openai-compatible', settings: { models: ['m'] } })] },
      [/x base_url: missing: expected an address/],
    ],
    [
      'an inner address of a public provider',
      {
        accounts: [
          storedAccount({ id: 'x', provider: 'qwen', settings: { base_url: 'http://2130706433/v1' } }),
        ],
      },
      [/x base_url: expected a public address/],
    ],
    [
      'the address of the machine’s credentials',
      { accounts: [compatible('x', { base_url: 'http://169.254.169.254/v1' })] },
      [/x base_url: expected the address of a provider/],
    ],
    [
      'a user in the address',
      { accounts: [compatible('x', { base_url: 'https://u:p@host.example/v1' })] },
      [/x base_url: expected an address such as .* without a user/],
    ],
    [
      'a reference to the environment',
      { accounts: [compatible('x', { base_url: 'https://evil.example/${SLUICE_MASTER_KEY}' })] },
      [/x base_url: a reference .* file alone/],
    ],
    [
      'a strategy that nobody knows',
      { models: [storedModel('m1', { strategy: 'earliest-strat' })] },
      [/m1 strategy: unknown strategy/],
    ],
    [
      'a model that nobody serves',
      { models: [storedModel('m9')] },
      [/model m9 : unknown model 'm9'.*\(out\)/],
    ],
    [
      'a model of channels that do not exist',
      { models: [storedModel('z', { channels: ['no/where'] })] },
      [/z channels\[0\]: unknown channel/, /z channels: none of its channels exists \(out\)/],
    ],
  ];

  for (const [what, rows, messages] of WRONG)
    it(`is left out and told, and the rest is in force: ${what}`, () => {
      const alone = merge(rows);
      const beside = merge({ ...rows, accounts: [...(rows.accounts ?? []), compatible('good')] });
      for (const merged of [alone, beside])
        for (const message of messages) assert.match(told(merged).join('\n'), message);
      assert.deepEqual(ids(alone), ['own']);
      assert.deepEqual(ids(beside), ['own', 'good']);
      assert.deepEqual(alone.config.models, FILE.models);
    });

  it('takes what refers to it along only as far as it must', () => {
    const merged = merge({
      accounts: [compatible('gone', { weight: 'much' })],
      models: [storedModel('wide', { channels: ['gone/m3', 'own/m1'], fallbacks: ['secnd'] })],
    });
    assert.deepEqual(merged.config.models[1]?.channels, ['own/m1']);
    assert.deepEqual(merged.config.models[1]?.fallbacks, []);
    assert.deepEqual(
      told(merged).filter((line) => line.startsWith('model') && line.endsWith('(out)')),
      [],
    );
    assert.equal(told(merged).length, 3);
  });

  it('never makes the file wrong', () => {
    const file = fileOf(`
accounts: [{ id: own, provider: openai-compatible, base_url: "https://own.example/v1", models: [m1] }]
models: { m1: { fallbacks: [elsewhere] } }
keys: [{ id: k, key: key-of-the-file-0001 }]
`);
    const merged = merge({ accounts: [compatible('more', { models: ['elsewhre'] })] }, file);
    assert.deepEqual(told(merged), []);
    assert.deepEqual(merged.config.models, file.models);
  });

  it('never shows a value that could be a secret', () => {
    const merged = merge({
      accounts: [
        compatible('x', { [SECRET]: 1, base_url: `https://u:${SECRET}@host.example` }),
        compatible('y', { limits: { rpm: SECRET } }),
      ],
    });
    assert.equal(merged.problems.length, 3);
    assert.ok(!JSON.stringify(merged.problems).includes(SECRET));
  });

  it('is found, whatever stands there, without a fault of ours', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            'base_url',
            'models',
            'limits',
            'secrets',
            'drop',
            'set',
            'weight',
            'x',
            '__proto__',
          ),
          fc.jsonValue(),
        ),
        fc.dictionary(fc.constantFrom('channels', 'fallbacks', 'strategy', 'affinity'), fc.jsonValue()),
        (account, model) => {
          const merged = merge({
            accounts: [compatible('x', account), compatible('good')],
            models: [storedModel('m3', model)],
            channels: [storedChannel('own/m1', 'paused', account)],
          });
          assert.deepEqual(merged.config.accounts[0], FILE.accounts[0]);
          assert.ok(ids(merged).includes('good'));
          assert.equal(merged.config.channels?.[0]?.state, 'paused');
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('what is said of a channel', () => {
  it('holds for channels of the file as well', () => {
    const merged = merge({
      channels: [storedChannel('own/m1', 'draining', { limits: { rpm: 5, tpm: 'off' }, weight: 3 })],
    });
    assert.deepEqual(merged.config.channels, [
      { id: 'own/m1', state: 'draining', limits: { rpm: 5, tpm: 'off' }, weight: 3 },
    ]);
  });

  it('keeps it paused even where the rest of it is wrong', () => {
    const merged = merge({ channels: [storedChannel('own/m1', 'paused', { limits: { rpm: 'x' } })] });
    assert.deepEqual(merged.config.channels, [{ id: 'own/m1', state: 'paused', limits: {} }]);
    assert.match(told(merged).join(), /^channel own\/m1 limits\.rpm: expected a number above 0, or off$/);
  });
});
