/** What every strategy must do: choose one of the candidates, without touching them, whatever chance says. */

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
  .uniqueArray(fc.nat(1_000), { minLength: 1, maxLength: 12 })
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
    it('chooses one of those given and leaves them as they were', () => {
      fc.assert(
        fc.property(candidates, fc.nat(), (given, seed) => {
          const before = structuredClone(given);
          const first = strategy.first(given, createSeededRandom(seed));
          assert.ok(given.includes(first));
          assert.deepEqual(given, before);
        }),
      );
    });

    it('decides the same when chance is the same', () => {
      fc.assert(
        fc.property(candidates, fc.nat(), (given, seed) => {
          assert.equal(
            strategy.first(given, createSeededRandom(seed)),
            strategy.first(given, createSeededRandom(seed)),
          );
        }),
      );
    });

    it('survives chance at its edges', () => {
      const given = ['a', 'b', 'c'].map((id) => candidateOf(id));
      for (const edge of [0, 1 - Number.EPSILON / 2])
        assert.ok(given.includes(strategy.first(given, () => edge)));
    });
  });
}
