import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createQuota, DEFAULT_RULES, type Quota, type Ticket } from './quotas.ts';
import { DEFAULT_SLOPE } from './ramp.ts';

/** Arrives and asks, as the upstream does. */
function ask(quota: Quota, promptTokens = 1): Ticket | string {
  quota.arrive();
  return quota.admit(promptTokens);
}

function admitted(answer: Ticket | string): Ticket {
  assert.ok(typeof answer === 'object', `refused: ${String(answer)}`);
  return answer;
}

test('the article: 600 RPM means ten in any second, and the eleventh is refused', async () => {
  const clock = createVirtualClock();
  const quota = createQuota(clock, { rpm: 600, tpm: 1_000_000 });
  for (let call = 0; call < 10; call += 1) admitted(ask(quota));
  assert.equal(ask(quota), 'rps');
  await clock.advance(999);
  assert.equal(ask(quota), 'rps');
  await clock.advance(1);
  admitted(ask(quota));
});

test('the minute refuses what every second allowed', async () => {
  const clock = createVirtualClock();
  const quota = createQuota(clock, { rpm: 60, rps: 30 });
  for (let call = 0; call < 30; call += 1) admitted(ask(quota));
  await clock.advance(1_000);
  for (let call = 0; call < 30; call += 1) admitted(ask(quota));
  await clock.advance(58_999);
  assert.equal(ask(quota), 'rpm');
  await clock.advance(1);
  for (let call = 0; call < 30; call += 1) admitted(ask(quota));
  assert.equal(ask(quota), 'rps');
});

test('below 60 RPM the minute rules alone', () => {
  const quota = createQuota(createVirtualClock(), { rpm: 3, tpm: 7_500 });
  for (let call = 0; call < 3; call += 1) admitted(ask(quota, 200));
  assert.equal(ask(quota), 'rpm');
});

test('the seconds can be switched off', () => {
  const quota = createQuota(createVirtualClock(), { rpm: 600 }, { ...DEFAULT_RULES, perSecond: false });
  for (let call = 0; call < 600; call += 1) admitted(ask(quota));
  assert.equal(ask(quota), 'rpm');
});

test('one call larger than a second of tokens passes, a second one beside it does not', async () => {
  const clock = createVirtualClock();
  const quota = createQuota(clock, { rpm: 600, tpm: 1_000_000 });
  admitted(ask(quota, 50_000));
  assert.equal(ask(quota, 1), 'tps');
  await clock.advance(1_000);
  admitted(ask(quota, 10_000));
  admitted(ask(quota, 6_666));
  assert.equal(ask(quota, 1), 'tps');
});

test('output counts towards the minute, not towards the second', async () => {
  const clock = createVirtualClock();
  const quota = createQuota(clock, { tpm: 6_000 });
  const ticket = admitted(ask(quota, 90));
  assert.equal(ticket.grow(5_000), true);
  admitted(ask(quota, 10));
  await clock.advance(1_000);
  assert.equal(ask(quota, 901), 'tpm');
  admitted(ask(quota, 900));
  assert.equal(quota.gauges().tokensLastMinute, 6_000);
  assert.equal(quota.gauges().peakTokensPerSecond, 900);
});

test('output leaves the minute with its call, or a minute after it was produced', async () => {
  for (const outputCountsAt of ['admission', 'production'] as const) {
    const clock = createVirtualClock();
    const quota = createQuota(clock, { tpm: 1_000 }, { ...DEFAULT_RULES, outputCountsAt });
    const ticket = admitted(ask(quota, 100));
    await clock.advance(30_000);
    ticket.grow(800);
    await clock.advance(29_999);
    assert.equal(ask(quota, 500), 'tpm');
    await clock.advance(1);
    assert.equal(typeof ask(quota, 500) === 'object', outputCountsAt === 'admission');
    await clock.advance(30_000);
    admitted(ask(quota, 500));
  }
});

test('an answer over the limit trips only where the rule says so', () => {
  for (const outputTrips of [false, true]) {
    const quota = createQuota(createVirtualClock(), { tpm: 1_000 }, { ...DEFAULT_RULES, outputTrips });
    const ticket = admitted(ask(quota, 100));
    assert.equal(ticket.grow(900), true);
    assert.equal(ticket.grow(1), !outputTrips);
  }
});

test('refused calls count only where the rule says so', async () => {
  for (const countRefused of [false, true]) {
    const clock = createVirtualClock();
    const quota = createQuota(clock, { rpm: 60 }, { ...DEFAULT_RULES, countRefused });
    admitted(ask(quota));
    await clock.advance(500);
    assert.equal(ask(quota), 'rps');
    await clock.advance(500);
    assert.equal(typeof ask(quota) === 'object', !countRefused);
  }
});

test('a refusal leaves every window as it was', async () => {
  const clock = createVirtualClock();
  const quota = createQuota(clock, { rpm: 60, rps: 60, tpm: 100, tps: 1_000 });
  for (let call = 0; call < 5; call += 1) assert.equal(ask(quota, 101), 'tpm');
  admitted(ask(quota, 100));
  assert.equal(quota.gauges().tokensLastMinute, 100);
  assert.equal(quota.gauges().inFlight, 1);
});

test('a concurrency cap holds until a call ends, and ending twice frees one slot', () => {
  const quota = createQuota(createVirtualClock(), { concurrency: 2 });
  const first = admitted(ask(quota));
  admitted(ask(quota));
  assert.equal(ask(quota), 'concurrency');
  first.end();
  first.end();
  admitted(ask(quota));
  assert.equal(ask(quota), 'concurrency');
  assert.equal(quota.gauges().peakInFlight, 2);
});

test('day limits hold for a trailing day', async () => {
  const clock = createVirtualClock();
  const quota = createQuota(clock, { rpd: 2, tpd: 100 });
  admitted(ask(quota, 10)).grow(80);
  assert.equal(ask(quota, 11), 'tpd');
  admitted(ask(quota, 10));
  assert.equal(ask(quota, 0), 'rpd');
  await clock.advance(86_400_000);
  admitted(ask(quota, 100));
});

test('the slope comes before the other limits and is off unless given', () => {
  const clock = createVirtualClock();
  const quota = createQuota(clock, { rpm: 60_000, slope: { ...DEFAULT_SLOPE, floorRequests: 3 } });
  for (let call = 0; call < 3; call += 1) admitted(ask(quota));
  assert.equal(ask(quota), 'burst');
  quota.limits = { rpm: 60_000 };
  admitted(ask(quota));
});

test('limits change at run time and count what was before', () => {
  const quota = createQuota(createVirtualClock(), { rpm: 600, rps: 600 });
  for (let call = 0; call < 50; call += 1) admitted(ask(quota));
  quota.limits = { rpm: 50, rps: 600 };
  assert.equal(ask(quota), 'rpm');
  quota.limits = { rpm: 51, rps: 600 };
  admitted(ask(quota));
});

test('gauges tell the fullest minute and second, refused arrivals included', async () => {
  const clock = createVirtualClock();
  const quota = createQuota(clock, { rpm: 120 });
  for (let call = 0; call < 5; call += 1) ask(quota);
  await clock.advance(30_000);
  ask(quota);
  await clock.advance(120_000);
  const gauges = quota.gauges();
  assert.equal(gauges.peakRequestsPerSecond, 5);
  assert.equal(gauges.peakRequestsPerMinute, 6);
  assert.equal(gauges.peakTokensPerMinute, 3);
  assert.equal(gauges.requestsLastMinute, 0);
});
