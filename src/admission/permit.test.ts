import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_FILL } from './learned.ts';
import { Permit } from './permit.ts';

function granted() {
  const told: string[] = [];
  const note = (word: string) => () => {
    told.push(word);
  };
  const permit = new Permit(
    {
      used: [],
      arrived: note('moved'),
      settle: note('given back'),
      refuse: note('given back'),
      cancel: note('reservation cancelled'),
    },
    {
      grantedAtMs: 7,
      fill: { ...NO_FILL, requestSecond: 0.5 },
      tokens: 90,
      owner: {
        heard: (of, { arrivedAtMs }) => told.push(`heard ${of.grantedAtMs} ${arrivedAtMs}`),
        accepted: (of) => told.push(`accepted ${of.tokens}`),
        settled: (of, { tokens, input }) => told.push(`settled ${of.open} ${tokens} ${input}`),
        refused: (of, kind) => told.push(`refused ${of.fill.requestSecond} ${kind}`),
        ended: note('ended'),
      },
    },
  );
  return { permit, told };
}

const ENDS: Readonly<Record<string, (permit: Permit) => void>> = {
  'settled false 5 1': (permit) => permit.settle({ tokens: 5, input: 1 }),
  'refused 0.5 rpm': (permit) => permit.refused('rpm'),
  'refused 0.5 undefined': (permit) => permit.refused(),
  'reservation cancelled': (permit) => permit.cancel(),
};

for (const [word, end] of Object.entries(ENDS))
  test(`a permit ends once as "${word}", and whatever comes later does nothing`, () => {
    const { permit, told } = granted();
    assert.equal(permit.open, true);
    assert.equal(permit.grantedAtMs, 7);
    end(permit);
    assert.equal(permit.open, false);
    for (const again of Object.values(ENDS)) again(permit);
    permit.heard({ arrivedAtMs: 8 });
    permit.accepted();
    permit[Symbol.dispose]();
    assert.deepEqual(told, [word, 'ended'], 'the owner of the windows gives back, not the permit');
  });

test('what the head of the answer tells is heard once, and then the call is taken in or not', () => {
  const { permit, told } = granted();
  permit.heard({ arrivedAtMs: 8 });
  permit.heard({ arrivedAtMs: 9 });
  permit.accepted();
  permit.settle({ tokens: 5, input: 1 });
  assert.deepEqual(told, ['heard 7 8', 'accepted 90', 'settled false 5 1', 'ended']);
});

test('an open permit that is disposed of is cancelled, also when something throws', () => {
  const { permit, told } = granted();
  assert.throws(() => {
    using held = permit;
    assert.equal(held.open, true);
    throw new Error('broken');
  }, /broken/);
  assert.deepEqual(told, ['reservation cancelled', 'ended']);
});
