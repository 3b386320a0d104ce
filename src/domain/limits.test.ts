import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_RAMP, LIMIT_NAMES, type Limits, limitsInForce } from './limits.ts';

const strict = { enforcesSeconds: true };
const lax = { enforcesSeconds: false };

test('what is set wins over what is published, and the rest stays', () => {
  assert.deepEqual(limitsInForce({ tpm: 5 }, { rpm: 60, tpm: 100 }, lax), { rpm: 60, tpm: 5 });
  assert.deepEqual(limitsInForce({}, { rpm: 60 }, lax), { rpm: 60 });
  assert.deepEqual(limitsInForce({ concurrency: 3 }, undefined, lax), { concurrency: 3 });
});

test('off takes a published limit away', () => {
  assert.deepEqual(limitsInForce({ rpm: 'off', rpd: 'off' }, { rpm: 60, tpm: 100 }, lax), { tpm: 100 });
});

test('where seconds are enforced they follow from the minute', () => {
  assert.deepEqual(limitsInForce({}, { rpm: 600, tpm: 60_000 }, strict), {
    rpm: 600,
    tpm: 60_000,
    rps: 10,
    tps: 1_000,
    ramp: DEFAULT_RAMP,
  });
  assert.deepEqual(limitsInForce({}, { rpm: 600, tpm: 60_000 }, lax), { rpm: 600, tpm: 60_000 });
});

test('below sixty requests a minute a second has no whole request, and only the minute counts', () => {
  assert.equal(limitsInForce({}, { rpm: 59 }, strict).rps, undefined);
  assert.equal(limitsInForce({}, { rpm: 60 }, strict).rps, 1);
});

test('seconds that are set, published or off are left as they are', () => {
  assert.equal(limitsInForce({ rps: 3 }, { rpm: 600 }, strict).rps, 3);
  assert.equal(limitsInForce({}, { rpm: 600, rps: 20 }, strict).rps, 20);
  const off = limitsInForce({ rps: 'off', tps: 'off' }, { rpm: 600, tpm: 600, rps: 20 }, strict);
  assert.deepEqual(off, { rpm: 600, tpm: 600, ramp: DEFAULT_RAMP });
});

test('where seconds are enforced a lane starts carefully, unless told how to or not to', () => {
  const ramp = { floor: 0.5, growth: 3 };
  assert.equal(limitsInForce({ rpm: 30 }, undefined, strict).ramp, DEFAULT_RAMP);
  assert.equal(limitsInForce({ rpm: 600, ramp }, undefined, strict).ramp, ramp);
  assert.equal(limitsInForce({}, { rpm: 600, ramp }, strict).ramp, ramp);
  assert.equal(limitsInForce({ ramp: 'off' }, { rpm: 600, ramp }, strict).ramp, undefined);
  assert.equal(limitsInForce({}, { rpm: 600 }, lax).ramp, undefined);
  assert.equal(
    limitsInForce({}, { tpm: 600 }, strict).ramp,
    undefined,
    'without a rate there is nothing to grow',
  );
});

test('another minute has other seconds than the published ones', () => {
  const published = { rpm: 600, rps: 20, tpm: 60_000, tps: 2_000 };
  assert.deepEqual(limitsInForce({ rpm: 120 }, published, strict), {
    ...published,
    rpm: 120,
    rps: 2,
    ramp: DEFAULT_RAMP,
  });
  assert.equal(limitsInForce({ tpm: 6_000 }, published, lax).tps, undefined);
  assert.equal(limitsInForce({ rpm: 'off' }, published, strict).rps, undefined);
});

test('how tokens are charged is what is set, else published, else the way of the provider', () => {
  const prepaid = { ...lax, prepaid: true };
  assert.deepEqual(limitsInForce({ tpm: 5 }, undefined, lax), { tpm: 5 });
  assert.equal(limitsInForce({}, undefined, prepaid).prepaid, true);
  assert.equal(limitsInForce({}, { prepaid: true }, lax).prepaid, true);
  assert.equal(limitsInForce({ prepaid: true }, undefined, lax).prepaid, true);
  assert.equal(
    limitsInForce({}, { prepaid: false }, prepaid).prepaid,
    false,
    'said to be not so, it is not looked for',
  );
  assert.equal(limitsInForce({ prepaid: false }, { prepaid: true }, prepaid).prepaid, false);
});

test('nothing that was set or published is changed by asking', () => {
  const amount = fc.oneof(fc.constant('off' as const), fc.integer({ min: 1, max: 10_000 }));
  const names = LIMIT_NAMES.filter((name) => name !== 'ramp');
  const settings = fc.dictionary(fc.constantFrom(...names), amount);
  const published = fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 1, max: 10_000 }));
  fc.assert(
    fc.property(settings, published, fc.boolean(), (set, given, enforcesSeconds) => {
      const before = JSON.stringify([set, given]);
      const limits = limitsInForce(set, given as Limits, { enforcesSeconds });
      assert.equal(JSON.stringify([set, given]), before);
      for (const name of names) {
        if (set[name] === 'off') assert.equal(limits[name], undefined);
        else if (set[name] !== undefined) assert.equal(limits[name], set[name]);
        assert.notEqual(limits[name], 'off');
      }
    }),
  );
});
