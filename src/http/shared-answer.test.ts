import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dialects } from '../dialects/index.ts';
import { Failure } from '../domain/failure.ts';
import { type HeldExchange, heldExchange } from '../testing/held-exchange.ts';
import { type KeptAnswer, SharedAnswer } from './shared-answer.ts';

const LAG_BYTES = 100_000;

function shared({ roomBytes = Infinity } = {}) {
  const kept: KeptAnswer[] = [];
  let left = roomBytes;
  const keeper = {
    drops: 0,
    keep(bytes: number) {
      left -= bytes;
      return left >= 0;
    },
    drop() {
      keeper.drops += 1;
    },
    done: (answer: KeptAnswer) => void kept.push(answer),
  };
  const answer = new SharedAnswer(keeper, { lagBytes: LAG_BYTES });
  const join = async (): Promise<HeldExchange> => {
    const held = await heldExchange();
    answer.follow(held.exchange);
    return held;
  };
  return { answer, join, kept, keeper };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const KIB_64 = Buffer.alloc(65_536, 'x');

async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  for (let i = 0; i < 5; i++) await turn();
  return done;
}

describe('a stream that several share', () => {
  it('is the same for each of them, whenever they came', async () => {
    const joins = fc.array(fc.nat(8), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ minLength: 1 }), { maxLength: 8 }), joins, async (words, at) => {
        const { answer, join, kept } = shared();
        const all = [await join()];
        const joinAt = async (i: number): Promise<void> => {
          for (const when of at) if (when === i) all.push(await join());
        };
        await joinAt(0);
        answer.openStream({ 'x-of': 'first' });
        for (const [i, word] of words.entries()) {
          answer.write(Buffer.from(word));
          await joinAt(i + 1);
        }
        answer.end();
        for (const each of all) {
          assert.equal(each.body(), Buffer.from(words.join('')).toString('latin1'));
          assert.match(each.head(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*x-of: first/);
          assert.ok(each.exchange.response.writableEnded);
        }
        assert.equal(kept.length, 1);
        assert.equal(kept[0]?.body.toString(), words.join(''));
        await turn();
      }),
      { numRuns: 100 },
    );
  });

  it('gives comments only to those who are there, and keeps none', async () => {
    const { answer, join, kept } = shared();
    const first = await join();
    answer.openStream({});
    answer.comment(Buffer.from(': wait\n\n'));
    const late = await join();
    answer.write(Buffer.from('data: 1\n\n'));
    answer.end();
    assert.equal(first.body(), ': wait\n\ndata: 1\n\n');
    assert.equal(late.body(), 'data: 1\n\n');
    assert.equal(kept[0]?.body.toString(), 'data: 1\n\n');
  });

  it('of bare bytes that break off is torn for everybody, and not kept', async () => {
    const { answer, join, kept, keeper } = shared();
    const all = [await join(), await join()];
    answer.openStream({ 'content-type': 'audio/mpeg' });
    answer.write(Buffer.from('half'));
    answer.tear();
    for (const { exchange } of all)
      assert.ok(exchange.response.destroyed && !exchange.response.writableEnded);
    await turn();
    assert.deepEqual([kept.length, keeper.drops > 0], [0, true]);
  });

  it('goes on without a slow one that came later, and cuts it off', async () => {
    const { answer, join } = shared();
    const first = await join();
    const slow = await join();
    answer.openStream({});
    slow.hold();
    let pieces = 0;
    while (!slow.exchange.response.destroyed) {
      if (!answer.write(KIB_64))
        assert.equal(await settled(answer.drained()), true, 'the first need not wait');
      pieces += 1;
      assert.ok(pieces < 10, 'what it leaves untaken is bounded');
    }
    assert.ok(slow.exchange.departure.gone);
    answer.write(KIB_64);
    answer.end();
    assert.ok(await settled(once(first.exchange.response, 'finish')));
    assert.equal(first.body().length, (pieces + 1) * KIB_64.length);
    assert.equal(answer.departure.gone, false);
  });

  it('waits for its only client as ever', async () => {
    const { answer, join } = shared();
    const first = await join();
    answer.openStream({});
    first.hold();
    assert.equal(answer.write(KIB_64), false);
    assert.equal(answer.writableNeedDrain, true);
    const drained = answer.drained();
    assert.equal(await settled(drained), false);
    first.take();
    assert.equal(await settled(drained), true);
  });

  it('waits for a slow first one only where it has left too much', async () => {
    const { answer, join } = shared();
    const first = await join();
    const quick = await join();
    answer.openStream({});
    first.hold();
    answer.write(KIB_64);
    assert.equal(await settled(answer.drained()), true, 'the quick one goes on');
    answer.write(KIB_64);
    const drained = answer.drained();
    assert.equal(await settled(drained), false);
    assert.equal(quick.body().length, 2 * KIB_64.length);
    first.take();
    assert.equal(await settled(drained), true);
    answer.end();
    assert.ok(await settled(once(first.exchange.response, 'finish')));
    assert.equal(first.body().length, 2 * KIB_64.length);
  });

  it('does not wait for those who leave meanwhile, and listens to each once', async () => {
    const { answer, join } = shared();
    const all = [await join(), await join(), await join()];
    answer.openStream({});
    for (const each of all) each.hold();
    answer.write(KIB_64);
    const drained = answer.drained();
    for (const each of all.slice(0, 2)) {
      each.leave();
      assert.equal(await settled(drained), false);
    }
    assert.equal(all[2]?.exchange.response.listenerCount('drain'), 1);
    all[2]?.leave();
    assert.equal(await settled(drained), true);
    assert.ok(answer.response.destroyed);
  });

  it('goes on as soon as one comes who can take more', async () => {
    const { answer, join } = shared();
    const first = await join();
    answer.openStream({});
    first.hold();
    answer.write(Buffer.alloc(20_000, 'x'));
    assert.equal(await settled(answer.drained()), true, 'not yet full');
    answer.write(KIB_64);
    const drained = answer.drained();
    assert.equal(await settled(drained), false);
    await join();
    assert.equal(await settled(drained), true);
  });
});

describe('the leaving of those who share', () => {
  it('is none of the answer until the last one goes', async () => {
    const { answer, join, keeper, kept } = shared();
    const [first, second] = [await join(), await join()];
    answer.openStream({});
    answer.write(Buffer.from('a'));
    first.leave();
    await turn();
    assert.equal(answer.departure.gone, false);
    assert.equal(answer.response.destroyed, false);
    answer.write(Buffer.from('b'));
    await turn();
    assert.equal(second.body(), 'ab');
    second.leave();
    await turn();
    assert.equal(answer.departure.gone, true);
    assert.equal(answer.response.destroyed, true);
    assert.equal(keeper.drops, 1);
    answer.end();
    assert.deepEqual(kept, [], 'what nobody waited for may be cut short');
  });

  it('has its reason where they are sent away, and they hear it', async () => {
    const { answer, join } = shared();
    const all = [await join(), await join()];
    answer.openStream({});
    for (const { exchange } of all) exchange.sendAway();
    assert.equal(answer.departure.gone, true);
    assert.ok(answer.departure.reason instanceof Failure && answer.departure.reason.kind === 'draining');
    answer.breakOff(Buffer.from('bye'));
    for (const each of all) {
      assert.equal(each.body(), 'bye');
      assert.ok(each.exchange.response.writableEnded);
    }
  });
});

describe('a shared answer that is not for keeping', () => {
  it('goes on for those who are there where it grew too large', async () => {
    const { answer, join, kept, keeper } = shared({ roomBytes: 3 });
    const all = [await join(), await join()];
    answer.openStream({});
    for (const word of ['ab', 'cd', 'ef']) answer.write(Buffer.from(word));
    assert.equal(keeper.drops, 1);
    answer.end();
    for (const each of all) assert.equal(each.body(), 'abcdef');
    assert.deepEqual(kept, []);
  });

  it('broke off or failed, in the words of each', async () => {
    const stream = shared();
    const reader = await stream.join();
    stream.answer.openStream({});
    stream.answer.write(Buffer.from('half'));
    stream.answer.breakOff(Buffer.from(' broken'));
    assert.equal(reader.body(), 'half broken');

    const plain = shared();
    const all = [await plain.join(), await plain.join()];
    plain.answer.sendFailure(new Failure('queue_full', { message: 'Full.' }), dialects['openai-chat']);
    for (const each of all) {
      assert.match(each.head(), /^HTTP\/1\.1 503 /);
      assert.ok(each.body().includes(each.exchange.id), 'under its own id');
    }
    for (const { kept, keeper } of [stream, plain]) {
      assert.deepEqual(kept, []);
      assert.ok(keeper.drops > 0);
    }
  });

  it('is a plain one without a 200; with it, it is kept', async () => {
    for (const status of [200, 400]) {
      const { answer, join, kept } = shared();
      const all = [await join(), await join()];
      answer.sendJson(status, Buffer.from('{}'), { 'x-of': 'first' });
      for (const each of all) assert.equal(each.body(), '{}');
      const headers = { 'x-of': 'first' };
      assert.deepEqual(kept, status === 200 ? [{ stream: false, headers, body: Buffer.from('{}') }] : []);
    }
  });
});
