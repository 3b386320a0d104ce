/** A lane remembers that it is blocked, for it is asked far more often than anything changes. That must hide nothing. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Limits } from '../domain/limits.ts';
import { createMemoryStore } from '../state/memory.ts';
import { isBlocked } from '../state/windows.ts';
import { Lane } from './lane.ts';
import type { Permit } from './permit.ts';

type Step = {
  readonly waitMs: number;
  readonly input: number;
  readonly output: number;
  readonly most: number;
  readonly fate: 'nothing' | 'heard' | 'told' | 'accepted' | 'settle' | 'refused' | 'cancel';
  /** Which of the last permits it happens to. */
  readonly of: number;
};
const step: fc.Arbitrary<Step> = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(700), fc.nat(20_000)),
  input: fc.integer({ min: 1, max: 500 }),
  output: fc.nat(500),
  most: fc.oneof(fc.constant(Infinity), fc.integer({ min: 500, max: 900 })),
  fate: fc.constantFrom<Step['fate'][]>(
    'nothing',
    'heard',
    'told',
    'accepted',
    'settle',
    'refused',
    'cancel',
  ),
  of: fc.nat(6),
});
const steps = fc.array(step, { minLength: 5, maxLength: 60, size: 'max' });

function create(limits: Limits) {
  let nowMs = 1_000_000;
  const lane = new Lane(
    { id: 'a/m', limits },
    { store: createMemoryStore(), now: () => nowMs, onEnd: () => undefined, onHeard: () => undefined },
  );
  // Room for landing output fades by itself, which is looked at now and then only (see lane.test.ts).
  lane.learned.landingFactor = 0;
  lane.learned.scale.tokens.cut(0.75, 0);
  const permits: Permit[] = [];
  const suffer = ({ fate, of, input, output }: Step): void => {
    const permit = permits[permits.length - 1 - of];
    if (permit === undefined) return;
    if (fate === 'heard') permit.heard({});
    else if (fate === 'told') permit.heard({ arrivedAtMs: permit.grantedAtMs + (input % 90) });
    else if (fate === 'accepted') permit.accepted();
    else if (fate === 'settle') permit.settle({ tokens: input + output, input });
    else if (fate === 'refused') permit.refused(output % 2 === 0 ? 'tpm' : undefined);
    else if (fate === 'cancel') permit.cancel();
  };
  return {
    lane,
    wait: (ms: number) => {
      nowMs += ms;
    },
    attempt: ({ input, output, most }: Step) => {
      const estimate = { inputTokens: input, outputTokens: output, maxOutputTokens: most };
      const result = lane.reserve(estimate, nowMs);
      if (!isBlocked(result)) permits.push(result);
      return isBlocked(result) ? result : undefined;
    },
    suffer,
  };
}

const limits = fc.record<Limits>({
  tpm: fc.integer({ min: 500, max: 3_000 }),
  tps: fc.integer({ min: 200, max: 900 }),
  concurrency: fc.integer({ min: 3, max: 9 }),
  prepaid: fc.boolean(),
});

test('what is remembered never hides a start that has become possible, whatever the size of the call', () => {
  let blocked = 0;
  fc.assert(
    fc.property(limits, steps, (given, all) => {
      const [remembers, forgets] = [create(given), create(given)];
      for (const each of all) {
        for (const { wait } of [remembers, forgets]) wait(each.waitMs);
        forgets.lane.touch();
        const answer = remembers.attempt(each);
        const truth = forgets.attempt(each);
        assert.equal(answer === undefined, truth === undefined, `${answer?.limit} ${answer?.atMs}`);
        if (answer !== undefined) blocked++;
        for (const { suffer } of [remembers, forgets]) suffer(each);
      }
    }),
    { numRuns: 200 },
  );
  assert.ok(blocked > 700, `${blocked}`);
});
