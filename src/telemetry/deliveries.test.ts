import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ConnectionError, type Fetch, type UpstreamRequest } from '../base/fetch.ts';
import { type LogFields, silentLogger } from '../base/log.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createDeliveries, type DeliveryEnd } from './deliveries.ts';
import { signatureOf, type Webhook } from './webhook.ts';

const hook = (url: string, fill = 1): Webhook => ({
  url,
  secret: `whsec_${Buffer.alloc(32, fill).toString('base64')}`,
});
const HOOK = hook('https://h.example/token-in-path?token=in-query');
const message = (id: string) => ({ id, body: `{"id":"${id}"}` });

type Answer = number | 'silent' | 'broken';

function office(answer: (request: UpstreamRequest) => Answer, random: () => number = () => 0) {
  const clock = createVirtualClock();
  const startMs = clock.now();
  const asked: { readonly atMs: number; readonly request: UpstreamRequest }[] = [];
  const ends: DeliveryEnd[] = [];
  const logged: { readonly level: string; readonly fields: LogFields }[] = [];
  const at = (level: string) => (fields: LogFields) => void logged.push({ level, fields });
  let open = 0;
  let mostOpen = 0;
  const fetch: Fetch = async (request) => {
    asked.push({ atMs: clock.now() - startMs, request });
    mostOpen = Math.max(mostOpen, ++open);
    try {
      const told = answer(request);
      if (told === 'broken') throw new ConnectionError('ECONNRESET', { message: 'gone', sent: true });
      if (told === 'silent')
        await new Promise((_, reject) =>
          request.signal.addEventListener('abort', () => reject(request.signal.reason)),
        );
      return { status: Number(told), headers: {}, body: (async function* () {})() };
    } finally {
      open--;
    }
  };
  const state = { webhooks: [HOOK] as readonly Webhook[] };
  const deliveries = createDeliveries({
    ...{ clock, random, fetch, webhooks: () => state.webhooks, onEnd: (end) => void ends.push(end) },
    log: { ...silentLogger, debug: at('debug'), warn: at('warn') },
  });
  return { clock, asked, ends, logged, state, deliveries, mostOpen: () => mostOpen };
}

const MINUTE = 60_000;

describe('a delivery', () => {
  it('goes to every webhook, each signed with its own secret', async () => {
    const { clock, asked, ends, state, deliveries } = office(() => 200);
    const other = hook('https://other.example/', 2);
    state.webhooks = [HOOK, other];
    deliveries.send(message('a'));
    assert.equal(deliveries.pending(), 2);
    await clock.advance(0);
    assert.deepEqual(
      asked.map(({ request }) => request.url),
      [HOOK.url, other.url],
    );
    for (const [index, { secret }] of [HOOK, other].entries()) {
      const { headers } = asked[index]?.request ?? assert.fail('not asked');
      const expected = signatureOf(secret, message('a'), clock.now() / 1_000);
      assert.equal(headers['webhook-signature'], expected['webhook-signature']);
    }
    assert.deepEqual(ends, ['delivered', 'delivered']);
    assert.equal(deliveries.pending(), 0);
  });

  it('is tried five times within a quarter of an hour, under one id and ever new times, and given up with a line', async () => {
    const { clock, asked, ends, logged, deliveries } = office(() => 503);
    deliveries.send(message('a'));
    await clock.advance(60 * MINUTE);
    assert.deepEqual(
      asked.map(({ atMs }) => atMs),
      [0, 5_000, 35_000, 215_000, 815_000],
    );
    const headers = asked.map(({ request }) => request.headers);
    assert.deepEqual([...new Set(headers.map((each) => each['webhook-id']))], ['a']);
    assert.equal(new Set(headers.map((each) => each['webhook-timestamp'])).size, 5);
    assert.deepEqual(ends, ['given_up']);
    assert.deepEqual(logged, [
      {
        level: 'warn',
        fields: { alert: 'a', webhook: 'https://h.example/…', tries: 5, reason: 'last try: 503' },
      },
    ]);
    assert.equal(clock.pending(), 0);
  });

  it('comes back later than the pause says, never earlier', async () => {
    const property = fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
      const { clock, asked, deliveries } = office(() => 500, createSeededRandom(seed));
      deliveries.send(message('a'));
      await clock.advance(20 * MINUTE);
      assert.equal(asked.length, 5);
      [5_000, 30_000, 180_000, 600_000].forEach((pauseMs, index) => {
        const waitedMs = (asked[index + 1]?.atMs ?? 0) - (asked[index]?.atMs ?? 0);
        assert.ok(waitedMs >= pauseMs && waitedMs <= 1.2 * pauseMs, `${waitedMs} after ${pauseMs}`);
      });
    });
    await fc.assert(property, { numRuns: 20 });
  });

  it('arrives at last after refusals, hang-ups and silence', async () => {
    const answers: Answer[] = [302, 'broken', 'silent', 200];
    const { clock, asked, ends, deliveries } = office(() => answers.shift() ?? assert.fail('asked again'));
    deliveries.send(message('a'));
    await clock.advance(60 * MINUTE);
    // The silence is ten seconds long.
    assert.deepEqual(
      asked.map(({ atMs }) => atMs),
      [0, 5_000, 35_000, 225_000],
    );
    assert.deepEqual(ends, ['delivered']);
  });

  it('does not wait behind one that cannot arrive', async () => {
    const { clock, ends, deliveries } = office(({ headers }) =>
      headers['webhook-id'] === 'bad' ? 500 : 200,
    );
    deliveries.send(message('bad'));
    await clock.advance(1);
    deliveries.send(message('good'));
    await clock.advance(1);
    assert.deepEqual(ends, ['delivered']);
    assert.equal(deliveries.pending(), 1);
  });

  it('ends at 410, and so does all that follows until the configuration is read again', async () => {
    const answers: Answer[] = [500, 410];
    const { clock, asked, ends, logged, state, deliveries } = office(() => answers.shift() ?? 200);
    deliveries.send(message('a'));
    await clock.advance(0);
    deliveries.send(message('b'));
    await clock.advance(MINUTE);
    assert.deepEqual(ends, ['gone', 'gone'], 'the one that paused is not tried again');
    assert.match(String(logged[0]?.fields['reason']), /wants no more \(410\)/);
    deliveries.send(message('c'));
    assert.equal(deliveries.pending(), 0);
    await clock.advance(MINUTE);
    assert.equal(asked.length, 2);
    state.webhooks = [{ ...HOOK }];
    deliveries.send(message('d'));
    await clock.advance(0);
    assert.deepEqual(ends, ['gone', 'gone', 'delivered']);
  });
});

describe('a new configuration', () => {
  it('decides where the next try goes and how it is signed', async () => {
    const answers: Answer[] = [500, 500];
    const { clock, asked, ends, state, deliveries } = office(() => answers.shift() ?? 200);
    const leaving = hook('https://leaving.example/');
    state.webhooks = [HOOK, leaving];
    deliveries.send(message('a'));
    await clock.advance(1_000);
    const renewed = hook(HOOK.url, 9);
    state.webhooks = [renewed, hook('https://new.example/')];
    await clock.advance(4_000);
    assert.deepEqual(ends.toSorted(), ['delivered', 'dropped']);
    assert.equal(asked.length, 3, 'neither the one that left nor the one that came is asked');
    assert.equal(
      asked[2]?.request.headers['webhook-signature'],
      signatureOf(renewed.secret, message('a'), clock.now() / 1_000)['webhook-signature'],
    );
  });
});

describe('the messages held', () => {
  it('are a hundred at most: the oldest makes room and is counted', async () => {
    const { clock, ends, logged, deliveries } = office(() => 500);
    for (let i = 1; i <= 100; i++) deliveries.send(message(`m${i}`));
    await clock.advance(1_000);
    assert.equal(deliveries.pending(), 100);
    assert.deepEqual(ends, []);
    for (let i = 101; i <= 103; i++) deliveries.send(message(`m${i}`));
    assert.equal(deliveries.pending(), 100);
    assert.deepEqual(ends, ['dropped', 'dropped', 'dropped']);
    assert.deepEqual(
      logged.map(({ fields }) => fields['alert']),
      ['m1', 'm2', 'm3'],
    );
  });

  it('are sent by four at a time, all of them in the end', async () => {
    const { clock, ends, mostOpen, deliveries } = office(() => 'silent');
    for (let i = 1; i <= 40; i++) deliveries.send(message(`m${i}`));
    await clock.advance(120 * MINUTE);
    assert.equal(mostOpen(), 4);
    assert.deepEqual(
      ends,
      Array.from({ length: 40 }, () => 'given_up'),
    );
  });

  it('end once each, whatever happens, and leave no timer behind', async () => {
    const step = fc.oneof(
      fc.record({ send: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ advanceMs: fc.integer({ min: 0, max: 300_000 }) }),
      fc.record({ reload: fc.subarray(['https://a.example/', 'https://b.example/', HOOK.url]) }),
    );
    const answers = fc.infiniteStream(
      fc.constantFrom<Answer>(200, 204, 307, 410, 429, 500, 500, 'silent', 'broken'),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), answers, async (steps, stream) => {
      const told = stream[Symbol.iterator]();
      const { clock, ends, state, deliveries } = office(() => told.next().value ?? 500);
      let sent = 0;
      for (const each of steps) {
        if ('advanceMs' in each) await clock.advance(each.advanceMs);
        else if ('reload' in each) state.webhooks = each.reload.map((url) => hook(url));
        else
          for (let i = 0; i < each.send; i++) {
            const before = deliveries.pending() + ends.length;
            deliveries.send(message(`m${i}`));
            sent += deliveries.pending() + ends.length - before;
          }
        assert.ok(deliveries.pending() <= 100);
        assert.equal(deliveries.pending() + ends.length, sent);
      }
      await clock.runUntil(deliveries.close(), 10_000);
      await clock.advance(0);
      assert.equal(ends.length, sent);
      assert.equal(deliveries.pending(), 0);
      assert.equal(clock.pending(), 0);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

describe('the end', () => {
  it('lets what is under way arrive, drops what pauses, and takes nothing new', async () => {
    const answers: Answer[] = [500];
    const { clock, ends, deliveries } = office(() => answers.shift() ?? 200);
    deliveries.send(message('pausing'));
    await clock.advance(1_000);
    for (let i = 0; i < 10; i++) deliveries.send(message(`m${i}`));
    const closing = deliveries.close();
    deliveries.send(message('late'));
    await clock.runUntil(closing, 1_000);
    assert.deepEqual(ends, ['dropped', ...Array.from({ length: 10 }, () => 'delivered')]);
  });

  it('waits three seconds for a silent receiver, and hangs up', async () => {
    const { clock, asked, ends, deliveries } = office(() => 'silent');
    deliveries.send(message('a'));
    await clock.advance(0);
    const startedMs = clock.now();
    await clock.runUntil(deliveries.close(), 60_000);
    assert.equal(clock.now() - startedMs, 3_000);
    assert.deepEqual(ends, ['dropped']);
    assert.ok(asked[0]?.request.signal.aborted);
  });

  it('is at once where nothing is held', async () => {
    await office(() => 200).deliveries.close();
  });
});
