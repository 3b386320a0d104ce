import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, addressToCall, askRelay, relayUrl, WANTS_KEY } from './running-relay.ts';

const addressOf = (config: string | undefined): string => `http://${config ?? 'default'}:4290`;

async function ask(answer: Answer, flags: { readonly url?: string; readonly key?: string } = {}) {
  const asked: unknown[] = [];
  const doors = {
    addressOf,
    get: async (url: string, headers: Record<string, string>) => {
      asked.push([url, headers]);
      return answer;
    },
  };
  return { value: await askRelay({ path: '/live/x', toStrangers: WANTS_KEY }, flags, doors), asked };
}

test('a relay that listens on every address is called on this machine', () => {
  const url = (host: string): string => addressToCall({ host, port: 80 });
  assert.equal(url('0.0.0.0'), 'http://127.0.0.1:80');
  assert.equal(url('::'), 'http://[::1]:80');
  assert.equal(url('10.0.0.7'), 'http://10.0.0.7:80');
  assert.equal(url('fe80::1'), 'http://[fe80::1]:80');
  assert.equal(url('localhost'), 'http://localhost:80');
});

test('the address is the given one, however it ends, else the configured one', () => {
  const url = (flags: { readonly url?: string; readonly config?: string }) => relayUrl(flags, { addressOf });
  assert.equal(url({ url: 'http://relay/v1/', config: 'mine' }), 'http://relay');
  assert.equal(url({ url: 'http://relay//' }), 'http://relay');
  assert.equal(url({ config: 'mine' }), 'http://mine:4290');
  assert.equal(url({}), 'http://default:4290');
});

test('a key is shown where one is given, and what comes back is read as JSON', async () => {
  const { value, asked } = await ask({ status: 200, body: '{"a":[1]}' }, { key: 'k' });
  assert.deepEqual(value, { a: [1] });
  assert.deepEqual(asked, [['http://default:4290/live/x', { authorization: 'Bearer k' }]]);
  assert.deepEqual((await ask({ status: 200, body: '1' })).asked, [['http://default:4290/live/x', {}]]);
});

test('a wrong answer is told in words', async () => {
  await assert.rejects(ask({ status: 401, body: '{}' }), /relay at http:\/\/default:4290 wants a client key/);
  await assert.rejects(ask({ status: 503, body: '{}' }), /relay at http:\/\/default:4290 answered 503$/);
  await assert.rejects(ask({ status: 200, body: '<html>' }), /http:\/\/default:4290 is no relay .*--url/);
});
