import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Heard } from './permit.ts';
import { ToldLimits } from './told-limits.ts';

const T0 = 1_800_000_000_000;
const none = () => 0;
const learn = (told: ToldLimits, heard: Heard, used: (name: string) => number = none, nowMs = T0): boolean =>
  told.learn(heard, used, nowMs);

test('what is told lower than it is set wins, what is told higher does not, and the rest stays', () => {
  const told = new ToldLimits();
  learn(told, { requests: { limit: 60 }, tokens: { limit: 9_000 } });
  assert.deepEqual(told.over({ rpm: 600, tpm: 5_000, rps: 3 }), { rpm: 60, tpm: 5_000, rps: 3 });
});

test('a limit that only the provider names holds', () => {
  const told = new ToldLimits();
  learn(told, { requestsPerDay: { limit: 1_000 } });
  assert.deepEqual(told.over({}), { rpd: 1_000 });
});

test('it is said when a limit is other than before, and only then', () => {
  const told = new ToldLimits();
  assert.equal(learn(told, {}), false);
  assert.equal(learn(told, { requests: { limit: 60, remaining: 59 } }), true);
  assert.equal(learn(told, { requests: { limit: 60, remaining: 10 } }), false);
  assert.equal(learn(told, { requests: { limit: 90 } }), true);
  assert.deepEqual(told.over({}), { rpm: 90 }, 'and a raised limit is taken as told');
});

test('what is no limit is not taken for one', () => {
  const told = new ToldLimits();
  assert.equal(learn(told, { requests: { limit: 0, remaining: 0 }, tokens: { remaining: 5 } }), false);
  assert.equal(learn(told, { requests: { limit: -1, remaining: 0 } }), false);
  assert.deepEqual(told.over({}), {});
  assert.equal(told.outside('rpm', T0), 0);
});

test('what is missing beyond our own use was used by others, and fades with the window', () => {
  const told = new ToldLimits();
  const used = (name: string): number => (name === 'rpm' ? 10 : 400);
  learn(told, { requests: { limit: 60, remaining: 20 }, tokens: { limit: 1_000, remaining: 600 } }, used);
  assert.equal(told.outside('rpm', T0), 30);
  assert.equal(told.outside('tpm', T0), 0, 'all of it was our own');
  assert.equal(told.outside('rpm', T0 + 30_000), 15);
  assert.equal(told.outside('rpm', T0 + 60_000), 0);
  assert.equal(told.outside('rpm', T0 + 90_000), 0);
});

test('others use a day as long as a day', () => {
  const told = new ToldLimits();
  learn(told, { requestsPerDay: { limit: 1_000, remaining: 900 } });
  assert.equal(told.outside('rpd', T0 + 43_200_000), 50);
});

test('each answer tells anew what others use, and more remaining than expected is no gift', () => {
  const told = new ToldLimits();
  learn(told, { requests: { limit: 60, remaining: 20 } });
  learn(told, { requests: { limit: 60, remaining: 55 } }, () => 10, T0 + 1_000);
  assert.equal(told.outside('rpm', T0 + 1_000), 0);
});

test('an answer without numbers leaves what was told before', () => {
  const told = new ToldLimits();
  learn(told, { requests: { limit: 60, remaining: 20 } });
  learn(told, { arrivedAtMs: T0 }, none, T0 + 15_000);
  assert.equal(told.outside('rpm', T0 + 15_000), 30);
});

test('of limits that providers do not tell nothing is known', () => {
  const told = new ToldLimits();
  learn(told, { requests: { limit: 60, remaining: 20 } });
  for (const name of ['rps', 'tps', 'concurrency', 'tpd', 'ramp']) assert.equal(told.outside(name, T0), 0);
});

test('what others use is taken from what the provider grants, not from the part that was set aside for us', () => {
  const told = new ToldLimits();
  told.learn({ requests: { limit: 10_000, remaining: 6_900 } }, () => 0, 0);
  assert.equal(told.outside('rpm', 0), 3_100);
  assert.equal(told.left('rpm', 0), 6_900);
  assert.equal(told.left('tpm', 0), Infinity, 'of what nobody told all is left');
});
