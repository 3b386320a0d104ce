/** The quotas in each of the ways that the vendor leaves open. */

import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { WINDOW_KINDS } from './cheap-windows.ts';
import { createQuota, DEFAULT_RULES, type Quota, type QuotaRules, type Ticket } from './quotas.ts';
import { DEFAULT_SLOPE } from './ramp.ts';
import { doublingRise } from './rise.ts';

const rules = (change: Partial<QuotaRules>): QuotaRules => ({ ...DEFAULT_RULES, ...change });

function ask(quota: Quota, prompt = 1, maxOutput?: number): Ticket | string {
  quota.arrive();
  return quota.admit(prompt, maxOutput);
}

function admitted(answer: Ticket | string): Ticket {
  assert.ok(typeof answer === 'object', `refused: ${String(answer)}`);
  return answer;
}

describe('windows', () => {
  it('of minutes and of seconds are of the kinds asked for, each', async () => {
    const clock = createVirtualClock();
    const quota = createQuota(clock, { rpm: 60, rps: 60 }, rules({ minuteWindow: 'fixed' }));
    await clock.advance(59_000);
    for (let call = 0; call < 60; call += 1) admitted(ask(quota));
    assert.equal(ask(quota), 'rps');
    await clock.advance(1_000);
    for (let call = 0; call < 60; call += 1) admitted(ask(quota));
    await clock.advance(1_000);
    assert.equal(ask(quota), 'rpm');
  });

  it('of a fixed second let twice as many through around its edge', async () => {
    for (const secondWindow of ['sliding', 'fixed'] as const) {
      const clock = createVirtualClock();
      const quota = createQuota(clock, { rpm: 600 }, rules({ secondWindow }));
      await clock.advance(999);
      for (let call = 0; call < 10; call += 1) admitted(ask(quota));
      await clock.advance(1);
      assert.equal(typeof ask(quota) === 'object', secondWindow === 'fixed');
    }
  });

  it('of buckets take a burst of a minute, and one call for each that flows back', async () => {
    const clock = createVirtualClock();
    const quota = createQuota(clock, { rpm: 60, rps: 1_000 }, rules({ minuteWindow: 'bucket' }));
    for (let call = 0; call < 60; call += 1) admitted(ask(quota));
    assert.equal(ask(quota), 'rpm');
    await clock.advance(1_000);
    admitted(ask(quota));
    assert.equal(ask(quota), 'rpm');
  });

  it('of every kind refuse on tokens, and count output', async () => {
    for (const kind of WINDOW_KINDS) {
      const clock = createVirtualClock();
      const quota = createQuota(clock, { tpm: 6_000, tps: 1e9 }, rules({ minuteWindow: kind }));
      admitted(ask(quota, 1_000)).grow(4_500);
      assert.equal(ask(quota, 501), 'tpm', kind);
      admitted(ask(quota, 500));
      await clock.advance(120_000);
      admitted(ask(quota, 6_000));
    }
  });

  it('count refused calls, too, where they are told to', async () => {
    for (const secondWindow of WINDOW_KINDS) {
      const quota = createQuota(
        createVirtualClock(),
        { rpm: 120 },
        rules({ secondWindow, countRefused: true }),
      );
      admitted(ask(quota));
      admitted(ask(quota));
      assert.equal(ask(quota), 'rps', secondWindow);
      assert.equal(quota.gauges().requestsLastMinute, 3);
    }
  });

  it('leave a call larger than a second servable, alone', async () => {
    for (const secondWindow of WINDOW_KINDS) {
      const clock = createVirtualClock();
      const quota = createQuota(clock, { rpm: 600, tpm: 60_000 }, rules({ secondWindow }));
      admitted(ask(quota, 3_000));
      assert.equal(ask(quota, 1), 'tps', secondWindow);
      await clock.advance(10_000);
      admitted(ask(quota, 3_000));
    }
  });
});

describe('charging in advance', () => {
  const reserved = rules({ charging: 'reserved' });

  it('takes the prompt and all that may be answered', () => {
    const quota = createQuota(createVirtualClock(), { tpm: 1_000, tps: 1e9 }, reserved);
    admitted(ask(quota, 100, 500));
    assert.equal(quota.gauges().tokensLastMinute, 600);
    assert.equal(ask(quota, 100, 301), 'tpm');
    admitted(ask(quota, 100, 300));
  });

  it('puts the truth in its place at the end, once, at the time of the call', async () => {
    const clock = createVirtualClock();
    const quota = createQuota(clock, { tpm: 1_000, tps: 1e9 }, reserved);
    const ticket = admitted(ask(quota, 100, 800));
    await clock.advance(20_000);
    ticket.grow(30);
    ticket.grow(20);
    assert.equal(quota.gauges().tokensLastMinute, 900);
    ticket.end();
    ticket.end();
    assert.equal(quota.gauges().tokensLastMinute, 150);
    await clock.advance(40_000);
    assert.equal(quota.gauges().tokensLastMinute, 0);
  });

  it('charges what was said beyond the promise', () => {
    const quota = createQuota(createVirtualClock(), { tpm: 1_000 }, reserved);
    const ticket = admitted(ask(quota, 100, 10));
    ticket.grow(50);
    ticket.end();
    assert.equal(quota.gauges().tokensLastMinute, 150);
  });

  it('reserves the most a model says for a call that names nothing', () => {
    const quota = createQuota(createVirtualClock(), { tpm: 10_000 }, reserved);
    admitted(ask(quota, 4));
    assert.equal(quota.gauges().tokensLastMinute, 4_100);
  });

  it('leaves the second to the prompts, and is off unless asked for', () => {
    const quota = createQuota(createVirtualClock(), { rpm: 600, tpm: 60_000 }, reserved);
    admitted(ask(quota, 500, 5_000));
    admitted(ask(quota, 500, 5_000));
    const usual = createQuota(createVirtualClock(), { tpm: 1_000, tps: 1e9 });
    admitted(ask(usual, 100, 5_000));
    assert.equal(usual.gauges().tokensLastMinute, 100);
  });

  it('does not end an answer that keeps to its promise', () => {
    const quota = createQuota(
      createVirtualClock(),
      { tpm: 1_000 },
      rules({ charging: 'reserved', outputTrips: true }),
    );
    const ticket = admitted(ask(quota, 100, 900));
    assert.equal(ticket.grow(900), true);
  });
});

test('two guards hold each for itself', () => {
  const quota = createQuota(createVirtualClock(), {
    rpm: 60_000,
    rise: doublingRise(1),
    slope: { ...DEFAULT_SLOPE, floorRequests: 2 },
  });
  admitted(ask(quota));
  admitted(ask(quota));
  assert.equal(ask(quota), 'burst');
  quota.limits = { rpm: 60_000, rise: doublingRise(1) };
  for (let call = 0; call < 3; call += 1) admitted(ask(quota));
  assert.equal(ask(quota), 'burst');
  quota.limits = { rpm: 60_000 };
  admitted(ask(quota));
});

test('a guard remembers while other numbers change', () => {
  const rise = doublingRise(1);
  const quota = createQuota(createVirtualClock(), { rpm: 60_000, rise });
  for (let call = 0; call < 3; call += 1) admitted(ask(quota));
  quota.limits = { rpm: 30_000, rise };
  assert.equal(ask(quota), 'burst');
});
