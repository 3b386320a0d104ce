import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientKey } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { Unpriced } from '../domain/money.ts';
import type { Project, Tenant } from '../domain/tenancy.ts';
import { madeUpChannel } from '../testing/priced-channel.ts';
import { createHolds, type QuoteAsk } from './holds.ts';
import type { Hold, HoldAsk } from './ledger.ts';
import type { PurseAsk, PurseHold, Purses } from './purses.ts';
import type { Shortage } from './round.ts';

const NOW_MS = Date.parse('2026-11-26T13:00:00Z');
const NANO = 1_000_000_000n;

const tenants: Readonly<Record<string, Tenant>> = Object.fromEntries(
  (
    [
      { id: 'default', wallet: 'none', budgets: {} },
      { id: 'acme', wallet: 'prepaid', budgets: { month: 100n * NANO } },
      { id: 'later', wallet: 'postpaid', budgets: {} },
    ] as const
  ).map((tenant) => [tenant.id, { ...tenant, name: tenant.id, creditLimit: 5n * NANO, active: true }]),
);
const project: Project = { id: 'site', tenant: 'acme', name: 'site', budgets: { week: 20n * NANO } };

const key = (changed: Partial<ClientKey> = {}): ClientKey => ({
  ...{ id: 'web', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
  ...changed,
});

const ask: HoldAsk = {
  call: 'req_1',
  offers: [{ model: 'm', channel: madeUpChannel([]) }],
  inputTokens: 1_000,
  maxOutputTokens: 100,
  answers: 1,
};

type Setting = {
  readonly quote?: (ask: QuoteAsk) => bigint | null;
  readonly answer?: (ask: PurseAsk) => PurseHold | Shortage | Promise<PurseHold>;
  readonly unpriced?: Unpriced;
  readonly nowMs?: () => number;
};

function house({ quote = () => NANO, answer, unpriced = 'allow', nowMs = () => NOW_MS }: Setting = {}) {
  const asked: PurseAsk[] = [];
  const quoted: QuoteAsk[] = [];
  const purses: Pick<Purses, 'hold'> = {
    hold(purseAsk) {
      asked.push(purseAsk);
      const { needs, amountNano } = purseAsk;
      return answer?.(purseAsk) ?? { held: needs.map(({ purse }) => ({ purse, amountNano })), release() {} };
    },
  };
  const hold = createHolds({
    purses: purses as Purses,
    people: { tenant: (id) => tenants[id], project: (id) => (id === 'site' ? project : undefined) },
    now: nowMs,
    quote: (each) => {
      quoted.push(each);
      return quote(each);
    },
    settings: () => ({ unpriced, assumedOutput: 4_096 }),
  });
  return { hold, asked, quoted };
}

const failureOf = (act: () => unknown): Failure => {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error;
  }
  return assert.fail('nothing was thrown');
};

const short =
  (leftNano: bigint, heldNano = 0n, which = 0) =>
  ({ needs }: PurseAsk): Shortage => ({ need: needs[which] as Shortage['need'], leftNano, heldNano });

describe('a hold', () => {
  it('is not even thought of for a key without a purse', () => {
    const { hold, asked } = house();
    assert.equal(
      hold(key(), () => assert.fail('the ask was made')),
      undefined,
    );
    assert.equal(
      hold(key({ tenant: 'nobody-knows' }), () => assert.fail('the ask was made')),
      undefined,
    );
    assert.deepEqual(asked, []);
  });

  it('takes of the budgets of key, project and tenant in their periods, and of the wallet', () => {
    const { hold, asked } = house();
    const payer = key({ tenant: 'acme', project: 'site', budgets: { day: NANO, total: 9n * NANO } });
    const held = hold(payer, () => ask) as Hold;
    assert.deepEqual(
      held.held.map(({ purse }) => purse),
      [
        'budget:key:web:day:2026-11-26',
        'budget:key:web:total:all',
        'budget:project:site:week:2026-W48',
        'budget:tenant:acme:month:2026-11',
        'wallet:acme',
      ],
    );
    const limits = asked[0]?.needs.map(({ limitNano }) => limitNano / NANO);
    assert.deepEqual(limits, [1n, 9n, 20n, 100n, 0n]);
    assert.equal(asked[0]?.amountNano, NANO);
  });

  it('may go down to the limit of a postpaid wallet', () => {
    const { hold, asked } = house();
    hold(key({ tenant: 'later' }), () => ask);
    assert.deepEqual(
      asked[0]?.needs.map(({ purse, limitNano }) => [purse, limitNano]),
      [['wallet:later', 5n * NANO]],
    );
  });

  it('is of another purse when the period has ended', () => {
    let nowMs = NOW_MS;
    const { hold, asked } = house({ nowMs: () => nowMs });
    const payer = key({ budgets: { day: NANO } });
    hold(payer, () => ask);
    nowMs = Date.parse('2026-11-26T23:59:59.999Z');
    hold(payer, () => ask);
    nowMs += 1;
    hold(payer, () => ask);
    const days = asked.map(({ needs }) => needs[0]?.purse.slice(-10));
    assert.deepEqual(days, ['2026-11-26', '2026-11-26', '2026-11-27']);
  });

  it('is for the dearest of all that may serve', () => {
    const cheap = { model: 'cheap', channel: madeUpChannel([], { account: 'a' }) };
    const dear = { model: 'dear', channel: madeUpChannel([], { account: 'b' }) };
    const { hold, asked } = house({ quote: ({ model }) => (model === 'dear' ? 5n : 3n) });
    hold(key({ tenant: 'acme' }), () => ({ ...ask, offers: [cheap, dear, cheap] }));
    assert.equal(asked[0]?.amountNano, 5n);
  });

  it('reckons with more input than expected, and with all the output that is allowed', () => {
    const { hold, quoted } = house();
    const outputs = (changed: Partial<HoldAsk>): number | undefined => {
      hold(key({ tenant: 'acme' }), () => ({ ...ask, ...changed }));
      return quoted.at(-1)?.outputTokens;
    };
    assert.equal(outputs({}), 100);
    assert.equal(quoted[0]?.inputTokens, 1_266);
    assert.equal(outputs({ maxOutputTokens: Infinity }), 4_096);
    assert.equal(outputs({ maxOutputTokens: Infinity, answers: 3 }), 3 * 4_096);
    const channel = { ...madeUpChannel([{ currency: 'USD', tiers: [{}] }]) };
    const facts = channel.facts && { ...channel.facts, maxOutput: 1_000 };
    const offers = [{ model: 'm', channel: { ...channel, ...(facts && { facts }) } }];
    assert.equal(outputs({ offers, maxOutputTokens: Infinity }), 1_000);
    assert.equal(outputs({ offers, maxOutputTokens: 1_000_000 }), 1_000);
    assert.equal(outputs({ offers, maxOutputTokens: 1_000_000, answers: 2 }), 2_000);
  });
});

describe('a refusal', () => {
  it('says what is left in the wallet, what the call may cost, and what would help', () => {
    const { hold } = house({ quote: () => 34_500_000n, answer: short(12_300_000n, 0n, 1) });
    const failure = failureOf(() => hold(key({ tenant: 'acme' }), () => ask));
    assert.equal(failure.kind, 'insufficient_funds');
    assert.equal(
      failure.message,
      "The wallet of tenant 'acme' has $0.0123 left, the call may cost up to $0.0345: " +
        'send a smaller max_tokens or less input, or top up.',
    );
    assert.deepEqual([failure.status, failure.retry, failure.options.limitOwner], [402, false, 'key']);
  });

  it('names what calls under way hold, and never less than nothing', () => {
    const { hold } = house({ quote: () => 1n, answer: short(-5n * NANO, 2n * NANO, 1) });
    const { message } = failureOf(() => hold(key({ tenant: 'acme' }), () => ask));
    assert.match(
      message,
      /has \$0 left \(\$2 is held by calls under way\), the call may cost up to \$0\.000001:/,
    );
  });

  it('says whose budget is spent and when it begins anew', () => {
    const { hold } = house({ answer: short(NANO / 2n) });
    const failure = failureOf(() => hold(key({ budgets: { day: 5n * NANO } }), () => ask));
    assert.equal(failure.kind, 'budget_spent');
    assert.equal(failure.options.resetAtMs, Date.parse('2026-11-27T00:00:00Z'));
    assert.equal(
      failure.message,
      "The key 'web' has $0.5 left of its budget of $5 a day, the call may cost up to $1: send a smaller max_tokens " +
        'or less input, or wait for the next day, which begins 2026-11-27T00:00:00.000Z.',
    );
    const total = failureOf(() => hold(key({ budgets: { total: 5n * NANO } }), () => ask));
    assert.match(total.message, /of its budget of \$5 in all, .*or ask for a larger budget\.$/);
    assert.equal(total.options.resetAtMs, undefined);
  });

  it('comes later where the database is asked', async () => {
    const { hold } = house({ answer: async (asked) => short(0n)(asked) as never });
    await assert.rejects(
      async () => await hold(key({ budgets: { day: NANO } }), () => ask),
      (error) => error instanceof Failure && error.kind === 'budget_spent',
    );
  });

  it('is of what has no price, for whoever has a purse', () => {
    const { hold, asked } = house({ quote: ({ model }) => (model === 'free' ? null : 1n) });
    const offers = [...ask.offers, { model: 'free', channel: madeUpChannel([]) }];
    const failure = failureOf(() => hold(key({ tenant: 'acme' }), () => ({ ...ask, offers })));
    assert.equal(failure.kind, 'unpriced_model');
    assert.match(failure.message, /^The model 'free' has no known price on 'main\/m'/);
    assert.deepEqual(asked, []);
    assert.equal(
      hold(key(), () => ({ ...ask, offers })),
      undefined,
    );
  });

  it('is of what has no price, for everybody where policy says so', () => {
    const { hold } = house({ quote: () => null, unpriced: 'refuse' });
    assert.equal(failureOf(() => hold(key(), () => ask)).kind, 'unpriced_model');
  });
});
