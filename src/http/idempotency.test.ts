import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from '../base/departure.ts';
import { silentLogger } from '../base/log.ts';
import type { Call } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { type HeldExchange, heldExchange } from '../testing/held-exchange.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { createIdempotency, type IdempotencyLimits, type Owned } from './idempotency.ts';

const TTL_MS = 60_000;
const LIMITS: IdempotencyLimits = { answerBytes: 100, totalBytes: 4_000, lagBytes: 1_000 };
const NOTHING = { running: 0, kept: 0, bytes: 0 };

type Asking = {
  readonly idempotencyKey?: string;
  readonly body?: string;
  readonly clientKey?: string;
  readonly dialect?: string;
  readonly model?: string;
};

function callOf({ idempotencyKey = 'k', body = '{}', clientKey = 'team', ...rest }: Asking): Call {
  return {
    ...{ id: 'req_1', body: Buffer.from(body), arrivedAtMs: 0, departure: new Departure() },
    headers: { 'idempotency-key': idempotencyKey },
    dialect: (rest.dialect ?? 'openai-chat') as Call['dialect'],
    key: { id: clientKey, limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true },
    head: { model: rest.model ?? 'm', stream: false, wantsUsage: false, maxOutputTokens: 10 },
    options: { onLimit: 'queue', priority: 'normal', fallback: true },
  };
}

function room(limits = LIMITS) {
  const clock = createVirtualClock();
  const counted: string[] = [];
  const settings = { ttlMs: TTL_MS };
  const idempotency = createIdempotency({
    clock,
    log: silentLogger,
    metrics: { idempotent: (how) => void counted.push(how) },
    ttlMs: () => settings.ttlMs,
    limits,
  });
  const ask = async (asking: Asking = {}): Promise<HeldExchange & { readonly owned: Owned | undefined }> => {
    const held = await heldExchange();
    return { ...held, owned: idempotency.enter(callOf(asking), held.exchange) };
  };
  /** Asks, makes the answer where it has to be made, and tells which it was. */
  const answered = async (text: string, asking: Asking = {}): Promise<'made' | string> => {
    const { owned, body } = await ask(asking);
    owned?.outlet.sendJson(200, Buffer.from(text), {});
    return owned === undefined ? body() : 'made';
  };
  return { clock, counted, settings, idempotency, ask, answered };
}

const failureOf = async (promise: Promise<unknown>): Promise<Failure> => {
  const error = await promise.then(
    () => assert.fail('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Failure);
  return error;
};

describe('the second call with an Idempotency-Key', () => {
  it('joins the first while it runs, under its own id', async () => {
    const { ask, counted, idempotency } = room();
    const first = await ask();
    const second = await ask();
    assert.equal(second.owned, undefined);
    assert.deepEqual(idempotency.held(), { running: 1, kept: 0, bytes: 1_024 });
    first.owned?.outlet.sendJson(200, Buffer.from('answer'), { 'x-of': 'first' });
    assert.deepEqual([first.body(), second.body()], ['answer', 'answer']);
    assert.doesNotMatch(first.head(), /x-sluice-idempotent/);
    assert.match(second.head(), /x-sluice-idempotent: joined/);
    assert.match(second.head(), new RegExp(`x-request-id: ${second.exchange.id}`));
    assert.match(second.head(), /x-of: first/);
    assert.deepEqual(counted, ['joined']);
  });

  it('gets the answer again after its end, for as long as it is kept', async () => {
    const { answered, ask, clock, counted, idempotency } = room();
    assert.equal(await answered('one'), 'made');
    assert.deepEqual(idempotency.held(), { running: 0, kept: 1, bytes: 1_027 });
    await clock.advance(TTL_MS - 1);
    const again = await ask();
    assert.equal(again.owned, undefined);
    assert.match(again.head(), /x-sluice-idempotent: replayed/);
    assert.equal(again.body(), 'one');
    await clock.advance(1);
    assert.deepEqual(idempotency.held(), NOTHING);
    assert.equal(clock.pending(), 0);
    assert.equal(await answered('two'), 'made');
    assert.deepEqual(counted, ['replayed']);
  });

  it('gets a stream again as a stream', async () => {
    const { ask } = room();
    const { owned } = await ask();
    owned?.outlet.openStream({ 'x-of': 'first' });
    owned?.outlet.response.write(Buffer.from('data: 1\n\n'));
    owned?.outlet.response.end();
    const again = await ask();
    assert.match(again.head(), /content-type: text\/event-stream[\s\S]*x-sluice-idempotent: replayed/);
    assert.equal(again.body(), 'data: 1\n\n');
  });

  it('is refused when it asks for something else, in flight and after', async () => {
    const { ask, counted } = room();
    const first = await ask({ body: '{"a":1}' });
    const refused = async (asking: Asking): Promise<void> => {
      const failure = await failureOf(ask(asking));
      assert.equal(failure.kind, 'idempotency_conflict');
      assert.equal(failure.options.param, 'Idempotency-Key');
      assert.match(failure.message, /Header Idempotency-Key: 'k' .*new key/);
    };
    await refused({ body: '{"a":2}' });
    await refused({ body: '{"a":1}', model: 'another, named by the path' });
    first.owned?.outlet.sendJson(200, Buffer.from('x'), {});
    await refused({ body: '{"a":2}' });
    assert.deepEqual(counted, ['conflict', 'conflict', 'conflict']);
  });

  it('is another call where the client key, the dialect or the Idempotency-Key differ', async () => {
    const { answered } = room({ ...LIMITS, totalBytes: 10_000 });
    for (const asking of [{}, { clientKey: 'other' }, { dialect: 'other' }, { idempotencyKey: 'K' }])
      assert.equal(await answered(JSON.stringify(asking), asking), 'made');
    assert.equal(await answered('', { clientKey: 'other' }), '{"clientKey":"other"}');
  });
});

describe('what is not given again', () => {
  it('is a failure, which those who wait share', async () => {
    const { ask, answered, idempotency } = room();
    const first = await ask();
    await ask();
    first.owned?.outlet.breakOff();
    assert.deepEqual(idempotency.held(), NOTHING);
    assert.equal(await answered('new'), 'made');
  });

  it('is what all have left; the next one asks anew while it still ends', async () => {
    const { ask, idempotency } = room();
    const first = await ask();
    first.leave();
    await new Promise(setImmediate);
    assert.equal(first.owned?.call.departure.gone, true);
    assert.deepEqual(idempotency.held(), NOTHING);
    const second = await ask();
    assert.ok(second.owned);
    first.owned?.outlet.sendJson(200, Buffer.from('of nobody'), {});
    assert.equal((await ask()).owned, undefined, 'the second still runs');
    second.owned.outlet.sendJson(200, Buffer.from('second'), {});
    assert.equal((await ask()).body(), 'second');
  });

  it('is an answer over the size', async () => {
    const { answered, idempotency } = room();
    const large = 'x'.repeat(101);
    assert.equal(await answered(large), 'made');
    assert.deepEqual(idempotency.held(), NOTHING);
    assert.equal(await answered(large.slice(1)), 'made');
    assert.equal(await answered(''), large.slice(1));
  });

  it('is the oldest answer when all are too many', async () => {
    const { answered, idempotency, clock } = room();
    const keys = ['a', 'b', 'c', 'd'];
    for (const idempotencyKey of keys) {
      assert.equal(await answered(idempotencyKey, { idempotencyKey }), 'made');
      await clock.advance(1_000);
      assert.ok(idempotency.held().bytes <= LIMITS.totalBytes);
    }
    assert.equal(idempotency.held().kept, 3);
    assert.equal(await answered('', { idempotencyKey: 'd' }), 'd');
    assert.equal(await answered('', { idempotencyKey: 'b' }), 'b');
    assert.equal(await answered('', { idempotencyKey: 'a' }), 'made');
    await clock.advance(TTL_MS);
    assert.deepEqual(idempotency.held(), NOTHING);
    assert.equal(clock.pending(), 0);
  });

  it('is anything when what runs takes all the room', async () => {
    const { ask, idempotency, answered } = room();
    const running = await Promise.all(['a', 'b', 'c'].map((idempotencyKey) => ask({ idempotencyKey })));
    const alone = await ask({ idempotencyKey: 'd' });
    assert.equal(alone.owned?.outlet, alone.exchange, 'it goes on by itself');
    for (const { owned } of running) owned?.outlet.sendJson(200, Buffer.from('x'), {});
    assert.equal(idempotency.held().kept, 3);
    assert.equal(await answered('', { idempotencyKey: 'd' }), 'made');
  });

  it('is anything after the end of the house', async () => {
    const { answered, idempotency, clock } = room();
    await answered('x');
    assert.equal(clock.pending(), 1);
    idempotency.close();
    assert.deepEqual(idempotency.held(), NOTHING);
    assert.equal(clock.pending(), 0);
  });
});

describe('the time for which answers are kept', () => {
  it('may be shortened while they are', async () => {
    const { answered, settings, clock, idempotency } = room();
    await answered('long', { idempotencyKey: 'long' });
    settings.ttlMs = 1_000;
    await answered('short', { idempotencyKey: 'short' });
    await clock.advance(1_000);
    assert.equal(await answered('', { idempotencyKey: 'short' }), 'made');
    assert.equal(await answered('', { idempotencyKey: 'long' }), 'long');
    await clock.advance(TTL_MS);
    assert.deepEqual(idempotency.held(), NOTHING);
    assert.equal(clock.pending(), 0);
  });

  it('switches the header off when it is 0, also a wrong one', async () => {
    const { ask, settings } = room();
    settings.ttlMs = 0;
    for (const idempotencyKey of ['k', 'k', 'with a space']) {
      const { owned, exchange } = await ask({ idempotencyKey });
      assert.equal(owned?.outlet, exchange);
    }
  });
});

describe('the value of the header', () => {
  it('is 1 to 255 visible characters; else it is told so', async () => {
    const { ask } = room({ ...LIMITS, totalBytes: 100_000 });
    for (const idempotencyKey of ['k', '"8e03978e-40d5"', '~'.repeat(255)])
      assert.ok((await ask({ idempotencyKey })).owned?.call.departure);
    for (const idempotencyKey of ['k'.repeat(256), 'a b', 'a, b', 'naïve', '\u0001']) {
      const failure = await failureOf(ask({ idempotencyKey }));
      assert.equal(failure.kind, 'invalid_request');
      assert.match(failure.message, /Header Idempotency-Key: .*255 visible/);
    }
  });

  it('that is empty is none', async () => {
    const { ask } = room();
    const { owned, exchange } = await ask({ idempotencyKey: '' });
    assert.equal(owned?.outlet, exchange);
  });
});
