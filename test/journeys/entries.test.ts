/** Scenario 18, the bill: one entry for every call, made before the client hears the end, and free where we failed it. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import inject from 'light-my-request';
import { ConnectionError, type Fetch } from '../../src/base/fetch.ts';
import type { CallEntry } from '../../src/domain/entry.ts';
import { Failure } from '../../src/domain/failure.ts';
import { totalTokens } from '../../src/domain/usage.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { chunkOf, plainReply, streamOf, USAGE } from '../sdk/stub-upstream.ts';
import { leaver } from './crowd.ts';
import { accounts, chat, createHouse, type House, KEY } from './house.ts';
import { SPOKEN } from './spoken.ts';

const NOTHING = { price: null, priceRow: null, factor: '1', listNano: 0n, upstreamNano: 0n, chargedNano: 0n };

type Kept = {
  readonly house: House;
  readonly entries: CallEntry[];
  /** Called when an entry is recorded. */
  onRecord: (entry: CallEntry) => Promise<void> | undefined;
};

/** A token costs a billionth of a dollar. */
function kept(yaml: string, fetch?: Fetch, hold: Ledger['hold'] = () => undefined): Kept {
  const entries: CallEntry[] = [];
  const ledger: Ledger = {
    instance: 'here~1~a',
    nothing: NOTHING,
    hold,
    isCharged: () => false,
    costOf({ usage, free }) {
      const listNano = BigInt(totalTokens(usage));
      return { ...NOTHING, price: 'p', listNano, upstreamNano: listNano, chargedNano: free ? 0n : listNano };
    },
    record(entry) {
      entries.push(entry);
      return told.onRecord(entry);
    },
  };
  const state = () => ({ pending: 0, journalBytes: 0, isFull: false, away: undefined });
  const books = { ledger, state, onBatch: () => {}, apply: () => {} };
  const house = createHouse(yaml, { books, ...(fetch === undefined ? {} : { fetch }) });
  const told: Kept = { house, entries, onRecord: () => undefined };
  return told;
}

const SIMULATED = accounts(1, 'qwen3-max: { limits: { rpm: 600 } }');
const FAR =
  'accounts: [{ id: far, provider: openai-compatible, base_url: "http://far.test/v1", secrets: [s], models: [m] }]';

/** An upstream that sends these pieces, and then breaks where it is told to. */
const upstream =
  (pieces: readonly string[], how: { readonly breaks?: boolean; readonly type?: string } = {}): Fetch =>
  async () => ({
    status: 200,
    headers: { 'content-type': how.type ?? 'text/event-stream' },
    body: (async function* () {
      for (const piece of pieces) yield Buffer.from(piece);
      if (how.breaks) throw new ConnectionError('ECONNRESET', { message: 'reset', sent: true });
    })(),
  });

const TEXT = streamOf(chunkOf({ role: 'assistant', content: 'twelve letters and more' }));

describe('an entry', () => {
  it('says who asked, who served, what was used and what it cost', async () => {
    const { house, entries } = kept(SIMULATED);
    const headers = { 'x-sluice-tags': 'nightly,team-a' };
    const answer = await house.one(house.call(chat('Hi', { max_tokens: 5 }), headers));
    const [entry = assert.fail(), ...others] = entries;
    assert.deepEqual(others, []);
    const { usage } = answer.json as { usage: { prompt_tokens: number; completion_tokens: number } };
    const total = BigInt(usage.prompt_tokens + usage.completion_tokens);
    assert.deepEqual(
      { ...entry, overheadMs: 0, story: entry.story.attempts.length },
      {
        ...{ id: answer.headers['x-request-id'], instance: 'here~1~a', tenant: 'default', project: null },
        ...{ key: 'test', dialect: 'openai-chat', stream: false, model: 'qwen3-max', served: 'qwen3-max' },
        ...{ channel: 'a/qwen3-max', account: 'a', provider: 'simulator', status: 200, end: 'complete' },
        ...{ failure: null, attempts: 1, queueMs: 0, overheadMs: 0, held: [], tags: ['nightly', 'team-a'] },
        ...{ arrivedAtMs: entry.arrivedAtMs, endedAtMs: house.clock.now(), story: 1 },
        ...{ firstContentMs: entry.firstContentMs, durationMs: house.clock.now() - entry.arrivedAtMs },
        usage: {
          ...{ input: usage.prompt_tokens, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
          ...{ output: usage.completion_tokens, source: 'upstream' },
        },
        money: { ...NOTHING, price: 'p', listNano: total, upstreamNano: total, chargedNano: total },
      },
    );
  });

  it('is there when a call failed: with its failure, and free', async () => {
    const { house, entries } = kept(FAR, () =>
      Promise.reject(new ConnectionError('ECONNREFUSED', { message: 'no', sent: false })),
    );
    const answer = await house.one(
      house.call({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }, { 'x-sluice-max-wait': '1' }),
    );
    assert.ok(answer.status >= 500, answer.text);
    assert.equal(entries.length, 1);
    assert.partialDeepStrictEqual(entries[0], {
      ...{ status: answer.status, end: 'failed', served: null, usage: null, money: NOTHING, account: 'far' },
    });
    assert.equal(entries[0]?.failure, answer.headers['x-sluice-failure']);
  });

  it('is not there for what was refused at the door', async () => {
    const { house, entries } = kept(SIMULATED);
    const answers = await house.all([
      house.call(chat('Hi', { model: 'no-such' })),
      house.call(chat('Hi'), { authorization: 'Bearer wrong-key-0123456789' }),
      house.call(chat('Hi'), { 'x-sluice-tags': 'two words' }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 401, 400],
    );
    assert.deepEqual(entries, []);
  });

  it('is not there for what was refused because there is no room for it', async () => {
    const { house, entries } = kept(SIMULATED, undefined, () => {
      throw new Failure('ledger_full', { message: 'No room.' });
    });
    const answer = await house.one(house.call(chat('Hi')));
    assert.deepEqual([answer.status, answer.headers['x-sluice-failure']], [503, 'ledger_full']);
    assert.deepEqual(entries, []);
    assert.equal(house.simulator.stats().requests, 0);
  });

  it('is one for calls that share an answer', async () => {
    const { house, entries } = kept(SIMULATED);
    const headers = { 'idempotency-key': 'same' };
    const answers = await house.all([house.call(chat('Hi'), headers), house.call(chat('Hi'), headers)]);
    assert.equal(answers[0]?.text, answers[1]?.text);
    assert.equal(entries.length, 1);
  });
});

describe('what is charged', () => {
  it('is what was used and delivered, where a stream broke off after its first content', async () => {
    const { house, entries } = kept(FAR, upstream([TEXT], { breaks: true }));
    const answer = await house.one(
      house.call({ model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    );
    assert.match(answer.text, /"error"/);
    assert.partialDeepStrictEqual(entries, [
      { end: 'stream_died', status: 200, usage: { source: 'estimated' } },
    ]);
    const [{ usage, money } = assert.fail()] = entries;
    assert.ok(usage !== null && usage.output >= 3 && usage.output < 12 && usage.input > 0, 'no error text');
    assert.equal(money.chargedNano, BigInt(totalTokens(usage)));
  });

  it('is nothing for a plain answer that never came whole, whatever it cost', async () => {
    const pieces = [streamOf(chunkOf({ role: 'assistant', content: 'half' })), streamOf(USAGE)];
    const { house, entries } = kept(FAR, upstream(pieces, { breaks: true }));
    for (const { account } of house.app.rooms.snapshot().catalog.channels)
      Object.assign(account, { streamUpstream: 'on' });
    const answer = await house.one(house.call({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }));
    assert.ok(answer.status >= 500);
    assert.partialDeepStrictEqual(entries, [
      { end: 'stream_died', usage: { input: 5 }, status: answer.status },
    ]);
    assert.deepEqual([entries[0]?.money.listNano, entries[0]?.money.chargedNano], [8n, 0n]);
  });

  it('is the same for an answer that is written anew in another dialect', async () => {
    const { house, entries } = kept(FAR, upstream([plainReply()], { type: 'application/json' }));
    const translated = { max_tokens: 9, model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
    const well = await house.one(house.message(translated));
    assert.equal(well.status, 200);
    assert.deepEqual([entries.length, entries[0]?.money.chargedNano], [1, 8n]);
  });

  it('is the formula for a client that left, by what its provider said when that is read on', async () => {
    const yaml = (policy: string) =>
      `${SIMULATED.replace('provider', `on_client_gone: ${policy}, provider`)}\nsimulator: { ttft: 1s, tokens_per_second: 100, output_tokens: 500 }`;
    for (const [policy, source] of [
      ['cancel', 'estimated'],
      ['drain(30s)', 'upstream'],
    ] as const) {
      const { house, entries } = kept(yaml(policy));
      const client = leaver(house, JSON.stringify(chat('Tell me.', { stream: true })));
      await house.arrived();
      await house.clock.advance(3_000);
      client.leave();
      await client.left;
      await house.clock.advance(60_000);
      const [entry = assert.fail(), ...others] = entries;
      assert.deepEqual(others, []);
      assert.partialDeepStrictEqual(entry, { end: 'client_gone', usage: { source } });
      assert.ok((entry.money.chargedNano ?? 0n) > 50n);
    }
  });
});

describe('before the client hears the end', () => {
  /** What has been written when the entry is made, and whether the rest waits for it. */
  async function heard(
    books: Kept,
    path: string,
    body: unknown,
  ): Promise<{ before: string; meanwhile: string; after: string }> {
    const { house } = books;
    let written = '';
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    books.onRecord = () => gate;
    const answer = inject(
      (request, response) => {
        const { write, end } = response;
        const note = (bytes: unknown): void => {
          if (typeof bytes === 'string' || bytes instanceof Uint8Array)
            written += Buffer.from(bytes as Uint8Array).toString();
        };
        response.write = ((...args: Parameters<typeof write>) => {
          note(args[0]);
          return write.apply(response, args);
        }) as typeof write;
        response.end = ((...args: Parameters<typeof end>) => {
          note(args[0]);
          return end.apply(response, args);
        }) as typeof end;
        house.app.server.handle(request, response);
      },
      {
        method: 'POST',
        url: path,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        payload: JSON.stringify(body),
      },
    );
    while (books.entries.length === 0) await house.clock.advance(50);
    const before = written;
    await house.clock.advance(200);
    const meanwhile = written;
    goOn();
    await house.clock.runUntil(answer, 10_000);
    return { before, meanwhile, after: written };
  }

  for (const [dialect, path, body, end] of [
    [
      'openai-chat',
      '/v1/chat/completions',
      { stream: true, messages: [{ role: 'user', content: 'Hi' }] },
      /\[DONE\]/,
    ],
    [
      'openai-chat',
      '/v1/messages',
      { stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
      /message_stop/,
    ],
    [
      'anthropic-messages',
      '/v1/messages',
      { stream: true, max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
      /message_stop/,
    ],
    ['openai-responses', '/v1/responses', { stream: true, store: false, input: 'Hi' }, /response\.completed/],
    ['openai-chat', '/v1/responses', { stream: true, store: false, input: 'Hi' }, /response\.completed/],
  ] as const)
    it(`the entry is made: a stream at ${path} from ${dialect}`, async () => {
      const spoken = SPOKEN[dialect];
      const yaml = `accounts: [{ id: far, provider: ${spoken.provider}, base_url: "http://far.test/v1", secrets: [s], models: [m] }]`;
      const books = kept(yaml, upstream([...spoken.opening, ...spoken.text, ...spoken.tool, ...spoken.end]));
      const { before, meanwhile, after } = await heard(books, path, { model: 'm', ...body });
      assert.doesNotMatch(before, end);
      assert.equal(meanwhile, before, 'waits');
      assert.match(after, end);
      assert.partialDeepStrictEqual(books.entries, [{ end: 'complete' }]);
    });

  it('the entry is made: a plain answer', async () => {
    const books = kept(FAR, upstream([plainReply()], { type: 'application/json' }));
    const { before, meanwhile, after } = await heard(books, '/v1/chat/completions', {
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
    });
    assert.deepEqual([before, meanwhile], ['', '']);
    assert.match(after, /chat\.completion/);
  });

  it('the entry is made: a stream that fails', async () => {
    const books = kept(FAR, upstream([TEXT], { breaks: true }));
    const { before, meanwhile, after } = await heard(books, '/v1/chat/completions', {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    assert.doesNotMatch(before, /error/);
    assert.equal(meanwhile, before);
    assert.match(after, /"error"/);
  });

  it('the entry is made: sound', async () => {
    const books = kept(FAR, upstream(['sound'], { type: 'audio/mpeg' }));
    const { meanwhile, after } = await heard(books, '/v1/audio/speech', {
      model: 'm',
      input: 'Hi',
      voice: 'v',
    });
    assert.equal(meanwhile, 'sound');
    assert.equal(after, 'sound');
    assert.partialDeepStrictEqual(books.entries, [{ end: 'complete', dialect: 'openai-speech' }]);
  });
});
