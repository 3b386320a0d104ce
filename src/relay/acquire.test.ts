import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Limits } from '../domain/limits.ts';
import { createRelayRooms } from '../testing/relay-rooms.ts';
import { acquire, type Start } from './acquire.ts';
import type { Journey } from './journey.ts';

/** One model on as many accounts as there are limits. */
function scene(...limits: readonly Limits[]) {
  const { clock, rooms, journeyOf } = createRelayRooms({
    accounts: limits.map((each, i) => ({
      account: { id: `${i}`, provider: 'qwen', baseUrl: '', secrets: ['s'] },
      models: [{ upstreamModel: 'm', name: 'm', limits: each, tier: 1, weight: 1 }],
    })),
  });
  const diary: string[] = [];
  const come = (key: string): Journey => journeyOf({ model: 'm', key });
  const startNow = (journey: Journey): Start => {
    const start = acquire(journey);
    assert.ok(start !== undefined && !(start instanceof Promise), 'it has to wait');
    journey.paid = start.cost;
    return start;
  };
  const wait = (journey: Journey): void => {
    const start = acquire(journey);
    assert.ok(start instanceof Promise, 'it need not wait');
    const { id } = journey.call.key;
    start.then(
      ({ channel, permit }) => {
        diary.push(`${id} on ${channel.account.id}`);
        permit.settle({ tokens: 2, input: 1 });
      },
      () => diary.push(`${id} refused`),
    );
  };
  return { clock, rooms, diary, come, startNow, wait };
}

test('a call starts at once where a channel is free and nobody waits, and pays nothing in the line', () => {
  const { come, startNow, rooms } = scene({ rpm: 60 });
  const { queueMs, cost } = startNow(come('a'));
  assert.deepEqual([queueMs, cost], [0, undefined]);
  assert.deepEqual(rooms.queue.lines(), []);
});

test('a call that waited tells for how long, and what it paid', async () => {
  const { come, startNow, clock } = scene({ rpm: 4, concurrency: 1 });
  const { permit } = startNow(come('a'));
  const waiting = acquire(come('b'));
  assert.ok(waiting instanceof Promise);
  await clock.advance(20_000);
  permit.settle({ tokens: 2, input: 1 });
  const { queueMs, cost } = await clock.runUntil(waiting, 60_000);
  assert.deepEqual([queueMs, cost], [20_000, 1 / 4]);
});

test('calls that were started without a line and refused together are owed nothing by those who come then', async () => {
  const { come, startNow, wait, clock, diary } = scene({ rpm: 4 });
  const refused: { journey: Journey; start: Start }[] = [];
  for (let i = 0; i < 4; i++) {
    const journey = come('a');
    refused.push({ journey, start: startNow(journey) });
    await clock.advance(8_000);
  }
  for (const { journey, start } of refused) {
    start.permit.refused();
    journey.payInstead(0);
    wait(journey);
  }
  for (let i = 0; i < 4; i++) wait(come('b'));
  await clock.advance(600_000);
  assert.deepEqual(diary.map((line) => line[0]).join(''), 'abababab');
});

test('a call that some channels have failed waits for the others, and holds up nobody meanwhile', async () => {
  const { come, startNow, wait, clock, diary } = scene({ rpm: 60 }, { rpm: 60, concurrency: 1 });
  startNow(come('a'));
  await clock.advance(1);
  const last = startNow(come('a'));
  assert.equal(last.channel.account.id, '1');
  const journey = come('a');
  journey.left.add('0/m');
  wait(journey);
  await clock.advance(5_000);
  wait(come('a'));
  wait(come('b'));
  await clock.advance(5_000);
  assert.deepEqual(diary.toSorted(), ['a on 0', 'b on 0']);
  last.permit.settle({ tokens: 2, input: 1 });
  await clock.advance(1_000);
  assert.equal(diary[2], 'a on 1');
});

test('a call that no channel could ever take is refused at once, by the largest limit that it exceeds', () => {
  const { come, rooms } = scene({ tpm: 1 }, { tpm: 2 });
  assert.throws(() => acquire(come('a')), {
    kind: 'exceeds_limits',
    message: /more than the largest tpm limit.*\(2\)/,
  });
  assert.deepEqual(rooms.queue.lines(), []);
});
