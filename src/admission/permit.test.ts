import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Permit } from './permit.ts';

function granted() {
  const told: string[] = [];
  const permit = new Permit(
    {
      settle: ({ tokens }) => told.push(`settle ${tokens}`),
      refuse: () => told.push('refuse'),
      cancel: () => told.push('cancel'),
    },
    { grantedAtMs: 7, onEnd: () => told.push('end') },
  );
  return { permit, told };
}

const ENDS = {
  'settle 5': (permit: Permit) => permit.settle({ tokens: 5, input: 1 }),
  refuse: (permit: Permit) => permit.refused(),
  cancel: (permit: Permit) => permit.cancel(),
};

for (const [word, end] of Object.entries(ENDS))
  test(`a permit ends once by ${word}, and whatever comes later does nothing`, () => {
    const { permit, told } = granted();
    assert.equal(permit.open, true);
    assert.equal(permit.grantedAtMs, 7);
    end(permit);
    assert.equal(permit.open, false);
    for (const again of Object.values(ENDS)) again(permit);
    permit[Symbol.dispose]();
    assert.deepEqual(told, [word, 'end']);
  });

test('an open permit that is disposed of is cancelled, also when something throws', () => {
  const { permit, told } = granted();
  assert.throws(() => {
    using held = permit;
    assert.equal(held.open, true);
    throw new Error('broken');
  }, /broken/);
  assert.deepEqual(told, ['cancel', 'end']);
});
