import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeSseEvent } from '../base/sse.ts';
import { gemini } from '../dialects/gemini/gemini.ts';
import { Failure } from '../domain/failure.ts';
import type { Outlet } from './exchange.ts';
import { JsonList } from './json-list.ts';

/** An outlet that keeps what it is given. */
function kept() {
  const pieces: Uint8Array[] = [];
  const state = { headers: {} as Record<string, string>, ended: 0, drains: false, failed: 0, torn: 0 };
  const push = (bytes: Uint8Array): boolean => {
    pieces.push(bytes);
    return !state.drains;
  };
  const outlet: Outlet = {
    response: {
      headersSent: false,
      destroyed: false,
      get writableNeedDrain() {
        return state.drains;
      },
      write: push,
      end() {
        state.ended += 1;
      },
    },
    openStream(headers) {
      state.headers = headers;
    },
    sendJson: (_status, body) => void push(body),
    sendFailure() {
      state.failed += 1;
    },
    comment: (bytes) => void push(bytes),
    breakOff(words) {
      if (words !== undefined) push(words);
      state.ended += 1;
    },
    tear() {
      state.torn += 1;
    },
    drained: () => Promise.resolve(),
    trail: () => undefined,
  };
  return { list: new JsonList(outlet), state, text: () => Buffer.concat(pieces).toString() };
}

test('every event is an element, however many come at once, and white space may stand between', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.jsonValue(), { maxLength: 3 })), (writes) => {
      const { list, state, text } = kept();
      list.openStream({ 'x-of': 'it' });
      for (const values of writes) {
        list.comment(gemini.heartbeat('queued'));
        list.response.write(Buffer.concat(values.map((value) => writeSseEvent(JSON.stringify(value)))));
      }
      list.response.end();
      assert.deepEqual(JSON.parse(text()), JSON.parse(JSON.stringify(writes.flat())));
      assert.deepEqual(state.headers, { 'x-of': 'it', 'content-type': 'application/json; charset=UTF-8' });
      assert.equal(state.ended, 1);
    }),
  );
});

test('its elements stand as Google writes them', () => {
  const { list, text } = kept();
  for (const data of ['{"a":1}', '{"b":2}']) list.response.write(writeSseEvent(data));
  list.response.write(Buffer.from('data: {"c":3}'));
  list.response.end();
  assert.equal(text(), '[{"a":1}\n,\r\n{"b":2}\n,\r\n{"c":3}\n]');
});

test('an error is the last element, also of an empty list', () => {
  const failure = new Failure('stream_died', { message: 'The answer broke off.' });
  for (const before of [[], ['{"a":1}']]) {
    const { list, text, state } = kept();
    for (const data of before) list.response.write(writeSseEvent(data));
    list.breakOff(gemini.writeStreamFailure(failure, 'req_1'));
    const elements = JSON.parse(text());
    assert.equal(elements.length, before.length + 1);
    assert.match(elements.at(-1).error.message, /broke off/);
    assert.equal(state.ended, 1);
  }
  const { list, text } = kept();
  list.breakOff();
  assert.equal(text(), '');
});

test('it is slowed down and refused as what it writes to', () => {
  const { list, state } = kept();
  state.drains = true;
  assert.equal(list.response.write(writeSseEvent('{}')), false);
  assert.equal(list.response.writableNeedDrain, true);
  assert.equal(list.response.write(Buffer.from('\n\n')), true, 'nothing to write');
  list.sendFailure(new Failure('draining', { message: 'x' }), gemini);
  assert.equal(state.failed, 1);
});
