import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutSystemTurns, withoutThoughts, withoutUnsealed } from './adapt.ts';

const bytesOf = (value: unknown): Buffer =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const read = (body: Uint8Array) => JSON.parse(Buffer.from(body).toString());
const text = (said: string) => ({ type: 'text', text: said });
const reminder = (said: string) => text(`<system-reminder>\n${said}\n</system-reminder>`);
const user = (content: unknown) => ({ role: 'user', content });
const system = (content: unknown) => ({ role: 'system', content });
const assistant = (content: unknown) => ({ role: 'assistant', content });

describe('turns of the system', () => {
  const told = (messages: readonly object[]): unknown => {
    const body = bytesOf({ model: 'm', messages, stream: true });
    return read(withoutSystemTurns(body)).messages;
  };

  it('are told at the end of the turn of the user before them', () => {
    assert.deepEqual(told([user('hi'), system('Tools: none.'), assistant('Yes?'), user('go')]), [
      user([text('hi'), reminder('Tools: none.')]),
      assistant('Yes?'),
      user('go'),
    ]);
    const result = { type: 'tool_result', tool_use_id: 't', content: '1' };
    assert.deepEqual(told([assistant('x'), user([result]), system([text('a'), text('b')])]), [
      assistant('x'),
      user([result, reminder('a'), reminder('b')]),
    ]);
  });

  it('are a turn of the user where none stands before them, and two turns of the user never meet', () => {
    assert.deepEqual(told([system('first'), user('hi')]), [user([reminder('first'), text('hi')])]);
    assert.deepEqual(told([user('hi'), assistant('x'), system('now'), system('then')]), [
      user('hi'),
      assistant('x'),
      user([reminder('now'), reminder('then')]),
    ]);
    assert.deepEqual(told([user('hi'), assistant('x'), system([])]), [user('hi'), assistant('x')]);
  });

  it('leave every other byte as it came, and all where there are none', () => {
    const without = bytesOf('{ "model":"m",\n "messages" : [{"role":"user","content":"role: system"}] }');
    assert.equal(withoutSystemTurns(without), without);
    const quoted = bytesOf({ messages: [user('"role":"system"')] });
    assert.equal(withoutSystemTurns(quoted), quoted, 'in a text the quotes are escaped');
    const head = '{ "x" : 1.50,"messages":';
    const tail = ' ,"metadata":{"a": [ ] } }';
    const body = bytesOf(`${head}${JSON.stringify([user('hi'), system('s')])}${tail}`);
    const adapted = Buffer.from(withoutSystemTurns(body)).toString();
    assert.ok(adapted.startsWith(head) && adapted.endsWith(tail), adapted);
    const odd = bytesOf('{"role":"system","messages":"none"}');
    assert.deepEqual(withoutSystemTurns(odd), odd);
  });
});

describe('thoughts of another provider', () => {
  const thinking = { type: 'thinking', thinking: 'hm', signature: 's' };
  const hidden = { type: 'redacted_thinking', data: 'x' };
  const call = { type: 'tool_use', id: 't', name: 'f', input: {} };

  it('are taken out of every turn, and named once', () => {
    const messages = [
      user('hi'),
      assistant([thinking, hidden, text('Yes.')]),
      user('go'),
      assistant([thinking, call]),
    ];
    const { body, dropped } = withoutThoughts(bytesOf({ messages, thinking: { type: 'adaptive' } }));
    assert.deepEqual(read(body), {
      messages: [user('hi'), assistant([text('Yes.')]), user('go'), assistant([call])],
      thinking: { type: 'adaptive' },
    });
    assert.deepEqual(dropped, ['thought_signature']);
  });

  it('take the budget of the next one with them', () => {
    const messages = [assistant([thinking, call])];
    const { body, dropped } = withoutThoughts(
      bytesOf({ thinking: { type: 'enabled', budget_tokens: 2_000 }, messages }),
    );
    assert.deepEqual(read(body).thinking, { type: 'disabled' });
    assert.deepEqual(dropped, ['thought_signature', 'thinking']);
  });

  it('leave the budget where the turn of tools has its own, or is over', () => {
    const budget = { type: 'enabled', budget_tokens: 2_000 };
    const messages = [assistant([thinking, call]), user('no'), assistant([text('Well.')]), user('go')];
    const { body, dropped } = withoutThoughts(bytesOf({ thinking: budget, messages }));
    assert.deepEqual(read(body).thinking, budget);
    assert.deepEqual(dropped, ['thought_signature']);
  });

  it('are those alone that nobody sealed, for a model that seals its own', () => {
    const unsealed = { ...thinking, signature: '' };
    const messages = [assistant([unsealed, thinking, hidden, text('Yes.')]), user('"signature":""')];
    const { body, dropped } = withoutUnsealed(bytesOf({ messages }));
    assert.deepEqual(read(body).messages[0], assistant([thinking, hidden, text('Yes.')]));
    assert.deepEqual(dropped, ['thinking']);
    const whole = bytesOf({ messages: [assistant([thinking, hidden, text('Yes.')])] });
    assert.equal(withoutUnsealed(whole).body, whole);
    const quoted = bytesOf({ messages: [user('{"signature":""}')] });
    assert.deepEqual(withoutUnsealed(quoted), { body: quoted, dropped: [] });
  });

  it('leave a turn that was nothing else with a sign', () => {
    const { body } = withoutThoughts(bytesOf({ messages: [assistant([thinking])] }));
    assert.deepEqual(read(body).messages, [assistant([text('…')])]);
  });

  it('change nothing where there are none', () => {
    for (const value of [{ messages: [assistant('x'), user([text('thinking')])] }, { messages: 'none' }]) {
      const body = bytesOf(value);
      assert.deepEqual(withoutThoughts(body), { body, dropped: [] });
    }
  });
});
