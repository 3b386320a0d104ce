import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MoneySettings } from '../domain/money.ts';
import { known } from './fixtures/known.ts';
import { loadConfig } from './load.ts';

function load(money: string, account = ''): MoneySettings {
  const text = `accounts:\n  - { id: a, provider: simulator${account} }\n${money}`;
  return loadConfig({ path: '/etc/sluice/sluice.yaml', env: { VAT: '1.19' }, known, readFile: () => text })
    .money;
}

describe('the section on money', () => {
  it('that is absent charges the list price and has no price of its own', () => {
    assert.deepEqual(load(''), {
      ...{ priceFactor: '1', factors: [], prices: [], costFactors: {}, rates: {} },
      ...{ unpriced: 'allow', assumedOutput: 4_096 },
    });
  });

  it('keeps every digit of a factor, as a number, as text, out of a variable', () => {
    assert.equal(load('money: { price_factor: 0.88 }').priceFactor, '0.88');
    assert.equal(load('money: { price_factor: "0.880000001" }').priceFactor, '0.880000001');
    assert.equal(load('money: { price_factor: "${VAT}" }').priceFactor, '1.19');
    assert.equal(load('money: { price_factor: 1000 }').priceFactor, '1000');
  });

  it('refuses a factor that is none, with its place', () => {
    for (const wrong of ['0', '-1', '1000.1', '0.1234567891', 'half', '"1e3"', '1e-7'])
      assert.throws(
        () => load(`money: { price_factor: ${wrong} }`),
        /money\.price_factor[\s\S]*expected a factor above 0 and at most 1000/,
        wrong,
      );
  });

  it('names factors by whom they are for', () => {
    const { factors } = load(`money:
  factors:
    - { tenant: acme, factor: 0.88 }
    - { tenant: acme, model: qwen3-max, factor: "1.2" }
`);
    assert.deepEqual(factors, [
      { id: 'file:tenant=acme', tenant: 'acme', factor: '0.88', fromMs: 0 },
      {
        id: 'file:tenant=acme,model=qwen3-max',
        tenant: 'acme',
        model: 'qwen3-max',
        factor: '1.2',
        fromMs: 0,
      },
    ]);
  });

  it('refuses factors for nobody, and two for the same', () => {
    assert.throws(
      () => load('money: { factors: [{ factor: 0.5 }] }'),
      /money\.factors\[0\][\s\S]*at least one of tenant, project, key, model, account: price_factor is for everybody/,
    );
    assert.throws(
      () => load('money: { factors: [{ key: k, factor: 0.5 }, { key: k, factor: 1 }] }'),
      /money\.factors\[1\][\s\S]*already a factor for key 'k'/,
    );
  });

  it('takes prices of models, of providers and of channels, with tiers, in a currency', () => {
    const { prices } = load(
      `money:
  prices:
    - { model: house, input: 0.5, output: 1 }
    - provider: qwen/qwen3-max
      region: beijing
      currency: CNY
      input: 2.5
      output: 10
      tiers: [{ above: 32000, input: 4, output: 16, cache_read: 0.8 }]
`,
      ', models: { sim-large: { price: { input: 1, output: "2.000000001" } } }',
    );
    assert.deepEqual(prices, [
      {
        ...{ id: 'account:a/sim-large', kind: 'channel', scope: 'a/sim-large', fromMs: 0 },
        price: { currency: 'USD', tiers: [{ input: '1', output: '2.000000001' }] },
      },
      {
        ...{ id: 'file:model:house', kind: 'model', scope: 'house', fromMs: 0 },
        price: { currency: 'USD', tiers: [{ input: '0.5', output: '1' }] },
      },
      {
        ...{
          id: 'file:provider:qwen/qwen3-max@beijing',
          kind: 'provider',
          scope: 'qwen/qwen3-max',
          fromMs: 0,
        },
        region: 'beijing',
        price: {
          currency: 'CNY',
          tiers: [
            { input: '2.5', output: '10' },
            { above: 32_000, input: '4', output: '16', cacheRead: '0.8' },
          ],
        },
      },
    ]);
  });

  it('refuses a price of nothing, of two things, without an amount, with tiers in disorder', () => {
    const refused = (price: string, message: RegExp): void => {
      assert.throws(() => load(`money: { prices: [${price}] }`), message, price);
    };
    refused(
      '{ input: 1 }',
      /money\.prices\[0\][\s\S]*of one of model, provider, channel: found none of them/,
    );
    refused('{ model: m, channel: a/m, input: 1 }', /found model and channel/);
    refused('{ model: m }', /expected at least input or output/);
    refused('{ provider: m, input: 1 }', /prices\[0\]\.provider[\s\S]*expected a provider and its model/);
    refused('{ model: m, input: -1 }', /prices\[0\]\.input[\s\S]*expected an amount such as 1\.25/);
    refused(
      '{ model: m, input: 1, tiers: [{ above: 9, input: 2 }, { above: 9, input: 3 }] }',
      /prices\[0\]\.tiers\[1\]\.above[\s\S]*expected more than 9, the tier before it/,
    );
    assert.throws(
      () => load('', ', models: { sim-large: { price: { currency: CNY } } }'),
      /accounts\[0\]\.models\.sim-large\.price[\s\S]*at least input or output/,
    );
  });

  it('knows what an account pays of the list price', () => {
    assert.deepEqual(load('', ', cost_factor: 0.9').costFactors, { a: '0.9' });
    assert.deepEqual(load('', ', cost_factor: 0').costFactors, { a: '0' });
    assert.throws(() => load('', ', cost_factor: 2000'), /accounts\[0\]\.cost_factor[\s\S]*expected a share/);
  });

  it('has a ceiling where the policy is one, and only there', () => {
    const { unpriced, ceiling } = load('money: { unpriced: ceiling, ceiling: { input: 10, output: 40 } }');
    assert.deepEqual([unpriced, ceiling], ['ceiling', { input: '10', output: '40' }]);
    assert.throws(
      () => load('money: { unpriced: ceiling }'),
      /money\.ceiling[\s\S]*missing: expected input and output/,
    );
    assert.throws(
      () => load('money: { ceiling: { input: 10, output: 40 } }'),
      /money\.ceiling[\s\S]*only used with unpriced: ceiling, not with unpriced: allow/,
    );
    assert.throws(() => load('money: { unpriced: refused }'), /unknown policy 'refused'[\s\S]*refuse/);
  });

  it('may set the rate of a currency', () => {
    assert.deepEqual(load('money: { rates: { CNY: 0.14 } }').rates, { CNY: '0.14' });
    assert.throws(() => load('money: { rates: { EUR: 1.1 } }'), /money\.rates\.EUR/);
  });
});
