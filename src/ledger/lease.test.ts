import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cushionOf, Lease } from './lease.ts';

const lease = (changed: Partial<Lease> = {}): Lease =>
  Object.assign(new Lease('wallet:acme'), {
    ...{ leasedNano: 100n, limitNano: 0n, validUntilMs: 1_000, cushionNano: 20n },
    ...changed,
  });

test('a lease serves what it has free, until it ends, of the limit that it was taken under', () => {
  assert.equal(lease({ usedNano: 60n }).has(40n, 0n, 999), true);
  assert.equal(lease({ usedNano: 61n }).has(40n, 0n, 999), false);
  assert.equal(lease().has(40n, 0n, 1_000), false);
  assert.equal(lease().has(40n, 5n, 0), false);
  assert.equal(lease({ isBusy: true }).has(40n, 0n, 0), false);
});

test('what is free goes back at once near the end, when it is idle, or when it is far more than the cushion', () => {
  assert.equal(lease({ cushionNano: 0n, usedNano: 30n }).excessNano(0, 5_000), 70n);
  assert.equal(lease({ usedNano: 70n }).excessNano(4_999, 5_000), 0n);
  assert.equal(lease({ usedNano: 70n }).excessNano(5_000, 5_000), 30n);
  assert.equal(lease({ usedNano: 30n }).excessNano(0, 5_000), 50n);
  assert.equal(lease({ usedNano: 130n }).excessNano(9_000, 5_000), 0n);
  assert.equal(lease({ isBusy: true, cushionNano: 0n }).excessNano(9_000, 5_000), 0n);
});

test('a lease that is lost serves nobody, and calls that it had served are still counted', () => {
  const lost = lease({ usedNano: 60n });
  lost.lose();
  assert.equal(lost.freeNano, -60n);
  assert.equal(lost.has(0n, 0n, 0), false);
});

test('a cushion is a sixteenth of a rich purse, at most a dollar or four calls, and nothing near the end', () => {
  assert.equal(cushionOf(6_400n, 100n), 400n);
  assert.equal(cushionOf(6_399n, 100n), 0n);
  assert.equal(cushionOf(0n, 0n), 0n);
  assert.equal(cushionOf(-500n, 1n), 0n);
  assert.equal(cushionOf(1_000_000_000_000n, 1n), 1_000_000_000n);
  assert.equal(cushionOf(1_000_000_000_000n, 2_000_000_000n), 8_000_000_000n);
});

test('a cushion never takes what a purse does not have', () => {
  const amount = fc.bigInt({ min: -1_000n, max: 10n ** 15n });
  fc.assert(
    fc.property(amount, fc.bigInt({ min: 0n, max: 10n ** 12n }), (left, largest) => {
      const cushion = cushionOf(left, largest);
      assert.ok(cushion >= 0n && (cushion === 0n || cushion <= left / 16n));
      assert.ok(cushion === 0n || cushion >= 4n * largest);
    }),
  );
});
