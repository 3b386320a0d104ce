/** An account in arrears: tried twice, then left alone until somebody acts, while the others serve everything. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { known } from '../../src/app.ts';
import { loadConfig } from '../../src/config/load.ts';
import { type Answer, accounts, chat, createHouse, type House, KEY } from './house.ts';

const POOL = `
${accounts(3, 'qwen3-max: { limits: { rpm: 600 } }')}
simulator: { ttft: 100ms, tokens_per_second: 1000, output_tokens: 20 }
keys: [{ id: test, key: ${KEY} }]
`;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** One call after the other, this far apart; every one is answered. */
async function traffic(house: House, lengthMs: number, everyMs: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const endMs = house.clock.now() + lengthMs; house.clock.now() < endMs; ) {
    const stream = answers.length % 2 === 0;
    answers.push(await house.one(house.call(chat(`call at ${house.clock.now()}`, { stream }))));
    await house.clock.advance(everyMs);
  }
  assert.deepEqual(
    answers.filter(({ status, text }) => status !== 200 || text.includes('"error"')),
    [],
  );
  return answers;
}

const servedBy = (answers: readonly Answer[], channel: string): number =>
  answers.filter(({ headers }) => headers['x-sluice-channel'] === channel).length;

const attemptsOn = (house: House, id: string): number => house.simulator.stats(id).requests;
const alerts = (house: House, type: string) => house.log.filter((line) => line['type'] === type);
const isOff = (house: House): boolean =>
  house.app.front.benches().some(({ what, untilMs }) => what === 'account a' && untilMs === Infinity);

async function houseWithArrears(): Promise<House> {
  const house = createHouse(POOL);
  house.simulator.account('a').set({ state: 'arrears' });
  await traffic(house, 3 * MINUTE_MS, SECOND_MS);
  assert.ok(isOff(house));
  return house;
}

function reload(house: House, yaml: string): void {
  house.app.apply(loadConfig({ path: 'test.yaml', env: {}, known, readFile: () => yaml }));
}

describe('an account in arrears', () => {
  it('is benched for a moment, tried once, and off: one alert, and no call has noticed', async () => {
    const house = createHouse(POOL);
    house.simulator.account('a').set({ state: 'arrears' });
    await traffic(house, 12 * SECOND_MS, SECOND_MS);
    assert.equal(attemptsOn(house, 'a'), 1);
    const [bench] = house.app.front.benches();
    assert.deepEqual([bench?.what, bench?.kind], ['account a', 'balance']);
    const lengthMs = (bench?.untilMs ?? 0) - (bench?.sinceMs ?? 0);
    assert.ok(lengthMs >= 15 * SECOND_MS && lengthMs <= 16.5 * SECOND_MS, `${lengthMs}`);
    assert.deepEqual(alerts(house, 'switched_off'), [], 'one refusal is no proof');

    await traffic(house, MINUTE_MS, SECOND_MS);
    assert.equal(attemptsOn(house, 'a'), 2);
    assert.ok(isOff(house));
    assert.deepEqual(
      alerts(house, 'switched_off').map(({ what, kind, level }) => [what, kind, level]),
      [['account a', 'balance', 'error']],
    );
  });

  it('is left alone for a day, by every call and by every timer, while the others serve', async () => {
    const house = await houseWithArrears();
    const answers = await traffic(house, DAY_MS, 5 * MINUTE_MS);
    assert.ok(answers.length > 280, `${answers.length}`);
    assert.equal(attemptsOn(house, 'a'), 2);
    assert.ok(isOff(house));
    assert.equal(alerts(house, 'switched_off').length, 1);
    assert.equal(house.app.server.active(), 0);
    const metrics = house.app.front.metricsText();
    assert.match(metrics, /^sluice_alerts_total\{type="switched_off",kind="balance"\} 1$/m);
    assert.match(metrics, /^sluice_channels_usable 2$/m);
  });

  it('comes back at once by hand, where the bill is settled', async () => {
    const house = await houseWithArrears();
    house.simulator.account('a').set({ state: 'ok' });
    await traffic(house, 10 * MINUTE_MS, 10 * SECOND_MS);
    assert.equal(attemptsOn(house, 'a'), 2, 'nobody looks whether the bill is settled');
    assert.equal(house.app.front.switchOn('account a'), true);
    const answers = await traffic(house, 20 * SECOND_MS, SECOND_MS);
    assert.ok(attemptsOn(house, 'a') > 4, `${attemptsOn(house, 'a')}`);
    assert.ok(servedBy(answers, 'a/qwen3-max') > 0);
    assert.equal(alerts(house, 'switched_on').length, 1);
    assert.deepEqual(house.app.front.benches(), []);
  });

  it('comes back at once by hand for the calls that wait, when it is the only one', async () => {
    const house = createHouse(POOL.replace(/^ {2}- \{ id: [bc],.*\n/gm, ''));
    house.simulator.account('a').set({ state: 'arrears' });
    const first = await house.one(house.call(chat('first')));
    assert.equal(first.status, 502);
    const waiting = house.call(chat('second', { stream: true }));
    await house.clock.advance(10 * SECOND_MS);
    house.simulator.account('a').set({ state: 'ok' });
    const switchedMs = house.clock.now();
    assert.equal(house.app.front.switchOn('account a'), true);
    const answer = await house.one(waiting);
    assert.match(answer.text, /data: \[DONE\]\n\n$/);
    assert.ok(house.clock.now() - switchedMs < 2 * SECOND_MS, `${house.clock.now() - switchedMs}`);
  });

  it('is off again after two more refusals when nothing was settled, and says so again', async () => {
    const house = await houseWithArrears();
    house.app.front.switchOn('account a');
    await traffic(house, 3 * MINUTE_MS, SECOND_MS);
    assert.equal(attemptsOn(house, 'a'), 4);
    assert.ok(isOff(house));
    assert.equal(alerts(house, 'switched_off').length, 2);
  });

  it('comes back by a configuration with another secret, and not by one that changes something else', async () => {
    const house = await houseWithArrears();
    reload(house, POOL.replaceAll('rpm: 600', 'rpm: 500'));
    assert.ok(isOff(house));
    reload(house, POOL.replace('secret-of-a', 'other-secret-of-a'));
    assert.deepEqual(house.app.front.benches(), []);
    assert.equal(alerts(house, 'switched_on').length, 1);
    // The simulator was made anew with its accounts: there `a` is well.
    const answers = await traffic(house, 20 * SECOND_MS, SECOND_MS);
    assert.ok(attemptsOn(house, 'a') > 4);
    assert.ok(servedBy(answers, 'a/qwen3-max') > 0);
  });

  it('is still off after a restart, without another attempt or alert, unless its secret is another', async () => {
    const house = await houseWithArrears();
    const benches = house.app.rooms.health.kept(house.clock.now());
    assert.deepEqual(
      benches.map(({ what, untilMs }) => [what, untilMs]),
      [['account a', null]],
    );
    const next = createHouse(POOL, { benches });
    assert.ok(isOff(next));
    await traffic(next, 60 * MINUTE_MS, MINUTE_MS);
    assert.equal(attemptsOn(next, 'a'), 0);
    assert.deepEqual(alerts(next, 'switched_off'), []);
    assert.equal(next.app.front.switchOn('account a'), true);
    await traffic(next, 20 * SECOND_MS, SECOND_MS);
    assert.ok(attemptsOn(next, 'a') > 0);

    const cured = createHouse(POOL.replace('secret-of-a', 'other-secret-of-a'), { benches });
    assert.deepEqual(cured.app.front.benches(), []);
  });
});
