import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Departure } from '../base/departure.ts';
import type { Call } from '../domain/call.ts';
import type { Account } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import { createShelf, type Shelf } from '../state/shelf.ts';
import { answersOf, keepAnswer } from './kept-answers.ts';
import { isOwnItem, ownAnswerId } from './own-answer-id.ts';
import { recalledCall, spokenTo } from './recalled.ts';

const shelfOf = (maxBytes = 1e6): Shelf =>
  createShelf({ now: () => 0, settings: () => ({ maxBytes, ttlMs: 1_000 }) });

function callOf(fields: object, key = 'k', dialect: Call['dialect'] = 'openai-responses'): Call {
  const limits = { limits: {}, onLimit: 'queue', priority: 'normal', weight: 1, fallback: true } as const;
  return {
    ...{ id: 'req_1', dialect, headers: {}, arrivedAtMs: 0, departure: new Departure() },
    key: { id: key, ...limits },
    head: { model: 'm', stream: false, wantsUsage: false, maxOutputTokens: 10 },
    body: Buffer.from(JSON.stringify({ model: 'm', ...fields })),
    options: { onLimit: 'queue', priority: 'normal', fallback: true },
  };
}

const message = (id: string, text: string) => ({
  ...{ type: 'message', id, role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text, annotations: [] }],
});

type Answer = {
  readonly id: string;
  readonly output: readonly object[];
  readonly account?: string;
  readonly store?: boolean;
};

function keep(shelf: Shelf, call: Call, { id, output, account = 'a', store = true }: Answer): void {
  const response = { id, status: 'completed', store, output };
  keepAnswer(shelf, { call, account, isNative: true, bytes: Buffer.from(JSON.stringify(response)) });
}

const json = (body: Uint8Array) => JSON.parse(Buffer.from(body).toString());
const account = (id: string): Account => ({ id, provider: 'openai', baseUrl: '', secrets: [] });
const user = (content: string) => ({ role: 'user', content });

describe('a call that refers to nothing', () => {
  it('is the same call, in whichever dialect', () => {
    for (const call of [
      callOf({ input: 'Hi' }),
      callOf({ input: 'Hi', previous_response_id: null }),
      callOf({ input: 'what is "previous_response_id"?' }),
      callOf({ messages: [], previous_response_id: 'resp_1' }, 'k', 'openai-chat'),
      { ...callOf({}), body: Buffer.from('no JSON "previous_response_id"') },
    ]) {
      assert.equal(recalledCall(call, shelfOf()), call);
      assert.equal(spokenTo(call, account('a')).body, call.body);
    }
  });
});

describe('a call that goes on from an answer', () => {
  it('has all that was said before, turn by turn, however long it is', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 1, maxLength: 8 }), (turns) => {
        const shelf = shelfOf();
        let previous: string | undefined;
        const said: object[] = [];
        turns.forEach(([asked, told], i) => {
          const fields = {
            input: [user(asked)],
            ...(previous === undefined ? {} : { previous_response_id: previous }),
          };
          const call = recalledCall(callOf(fields), shelf);
          said.push(user(asked));
          assert.deepEqual(json(call.body), { model: 'm', input: said });
          previous = `resp_${i}`;
          const output = [message(`msg_${i}`, told)];
          keep(shelf, call, { id: previous, output });
          said.push(...output);
        });
      }),
    );
  });

  it('is sent as it is to the account that has it, and without its ids and thoughts to another', () => {
    const shelf = shelfOf();
    const thought = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' };
    const search = { type: 'web_search_call', id: 'ws_1', status: 'completed' };
    keep(shelf, callOf({ input: 'one' }), {
      id: 'resp_1',
      output: [thought, search, message('msg_1', 'yes')],
    });
    const call = callOf({ input: 'two', previous_response_id: 'resp_1', temperature: 1 });
    const recalled = recalledCall(call, shelf);
    assert.equal(spokenTo(recalled, account('a')).body, call.body);
    const abroad = spokenTo(recalled, account('b'));
    assert.deepEqual(abroad.dropped?.toSorted(), ['reasoning', 'web_search_call']);
    const { id: _, ...rest } = message('msg_1', 'yes');
    assert.deepEqual(json(abroad.body), {
      ...{ model: 'm', temperature: 1 },
      input: [{ type: 'message', ...user('one') }, rest, { type: 'message', ...user('two') }],
    });
  });

  it('is sent whole to everybody where its maker keeps nothing', () => {
    const shelf = shelfOf();
    keep(shelf, callOf({ input: 'one' }), { id: 'resp_1', output: [message('msg_1', 'yes')], store: false });
    const recalled = recalledCall(callOf({ input: 'two', previous_response_id: 'resp_1' }), shelf);
    assert.equal(json(spokenTo(recalled, account('a')).body).previous_response_id, undefined);
  });

  it('is refused where the answer, or one before it, is not kept for the key', () => {
    const shelf = shelfOf();
    keep(shelf, callOf({ input: 'one' }), { id: 'resp_1', output: [] });
    keep(shelf, recalledCall(callOf({ input: 'two', previous_response_id: 'resp_1' }), shelf), {
      id: 'resp_2',
      output: [],
    });
    const next = (id: string, key = 'k') => recalledCall(callOf({ previous_response_id: id }, key), shelf);
    assert.equal(json(next('resp_2').body).input.length, 2);
    const isRefused = (error: unknown): boolean =>
      error instanceof Failure &&
      error.kind === 'previous_response_not_found' &&
      error.options.param === 'previous_response_id';
    assert.throws(() => next('resp_2', 'other'), isRefused);
    assert.throws(() => next('resp_3'), isRefused);
    assert.ok(answersOf(shelf, 'k').remove('resp_1'));
    assert.throws(
      () => next('resp_2'),
      (error) => isRefused(error) && /'resp_1', is no longer kept/.test(String(error)),
    );
  });
});

describe('a call that refers to items', () => {
  const shelf = shelfOf();
  keep(shelf, callOf({ input: 'one' }), { id: 'resp_1', output: [message('msg_1', 'yes')] });
  const bare = { id: 'msg_1' };
  const reference = { type: 'item_reference', id: 'msg_1' };

  it('has them in their place; the unknown is left out and named', () => {
    const unknown = { type: 'item_reference', id: 'rs_9' };
    const recalled = recalledCall(callOf({ input: [reference, unknown, bare] }), shelf);
    assert.deepEqual(json(recalled.body).input, [message('msg_1', 'yes'), message('msg_1', 'yes')]);
    assert.deepEqual(recalled.recalled?.lost, ['item_reference']);
    assert.deepEqual(spokenTo(recalled, account('a')).dropped, ['item_reference']);
    const other = recalledCall(callOf({ input: [reference] }, 'other'), shelf);
    assert.deepEqual(json(other.body).input, []);
  });

  it('has what a tool told said by the user where the call was such an item, and is gone', () => {
    const told = { type: 'function_call_output', call_id: 'call_9', output: '18 °C' };
    const kept = [{ type: 'function_call', call_id: 'call_8', name: 'f', arguments: '{}' }];
    const known = { ...told, call_id: 'call_8' };
    const input = [user('Hi'), { type: 'item_reference', id: 'fc_9' }, told, ...kept, known];
    const recalled = recalledCall(callOf({ input }), shelf);
    assert.deepEqual(json(spokenTo(recalled, account('a')).body).input, [
      user('Hi'),
      { type: 'message', role: 'user', content: '18 °C' },
      ...[...kept, known],
    ]);
  });

  it('is sent as it is to the account that made all of them, and only there', () => {
    const call = callOf({ input: [reference, user('two')] });
    const recalled = recalledCall(call, shelf);
    assert.equal(spokenTo(recalled, account('a')).body, call.body);
    const { id: _, ...rest } = message('msg_1', 'yes');
    assert.deepEqual(json(spokenTo(recalled, account('b')).body).input, [rest, user('two')]);
  });
});

describe('a thought that no provider had', () => {
  it('is never shown to one that speaks the dialect', () => {
    const own = ownAnswerId({ dialect: 'openai-responses', id: 'req_ab' });
    assert.equal(own, 'resp_slab');
    assert.ok(isOwnItem('rs_slab_0') && !isOwnItem('rs_68a0'));
    for (const thought of [
      { type: 'reasoning', id: 'rs_slab_0', summary: [] },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'slr1_AAAA' },
    ]) {
      const recalled = recalledCall(callOf({ input: [thought, user('two')] }), shelfOf());
      assert.deepEqual(json(spokenTo(recalled, account('a')).body).input, [user('two')]);
      assert.deepEqual(spokenTo(recalled, account('a')).dropped, ['reasoning']);
      assert.deepEqual(
        json(recalled.body).input,
        [thought, user('two')],
        'other dialects know what to do with it',
      );
    }
  });
});
