import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { isDatabaseError } from '../database-error.ts';
import { turns } from './turns.ts';

const created = () => {
  const clock = createVirtualClock();
  return { clock, line: turns({ timeoutMs: 100, clock }) };
};

describe('turns', () => {
  it('are taken by one at a time, in the order of asking', async () => {
    const { line } = created();
    const order: string[] = [];
    const first = await line.take();
    const others = ['b', 'c'].map(async (name) => {
      const leave = await line.take();
      order.push(name);
      leave();
    });
    assert.equal(line.load, 3);
    assert.deepEqual(order, []);
    first();
    await Promise.all(others);
    assert.deepEqual(order, ['b', 'c']);
    assert.equal(line.load, 0);
  });

  it('left twice let in one, not two', async () => {
    const { line } = created();
    const first = await line.take();
    const second = line.take();
    const third = line.take();
    first();
    first();
    await second;
    assert.equal(line.load, 2);
    (await second)();
    (await third)();
    assert.equal(line.load, 0);
  });

  it('are not waited for longer than that, and who gave up is not let in later', async () => {
    const { clock, line } = created();
    const first = await line.take();
    const late = line.take();
    const refused = assert.rejects(late, (error) => isDatabaseError(error, 'away'));
    await clock.advance(60);
    const patient = line.take();
    await clock.advance(50);
    await refused;
    assert.equal(line.load, 2);
    first();
    (await patient)();
    assert.equal(line.load, 0);
    // Its timer is gone with its turn.
    await clock.advance(1_000);
    assert.equal(line.load, 0);
  });
});
