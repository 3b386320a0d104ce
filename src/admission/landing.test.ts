import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Landing } from './landing.ts';

const T0 = 1_800_000_000_000;

function steady(tokens: number, everyMs: number, seconds = 100): number {
  const landing = new Landing();
  let atMs = T0;
  for (; atMs < T0 + seconds * 1_000; atMs += everyMs) landing.count(tokens, atMs);
  return landing.at(atMs);
}

test('nothing is left free where nothing was produced', () => {
  assert.equal(new Landing().at(T0), 0);
  assert.equal(steady(0, 100), 0);
});

test('what is left free covers half a second of the output, and its scatter', () => {
  const fine = steady(10, 10);
  assert.ok(fine > 500 && fine < 700, `${fine} of 1000 a second`);
  const coarse = steady(1_000, 1_000);
  assert.ok(coarse > 500 + 2 * 600 && coarse < 500 + 2 * 800, `${coarse}: few and large ones scatter more`);
});

test('twice the output in the same manner needs more, but twice as much at most', () => {
  assert.ok(steady(10, 5) > 1.5 * steady(10, 10));
  assert.ok(steady(10, 5) < 2 * steady(10, 10));
  assert.ok(Math.abs(steady(20, 10) - 2 * steady(10, 10)) < 1);
});

test('it fades when nothing is produced any more', () => {
  const landing = new Landing();
  for (let i = 0; i < 500; i++) landing.count(100, T0 + i * 100);
  const now = landing.at(T0 + 50_000);
  assert.ok(landing.at(T0 + 60_000) < 0.8 * now);
  assert.ok(landing.at(T0 + 300_000) < 0.01 * now);
});
