import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FACTOR_NAMES, type FactorScope, type PriceFactor } from '../domain/money.ts';
import { createFactors } from './factors.ts';

const CALL: FactorScope = { tenant: 't', project: 'p', key: 'k', model: 'm', account: 'a' };
const factor = (scope: FactorScope, text: string, rest: Partial<PriceFactor> = {}): PriceFactor => ({
  ...{ id: `${Object.keys(scope).join('+')}=${text}`, factor: text, fromMs: 0 },
  ...scope,
  ...rest,
});
const chosen = (factors: readonly PriceFactor[], nowMs = 5, call = CALL): string =>
  createFactors(factors, '1').of(call, nowMs).text;

describe('of several price factors', () => {
  it('the usual one holds for whom no other is', () => {
    assert.deepEqual(createFactors([factor({ tenant: 'other' }, '2')], '0.880').of(CALL, 0), {
      ...{ id: null, text: '0.88', nano: 880_000_000n },
    });
  });

  it('a key counts for more than a project, a tenant, a model, an account, and for more than all of them', () => {
    const one = FACTOR_NAMES.map((name, i) => factor({ [name]: CALL[name] }, String(i + 2)));
    assert.equal(chosen(one), '4');
    const withoutKey = one.filter(({ key }) => key === undefined);
    assert.equal(chosen(withoutKey), '3');
    const { key: _key, ...rest } = CALL;
    assert.equal(chosen([factor(rest, '9'), factor({ key: 'k' }, '7')]), '7');
  });

  it('the one that names more holds, the key being the same', () => {
    assert.equal(chosen([factor({ tenant: 't' }, '2'), factor({ tenant: 't', model: 'm' }, '3')]), '3');
    assert.equal(chosen([factor({ tenant: 't' }, '2'), factor({ tenant: 't', model: 'x' }, '3')]), '2');
  });

  it('the newest that has begun holds, until it ends', () => {
    const both = [
      factor({ tenant: 't' }, '2', { fromMs: 1 }),
      factor({ tenant: 't' }, '3', { fromMs: 10, untilMs: 20 }),
    ];
    assert.deepEqual(
      [0, 1, 9, 10, 19, 20].map((nowMs) => chosen(both, nowMs)),
      ['1', '2', '2', '3', '3', '2'],
    );
  });

  it('one that names what the call has not is for another call', () => {
    const { project: _project, ...call } = CALL;
    assert.equal(chosen([factor({ project: 'p' }, '2')], 5, call), '1');
  });

  it('one for names that look like others joined is not for them', () => {
    const call = { ...CALL, tenant: 'a', project: 'b' };
    assert.equal(chosen([factor({ tenant: 'ab', project: '' }, '2')], 5, call), '1');
  });

  it('the same one is found as by trying them all', () => {
    const name = fc.constantFrom('x', 'y');
    const scope = fc.record(
      { tenant: name, project: name, key: name, model: name, account: name },
      { requiredKeys: [] },
    );
    const any = fc.record({ scope, fromMs: fc.nat(20), lasts: fc.option(fc.nat(20)) });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 20 }), scope, fc.nat(40), (given, call, nowMs) => {
        const factors = given
          .filter((each) => Object.keys(each.scope).length > 0)
          .map((each, i) => ({
            ...{ ...each.scope, id: String(i).padStart(3, '0'), factor: String(i + 2), fromMs: each.fromMs },
            ...(each.lasts === null ? {} : { untilMs: each.fromMs + each.lasts }),
          }));
        const weight = (each: PriceFactor): number =>
          (['account', 'model', 'tenant', 'project', 'key'] as const).reduce(
            (sum, field, i) => sum + (each[field] === undefined ? 0 : 2 ** i),
            0,
          );
        const [best] = factors
          .filter((each) =>
            FACTOR_NAMES.every((field) => each[field] === undefined || each[field] === call[field]),
          )
          .filter(({ fromMs, untilMs = Infinity }: PriceFactor) => fromMs <= nowMs && nowMs < untilMs)
          .sort((a, b) => weight(b) - weight(a) || b.fromMs - a.fromMs || Number(b.id) - Number(a.id));
        assert.equal(createFactors(factors, '1').of(call, nowMs).id, best?.id ?? null);
      }),
    );
  });
});
