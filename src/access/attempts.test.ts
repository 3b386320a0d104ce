import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAttempts, TooManyAttempts } from './attempts.ts';

const MINUTE = 60_000;

function house(limits = { each: 3, all: 10 }) {
  const at = { ms: 0 };
  const attempts = createAttempts(() => at.ms, limits);
  /** What is found; `wait 5000` where too many were wrong. */
  const ask = async (address: string, found?: string): Promise<string> => {
    try {
      return (await attempts.try(address, async () => found)) ?? 'nobody';
    } catch (error) {
      if (error instanceof TooManyAttempts) return `wait ${error.waitMs}`;
      throw error;
    }
  };
  return { at, attempts, ask };
}

describe('guesses', () => {
  it('of one address are counted for a minute, right ones never', async () => {
    const { at, ask } = house();
    for (let times = 0; times < 20; times++) assert.equal(await ask('a', 'key'), 'key');
    for (const ms of [0, 10_000, 20_000]) {
      at.ms = ms;
      assert.equal(await ask('a'), 'nobody');
    }
    assert.equal(await ask('a', 'key'), 'wait 40000');
    assert.equal(await ask('b', 'key'), 'key');
    at.ms = MINUTE;
    assert.equal(await ask('a', 'key'), 'key');
    assert.equal(await ask('a'), 'nobody');
    assert.equal(await ask('a'), `wait ${10_000}`);
  });

  it('of many addresses are counted together', async () => {
    const { at, ask } = house();
    for (let index = 0; index < 10; index++) assert.equal(await ask(`10.0.0.${index}`), 'nobody');
    assert.equal(await ask('10.0.1.1', 'key'), `wait ${MINUTE}`);
    at.ms = MINUTE;
    assert.equal(await ask('10.0.1.1', 'key'), 'key');
  });

  it('of one IPv6 network are those of one, however it is written', async () => {
    const { ask } = house();
    for (const address of ['2001:db8:1:2::1', '2001:db8:1:2:aaaa::9', '2001:db8:1:2:3:4:5:6'])
      assert.equal(await ask(address), 'nobody');
    assert.match(await ask('2001:db8:1:2::77', 'key'), /^wait/);
    assert.equal(await ask('2001:db8:1:3::1', 'key'), 'key');
    assert.equal(await ask('::1', 'key'), 'key');
    assert.equal(await ask('::ffff:10.0.0.1', 'key'), 'key');
  });

  it('at once are bounded, and a failed look is no guess', async () => {
    const { attempts, ask } = house();
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const looking = Array.from({ length: 30 }, () => attempts.try('a', () => gate.then(() => 'key')));
    assert.equal(await ask('a', 'key'), 'wait 1000');
    open();
    await Promise.all(looking);
    assert.equal(await ask('a', 'key'), 'key');
    for (let times = 0; times < 5; times++)
      await assert.rejects(
        attempts.try('a', () => Promise.reject(new Error('away'))),
        /away/,
      );
    assert.equal(await ask('a', 'key'), 'key');
  });

  it('of very many addresses do not fill the memory: the oldest are forgotten', async () => {
    const { ask } = house({ each: 1, all: 1_000_000 });
    assert.equal(await ask('first'), 'nobody');
    assert.match(await ask('first', 'key'), /^wait/);
    for (let index = 0; index < 10_000; index++) await ask(`n${index}`);
    assert.equal(await ask('first', 'key'), 'key');
  });
});
