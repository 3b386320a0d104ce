import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Departure } from '../base/departure.ts';
import { Failure } from '../domain/failure.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { Watch, type WatchOptions } from './watch.ts';

function scene(options: Partial<WatchOptions> = {}) {
  const clock = createVirtualClock({ startMs: 0 });
  const client = new Departure();
  const watch = new Watch(clock, { firstByteMs: 5_000, idleMs: 2_000, client, ...options });
  const ended = (): string | undefined => {
    if (!watch.signal.aborted) return undefined;
    assert.ok(watch.signal.reason instanceof Failure);
    return `${watch.signal.reason.kind} at ${clock.now()}`;
  };
  /** Runs until it ends, to the ms. */
  const runUntil = async (limitMs: number): Promise<string | undefined> => {
    while (clock.now() < limitMs && ended() === undefined) await clock.advance(1);
    return ended();
  };
  return { clock, client, watch, runUntil };
}

test('without a byte it ends after the first limit, also where that is the longer one', async () => {
  assert.equal(await scene().runUntil(20_000), 'timeout at 5000');
  assert.equal(await scene({ firstByteMs: 1_000 }).runUntil(20_000), 'timeout at 1000');
});

test('from the first byte on the other limit holds, and any byte begins it anew', async () => {
  const { clock, watch, runUntil } = scene();
  await clock.advance(4_000);
  watch.byte();
  await clock.advance(1_900);
  watch.byte();
  assert.equal(await runUntil(20_000), 'timeout at 7900');
});

test('content has a bound of its own, which bytes do not move and content takes away', async () => {
  const { clock, watch, runUntil } = scene({ firstTokenMs: 3_000 });
  for (let i = 0; i < 5; i++) {
    await clock.advance(500);
    watch.byte();
  }
  assert.equal(await runUntil(20_000), 'timeout at 3000');
  const begun = scene({ firstTokenMs: 3_000 });
  await begun.clock.advance(2_500);
  begun.watch.byte();
  begun.watch.contentBegan();
  assert.equal(await begun.runUntil(20_000), 'timeout at 4500', 'of silence then');
});

test('a client that leaves ends it at once', async () => {
  const { clock, client, watch } = scene();
  await clock.advance(100);
  client.leave();
  assert.equal((watch.signal.reason as Failure).kind, 'client_gone');
  assert.equal(clock.pending(), 0);
});

test('where answers are read on it ends after so long, or earlier of silence', async () => {
  const { clock, client, watch, runUntil } = scene({ drainMs: 3_000 });
  await clock.advance(100);
  watch.byte();
  client.leave();
  assert.equal(watch.draining, true);
  for (let i = 0; i < 3; i++) {
    await clock.advance(900);
    watch.byte();
  }
  assert.equal(await runUntil(20_000), 'client_gone at 3100');

  const silent = scene({ drainMs: 30_000 });
  silent.watch.byte();
  silent.client.leave();
  assert.equal(await silent.runUntil(60_000), 'timeout at 2000');
});

test('a client that is sent away for a reason ends it at once, reading on or not', () => {
  const { client, watch } = scene({ drainMs: 3_000 });
  client.leave(new Failure('draining', { message: 'm' }));
  assert.equal((watch.signal.reason as Failure).kind, 'draining');
});

test('nothing is left of it when it has ended', async () => {
  for (const end of ['end', 'abort'] as const) {
    const { clock, client, watch } = scene({ drainMs: 3_000, firstTokenMs: 1_000 });
    watch[end]();
    assert.equal(clock.pending(), 0);
    client.leave();
    assert.equal(clock.pending(), 0, 'nor when the client leaves later');
  }
});
