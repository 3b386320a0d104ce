import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatEvent, ChatMessage } from '../domain/chat.ts';
import { createShelf, type Shelf } from '../state/shelf.ts';
import { nextPlace, ownerOf, ThoughtKeeper, withThoughts } from './kept-thoughts.ts';

const shelfOf = (): Shelf =>
  createShelf({ now: () => 0, settings: () => ({ maxBytes: 1_000_000, ttlMs: 1_000 }) });

const CALL = 'toolu_0123456789abcdef';

type Whose = { readonly key?: string; readonly provider?: string; readonly asked?: readonly ChatMessage[] };

function heard(
  shelf: Shelf,
  events: readonly ChatEvent[],
  { key = 'k', provider = 'anthropic', asked = [] }: Whose = {},
): void {
  const keeper = new ThoughtKeeper({ shelf, key, provider }, nextPlace(asked));
  for (const event of events) keeper.take(event);
  keeper.keep();
}

function restored(
  shelf: Shelf,
  message: Partial<ChatMessage>,
  { key = 'k', provider = 'anthropic', asked = [] }: Whose = {},
): { readonly message: ChatMessage | undefined; readonly dropped: readonly string[] } {
  const dropped = new Set<string>();
  const turn: ChatMessage = { role: 'assistant', parts: [], ...message };
  const back = withThoughts([...asked, turn], { shelf, key, provider }, dropped).at(-1);
  return { message: back, dropped: [...dropped] };
}

const callOf = (id: string, args = '{"city":"杭州"}') => ({ id, name: 'look', arguments: args });
const told = (id: string, index = 0, args = '{"city":"杭州"}'): ChatEvent[] => [
  { type: 'tool-call', index, id, name: 'look', arguments: '' },
  { type: 'tool-call', index, arguments: args },
];
const SEALED: readonly ChatEvent[] = [
  { type: 'reasoning', text: 'Let me ' },
  { type: 'reasoning', text: 'see.' },
  { type: 'reasoning', text: '', signature: 's1' },
  { type: 'reasoning', text: '', signature: 'blob', redacted: true },
  { type: 'reasoning', text: 'More.' },
  { type: 'reasoning', text: '', signature: 's2' },
];
const THOUGHTS = [
  { text: 'Let me see.', signature: 's1' },
  { text: '', signature: 'blob', redacted: true },
  { text: 'More.', signature: 's2' },
];

describe('the thoughts of a provider', () => {
  it('come back in front of the call of tools that followed them, sealed and one by one', () => {
    const shelf = shelfOf();
    heard(shelf, [...SEALED, ...told(CALL), ...told('toolu_fedcba9876543210', 1)]);
    const { message, dropped } = restored(shelf, { toolCalls: [callOf(CALL)] });
    assert.deepEqual(message?.thoughts, THOUGHTS);
    assert.equal(message?.reasoning, 'Let me see.More.');
    assert.deepEqual(dropped, []);
    const both = restored(shelf, { toolCalls: [callOf('toolu_fedcba9876543210'), callOf(CALL)] });
    assert.deepEqual(both.message?.thoughts, THOUGHTS);
  });

  it('come back where nothing was called by the text that followed them', () => {
    const shelf = shelfOf();
    heard(shelf, [...SEALED, { type: 'text', text: 'It is ' }, { type: 'text', text: 'sunny.' }]);
    const parts = [{ type: 'text' as const, text: 'It is sunny.' }];
    assert.deepEqual(restored(shelf, { parts }).message?.thoughts, THOUGHTS);
    assert.equal(
      restored(shelf, { parts: [{ type: 'text', text: 'It rains.' }] }).message?.thoughts,
      undefined,
    );
    assert.equal(restored(shelf, { role: 'user', parts }).message?.thoughts, undefined);
  });

  it('stay in the conversation where they were thought, though the same is said in another', () => {
    const shelf = shelfOf();
    const says = (role: 'user' | 'assistant', text: string): ChatMessage => ({
      role,
      parts: [{ type: 'text', text }],
    });
    const asked = [says('user', 'I am Mei.'), says('assistant', 'Hello.'), says('user', 'Is it done?')];
    heard(
      shelf,
      [
        { type: 'reasoning', text: 'Mei asks.' },
        { type: 'text', text: 'Yes.' },
      ],
      { asked },
    );
    const [first, second, last] = asked as [ChatMessage, ChatMessage, ChatMessage];
    const thoughtAfter = (...told: ChatMessage[]) =>
      restored(shelf, says('assistant', 'Yes.'), { asked: told }).message?.reasoning;
    assert.equal(thoughtAfter(first, second, last), 'Mei asks.');
    assert.equal(thoughtAfter(first, last), 'Mei asks.', 'what stood between may be gone');
    assert.equal(thoughtAfter(says('user', 'I am Tom.'), second, last), undefined);
    assert.equal(thoughtAfter(first, second, says('user', 'Is it late?')), undefined);
    const id = 'functions.look:0';
    heard(shelf, [{ type: 'reasoning', text: 'Mei looks.' }, ...told(id)], { asked });
    const called = (told: readonly ChatMessage[]) =>
      restored(shelf, { toolCalls: [callOf(id)] }, { asked: told }).message?.reasoning;
    assert.deepEqual([called(asked), called([last])], ['Mei looks.', undefined]);
  });

  it('without a seal are plain reasoning, and the words of the client win', () => {
    const shelf = shelfOf();
    heard(shelf, [{ type: 'reasoning', text: 'hm' }, ...told(CALL)], { provider: 'deepseek' });
    const to = { provider: 'deepseek' };
    assert.equal(restored(shelf, { toolCalls: [callOf(CALL)] }, to).message?.reasoning, 'hm');
    assert.equal(restored(shelf, { toolCalls: [callOf(CALL)] }, to).message?.thoughts, undefined);
    const own = { toolCalls: [callOf(CALL)], reasoning: 'mine' };
    assert.equal(restored(shelf, own, to).message?.reasoning, 'mine');
  });

  it('are not shown to another provider, which is told where there was a seal', () => {
    const shelf = shelfOf();
    heard(shelf, [...SEALED, ...told(CALL)]);
    const other = restored(shelf, { toolCalls: [callOf(CALL)] }, { provider: 'qwen' });
    assert.deepEqual(other.message, { role: 'assistant', parts: [], toolCalls: [callOf(CALL)] });
    assert.deepEqual(other.dropped, ['thought_signature']);
    const plain = 'call_00_abcdefghijkl';
    heard(shelf, [{ type: 'reasoning', text: 'hm' }, ...told(plain)], { provider: 'deepseek' });
    assert.deepEqual(restored(shelf, { toolCalls: [callOf(plain)] }).dropped, []);
  });

  it('are nobody else’s', () => {
    const shelf = shelfOf();
    heard(shelf, [...SEALED, ...told(CALL)]);
    const stranger = restored(shelf, { toolCalls: [callOf(CALL)] }, { key: 'other' });
    assert.equal(stranger.message?.thoughts, undefined);
    assert.equal(ownerOf(shelf, 'other', CALL), undefined);
  });

  it('are told apart by the arguments where calls are only numbered', () => {
    const shelf = shelfOf();
    const id = 'functions.look:0';
    heard(shelf, [{ type: 'reasoning', text: 'east' }, ...told(id, 0, '{"city": "杭州"}')]);
    heard(shelf, [{ type: 'reasoning', text: 'north' }, ...told(id, 0, '{"city": "北京"}')]);
    const thoughtOf = (args: string) => restored(shelf, { toolCalls: [callOf(id, args)] }).message?.reasoning;
    assert.equal(thoughtOf('{"city":"杭州"}'), 'east');
    assert.equal(thoughtOf('{ "city" : "北京" }'), 'north');
    assert.equal(thoughtOf('{"city":"上海"}'), undefined);
    assert.equal(ownerOf(shelf, 'k', id), undefined);
  });

  it('leave the seals of calls at their calls', () => {
    const shelf = shelfOf();
    const seal = { signature: 'call-seal' };
    heard(shelf, [{ type: 'tool-call', index: 0, id: CALL, name: 'look', arguments: '{}', ...seal }]);
    const { message } = restored(shelf, { toolCalls: [callOf(CALL), callOf('constructor')] });
    assert.deepEqual(message?.toolCalls, [{ ...callOf(CALL), ...seal }, callOf('constructor')]);
  });

  it('say whose a call of tools is, and nothing where nothing was thought', () => {
    const shelf = shelfOf();
    heard(shelf, [...SEALED, ...told(CALL), ...told('toolu_fedcba9876543210', 1)]);
    assert.equal(ownerOf(shelf, 'k', CALL), 'anthropic');
    assert.equal(ownerOf(shelf, 'k', 'toolu_fedcba9876543210'), 'anthropic');
    const empty = shelfOf();
    heard(empty, told(CALL));
    assert.equal(empty.bytes, 0);
  });

  it('of a second choice are none of the conversation', () => {
    const shelf = shelfOf();
    heard(shelf, [{ type: 'reasoning', text: 'hm', choice: 1 }, ...told(CALL)]);
    assert.equal(shelf.bytes, 0);
  });
});
