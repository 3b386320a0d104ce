/** What every strategy must do: order all candidates, each once, without touching them, whatever chance says. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSeededRandom } from '../../base/seeded-random.ts';
import type { Candidate, Strategy } from '../strategy.ts';

export const candidateOf = (
  id: string,
  rest: { weight?: number; load?: number; tier?: number; startsAtMs?: number } = {},
): Candidate => ({
  channel: {
    id,
    account: { id, provider: 'qwen', baseUrl: 'http://localhost', secrets: ['sk'] },
    upstreamModel: 'm',
    limits: {},
    tier: rest.tier ?? 1,
    weight: rest.weight ?? 1,
  },
  startsAtMs: rest.startsAtMs ?? 0,
  load: rest.load ?? 0,
});

const candidates = fc
  .uniqueArray(fc.nat(1_000), { maxLength: 12 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc
          .record({ weight: fc.constantFrom(0.5, 1, 2, 100), load: fc.constantFrom(0, 0.5, 1) })
          .map((rest) => candidateOf(`c${id}`, rest)),
      ),
    ),
  );

export function strategySuite(strategy: Strategy): void {
  describe(`the strategy ${strategy.id}`, () => {
    it('gives every candidate back once and leaves what it was given', () => {
      fc.assert(
        fc.property(candidates, fc.nat(), (given, seed) => {
          const before = [...given];
          const ordered = strategy.order(given, createSeededRandom(seed));
          assert.deepEqual(given, before);
          assert.notEqual(ordered, given);
          assert.deepEqual(new Set(ordered), new Set(given));
          assert.equal(ordered.length, given.length);
        }),
      );
    });

    it('decides the same when chance is the same', () => {
      fc.assert(
        fc.property(candidates, fc.nat(), (given, seed) => {
          assert.deepEqual(
            strategy.order(given, createSeededRandom(seed)),
            strategy.order(given, createSeededRandom(seed)),
          );
        }),
      );
    });

    it('survives chance at its edges', () => {
      const given = ['a', 'b', 'c'].map((id) => candidateOf(id));
      for (const edge of [0, 1 - Number.EPSILON / 2])
        assert.equal(strategy.order(given, () => edge).length, 3);
    });
  });
}
