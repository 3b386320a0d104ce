import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Webhook as Receiver } from 'standardwebhooks';
import { ConnectionError, type Fetch, type UpstreamRequest } from '../base/fetch.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { sendWebhook, shownUrl, signatureOf, WEBHOOK_TIMEOUT_MS } from './webhook.ts';

const SECRET = `whsec_${Buffer.alloc(32, 0xa5).toString('base64')}`;
const HOOK = { url: 'https://h.example/hook', secret: SECRET };
const MESSAGE = { id: 'alert_1', body: '{"type":"account.switched_off"}' };

async function* bodyOf(...pieces: string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function sent(fetch: Fetch, url = HOOK.url) {
  const clock = createVirtualClock();
  const requests: UpstreamRequest[] = [];
  const sending = sendWebhook({ ...HOOK, url }, MESSAGE, {
    clock,
    fetch: (request) => {
      requests.push(request);
      return fetch(request);
    },
  });
  const tried = await clock.runUntil(sending, 60_000);
  assert.equal(clock.pending(), 0, 'no timer is left behind');
  return { tried, requests };
}

const answering =
  (status: number, body = bodyOf('ok')): Fetch =>
  async () => ({ status, headers: {}, body });

/** As the transport does: rejects with the signal's reason. */
const whenAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('what is signed is accepted by the library of the standard, and only as it was sent', () => {
  const property = fc.property(
    fc.uint8Array({ minLength: 24, maxLength: 64 }),
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.uuid(),
    (key, text, id) => {
      const secret = `whsec_${Buffer.from(key).toString('base64')}`;
      const body = JSON.stringify({ text });
      const headers = signatureOf(secret, { id, body }, Math.floor(Date.now() / 1_000));
      const receiver = new Receiver(secret);
      assert.deepEqual(receiver.verify(body, headers), { text });
      assert.throws(() => receiver.verify(`${body} `, headers));
      assert.throws(() => receiver.verify(body, { ...headers, 'webhook-id': `${id}x` }));
      assert.throws(() => new Receiver(SECRET).verify(body, headers));
    },
  );
  fc.assert(property, { numRuns: 50 });
});

test('a message is posted as JSON under its id, with the time of the try', async () => {
  const { tried, requests } = await sent(answering(204));
  assert.deepEqual(tried, { outcome: 'delivered', detail: '204', ms: 0 });
  const [request] = requests;
  assert.equal(request?.method, 'POST');
  assert.equal(request?.url, 'https://h.example/hook');
  assert.equal(Buffer.from(request?.body ?? []).toString(), MESSAGE.body);
  assert.equal(request?.headers['content-type'], 'application/json');
  assert.equal(request?.headers['webhook-id'], 'alert_1');
  assert.equal(request?.headers['webhook-timestamp'], String(Date.UTC(2026, 0, 1) / 1_000));
  const expected = new Receiver(SECRET).sign('alert_1', new Date(Date.UTC(2026, 0, 1)), MESSAGE.body);
  assert.equal(request?.headers['webhook-signature'], expected);
  assert.ok(!JSON.stringify(request?.headers).includes(SECRET.slice(6)));
});

test('an address is asked for as written, with a path and without a fragment', async () => {
  for (const [url, asked] of [
    ['https://h.example', 'https://h.example/'],
    ['https://h.example?a=b', 'https://h.example/?a=b'],
    ['https://h.example/hook/?a=b#c', 'https://h.example/hook/?a=b'],
  ] as const)
    assert.equal((await sent(answering(200), url)).requests[0]?.url, asked);
});

test('only 2xx is delivered, a redirect is not followed, and 410 is an answer of its own', async () => {
  for (const [status, outcome] of [
    [200, 'delivered'],
    [299, 'delivered'],
    [301, 'refused'],
    [308, 'refused'],
    [404, 'refused'],
    [410, 'gone'],
    [429, 'refused'],
    [503, 'refused'],
  ] as const) {
    const { tried, requests } = await sent(answering(status));
    assert.deepEqual(tried, { outcome, detail: String(status), ms: 0 });
    assert.equal(requests.length, 1);
  }
});

test('a receiver that stays silent is left after ten seconds', async () => {
  const { tried } = await sent(({ signal }) => whenAborted(signal));
  assert.deepEqual(tried, { outcome: 'unreachable', detail: 'timeout', ms: WEBHOOK_TIMEOUT_MS });
});

test('a connection that fails is told by its code, anything else by nothing that could be a secret', async () => {
  const refused = new ConnectionError('ECONNREFUSED', { message: 'no', sent: false });
  const failing =
    (error: Error): Fetch =>
    () =>
      Promise.reject(error);
  assert.deepEqual((await sent(failing(refused))).tried, {
    outcome: 'unreachable',
    detail: 'ECONNREFUSED',
    ms: 0,
  });
  const { tried } = await sent(failing(new Error(`cannot sign with ${SECRET}`)));
  assert.deepEqual(tried, { outcome: 'unreachable', detail: 'failed', ms: 0 });
});

test('the body of an answer is read to its end, or dropped when it has none', async () => {
  let read = 0;
  let closed = false;
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        read += 1_024;
        yield Buffer.alloc(1_024);
      }
    } finally {
      closed = true;
    }
  }
  assert.equal((await sent(answering(200, endless()))).tried.outcome, 'delivered');
  assert.ok(closed && read < 32 * 1_024, `${read} bytes`);

  const short = bodyOf('a', 'b');
  await sent(answering(200, short));
  assert.deepEqual(await short.next(), { done: true, value: undefined });
});

test('an answer that breaks off, or never ends, counts by its status', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a');
    throw new ConnectionError('ECONNRESET', { message: 'gone', sent: true });
  }
  assert.equal((await sent(answering(200, broken()))).tried.outcome, 'delivered');

  async function* silent(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a');
    await whenAborted(signal);
  }
  const { tried } = await sent(async ({ signal }) => ({ status: 500, headers: {}, body: silent(signal) }));
  assert.deepEqual(tried, { outcome: 'refused', detail: '500', ms: WEBHOOK_TIMEOUT_MS });
});

test('of an address nothing is shown but the host', () => {
  assert.equal(shownUrl('https://h.example/hooks/T0/B0/token?key=secret#x'), 'https://h.example/…');
  assert.equal(shownUrl('https://h.example:8443/?key=secret'), 'https://h.example:8443/…');
  assert.equal(shownUrl('http://me:secret@h.example/'), 'http://h.example');
});
