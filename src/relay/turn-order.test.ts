import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChatMessage } from '../domain/chat.ts';
import { orderedTurns } from './turn-order.ts';

const says = (role: ChatMessage['role'], text: string): ChatMessage => ({
  role,
  parts: [{ type: 'text', text }],
});
const calls = (...ids: string[]): ChatMessage => ({
  ...{ role: 'assistant', parts: [] },
  toolCalls: ids.map((id) => ({ id, name: `tool_${id}`, arguments: '{}' })),
});
const tells = (toolCallId: string, text = `of ${toolCallId}`): ChatMessage => ({
  ...says('tool', text),
  toolCallId,
});

const ordered = (...messages: ChatMessage[]) => {
  const dropped = new Set<string>();
  return { turns: orderedTurns(messages, dropped), dropped: [...dropped] };
};

describe('turns between dialects', () => {
  it('stay the same objects where they are in order', () => {
    const messages = [says('user', 'Hi'), calls('a', 'b'), tells('b'), tells('a'), says('assistant', 'So.')];
    assert.equal(orderedTurns(messages, new Set()), messages);
    const open = [says('user', 'Hi'), calls('a')];
    assert.equal(orderedTurns(open, new Set()), open, 'a call may wait for its result');
  });

  it('have what a tool told right behind its call, and what was said between them behind that', () => {
    const [asks, shows] = [says('user', 'Hi'), says('user', 'a picture')];
    const { turns, dropped } = ordered(asks, calls('a', 'b'), tells('a'), shows, tells('b'));
    assert.deepEqual(turns, [asks, calls('a', 'b'), tells('a'), tells('b'), shows]);
    assert.deepEqual(dropped, []);
    const late = ordered(asks, calls('a'), says('assistant', 'Wait.'), calls('b'), tells('b'), tells('a'));
    assert.deepEqual(late.turns, [
      asks,
      calls('a'),
      tells('a'),
      says('assistant', 'Wait.'),
      calls('b'),
      tells('b'),
    ]);
  });

  it('give every call an id of its own, the same however long the conversation gets', () => {
    const messages = [calls('', ''), tells('', 'first'), tells('', 'second'), calls('x'), tells('x')];
    const { turns } = ordered(...messages, calls('x'), tells('x', 'again'));
    assert.deepEqual(
      turns.map(({ toolCalls, toolCallId }) => toolCallId ?? toolCalls?.map(({ id }) => id)),
      [['call_1', 'call_2'], 'call_1', 'call_2', ['x'], 'x', ['x_1'], 'x_1'],
    );
    assert.deepEqual(turns.at(-1)?.parts, [{ type: 'text', text: 'again' }]);
    assert.deepEqual(ordered(...messages).turns, turns.slice(0, messages.length));
  });

  it('let the user tell what a tool told of which nobody knows the call', () => {
    const { turns, dropped } = ordered(says('user', 'Hi'), tells('gone', '18 °C'), says('user', 'So?'));
    assert.deepEqual(turns, [says('user', 'Hi'), says('user', '18 °C'), says('user', 'So?')]);
    assert.deepEqual(dropped, ['call_id']);
  });

  it('have none in which nothing is said, and name the thought that was alone in one', () => {
    const silent: ChatMessage = { role: 'assistant', parts: [] };
    const { turns, dropped } = ordered(says('user', 'Hi'), silent, { ...silent, reasoning: 'hm' });
    assert.deepEqual(turns, [says('user', 'Hi')]);
    assert.deepEqual(dropped, ['reasoning']);
  });

  it('lose no result and no word, and are then in order', () => {
    const id = fc.constantFrom('', 'a', 'b', 'a_1', 'call_1');
    const any = fc.oneof(
      fc.array(id, { minLength: 1, maxLength: 3 }).map((ids) => calls(...ids)),
      fc.tuple(id, fc.string({ minLength: 1 })).map(([of, text]) => tells(of, text)),
      fc.string({ minLength: 1 }).map((text) => says('user', text)),
    );
    const textsOf = (messages: readonly ChatMessage[]): string[] =>
      messages.flatMap(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : ''))).sort();
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), (messages) => {
        const { turns } = ordered(...messages);
        assert.deepEqual(textsOf(turns), textsOf(messages));
        const ids = turns.flatMap(({ toolCalls = [] }) => toolCalls.map((call) => call.id));
        assert.equal(new Set(ids).size, ids.length);
        turns.forEach(({ role, toolCallId }, i) => {
          if (role !== 'tool') return;
          const calling = turns.slice(0, i).findLast((turn) => turn.role !== 'tool');
          assert.ok(calling?.toolCalls?.some((call) => call.id === toolCallId));
        });
        assert.deepEqual(ordered(...turns).turns, turns);
      }),
    );
  });
});
