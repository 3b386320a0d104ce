import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isJsonObject } from '../base/json.ts';
import type { BodyRules } from '../domain/body-rules.ts';
import type { Channel } from '../domain/channel.ts';
import { createOpenAICompatible } from '../providers/openai-compatible.ts';
import { dressed, rulesFor } from './body-rules.ts';

function after(body: string, ...rules: BodyRules[]) {
  const { body: bytes, dropped } = dressed(Buffer.from(body), rules);
  return { text: Buffer.from(bytes).toString(), dropped };
}

describe('a body with rules', () => {
  it('is the same bytes, not even looked at, where there are none', () => {
    const body = Buffer.from('{"model":"m"');
    assert.equal(dressed(body, []).body, body);
    assert.deepEqual(dressed(body, []).dropped, []);
  });

  it('is the same bytes where no rule finds anything', () => {
    const body = Buffer.from('{ "model" : "m", "user_" : 1 }');
    assert.equal(dressed(body, [{ drop: ['user', 'model.x', 'messages[].name'] }]).body, body);
  });

  it('loses a field wherever it stands, and nothing else, not even a blank', () => {
    for (const [given, left] of [
      ['{"a":1,"user":"u","b":2}', '{"a":1,"b":2}'],
      ['{"user":"u", "a":1}', '{ "a":1}'],
      ['{"a":1,"user":{"x":[1,"}"]}}', '{"a":1}'],
      ['{ "a" : 1 , "user" : "u" }', '{ "a" : 1 }'],
      ['{"user":1}', '{}'],
      ['{"user":1,"tag":2,"a":"ü"}', '{"a":"ü"}'],
      ['{"user":1,"a":2,"tag":3}', '{"a":2}'],
      ['{"us\\u0065r":1,"a":2}', '{"a":2}'],
    ] as const)
      assert.equal(after(given, { drop: ['user', 'tag'] }).text, left);
    assert.deepEqual(after('{"user":1,"a":2}', { drop: ['user', 'tag'] }).dropped, ['user']);
  });

  it('loses fields inside lists and objects, and names them once', () => {
    const given =
      '{"messages":[{"role":"user","name":"n","content":"[{"},{"name":"x","role":"user"}, 3, []],"tools":[]}';
    const { text, dropped } = after(given, { drop: ['messages[].name', 'tools[].x', 'messages[].a[].b'] });
    assert.equal(text, '{"messages":[{"role":"user","content":"[{"},{"role":"user"}, 3, []],"tools":[]}');
    assert.deepEqual(dropped, ['messages[].name']);
    assert.equal(after('{"a":{"b":1,"c":2}}', { drop: ['a.b'] }).text, '{"a":{"c":2}}');
    assert.equal(
      after('{"a":"text","c":{}}', { drop: ['a.b', 'a[].b', 'c[].b'] }).text,
      '{"a":"text","c":{}}',
    );
  });

  it('loses a field without a word where nothing is lost by it', () => {
    const { text, dropped } = after('{"stream_options":{},"a":1,"b":2}', {
      omit: ['stream_options'],
      drop: ['b'],
    });
    assert.deepEqual([text, dropped], ['{"a":1}', ['b']]);
  });

  it('gets a field under its new name, and says so only where one of the two is lost', () => {
    const rename = { max_completion_tokens: 'max_tokens' };
    const moved = after('{"a":1, "max_completion_tokens" : 5}', { rename });
    assert.deepEqual(moved, { text: '{"a":1, "max_tokens" : 5}', dropped: [] });
    const both = after('{"max_completion_tokens":5,"max_tokens":6}', { rename });
    assert.deepEqual(both, { text: '{"max_tokens":6}', dropped: ['max_completion_tokens'] });
  });

  it('gets a value, in the place of the client’s, or at its end', () => {
    const set = { store: false, tags: ['a'] };
    const added = after('{"a":1 }', { set });
    assert.deepEqual(added, { text: '{"a":1,"store":false,"tags":["a"] }', dropped: [] });
    const replaced = after('{"store":true,"tags":["a"]}', { set });
    assert.deepEqual(replaced, { text: '{"store":false,"tags":["a"]}', dropped: ['store'] });
    assert.equal(after('{"a":1}', { drop: ['a'], set: { b: 2 } }).text, '{"b":2}');
    assert.equal(after('{ }', { set: { b: 2 } }).text, '{"b":2 }');
  });

  it('has ids of nine letters and digits, the same for a call and its result', () => {
    const nine = ['messages[].tool_calls[].id', 'messages[].tool_call_id'];
    const given = JSON.stringify({
      messages: [
        { role: 'assistant', tool_calls: [{ id: 'call_1' }, { id: 'abcDEF123' }] },
        { role: 'tool', tool_call_id: 'call_1' },
        { role: 'tool', tool_call_id: 'abcDEF123' },
      ],
    });
    const { text, dropped } = after(given, { nine });
    const [asked, one, two] = JSON.parse(text).messages;
    assert.match(asked.tool_calls[0].id, /^[a-zA-Z0-9]{9}$/);
    assert.equal(asked.tool_calls[0].id, one.tool_call_id);
    assert.deepEqual([asked.tool_calls[1].id, two.tool_call_id], ['abcDEF123', 'abcDEF123']);
    assert.deepEqual(dropped, []);
  });

  it('has a word said otherwise where it stands in its field, and nowhere else', () => {
    const swap = { 'messages[].role': { developer: 'system' } };
    const given = '{"messages":[{"role":"developer","content":"developer"},{"role" : "user"},{"role":5}]}';
    const { text, dropped } = after(given, { swap });
    assert.equal(text, given.replace('"role":"developer"', '"role":"system"'));
    assert.deepEqual(dropped, []);
    const without = Buffer.from('{"messages":[{"role":"user"}]}');
    assert.equal(dressed(without, [{ swap }]).body, without);
  });

  it('follows one rule after the other: the account sees what the provider has left', () => {
    const provider = { rename: { max_completion_tokens: 'max_tokens' }, drop: ['user'] };
    const { text, dropped } = after('{"max_completion_tokens":5,"user":"u","logprobs":true}', provider, {
      set: { max_tokens: 4, user: 'house' },
      drop: ['logprobs'],
    });
    assert.deepEqual(JSON.parse(text), { max_tokens: 4, user: 'house' });
    assert.deepEqual(dropped.toSorted(), ['logprobs', 'max_tokens', 'user']);
  });

  it('means what it meant, but for what the rules name, whatever it holds', () => {
    const names = ['a', 'b', 'c', 'd', 'e"', 'ü'];
    const value = fc.jsonValue({ maxDepth: 2 });
    const bodies = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 6 });
    const spaces = fc.constantFrom(0, 1, '\t');
    fc.assert(
      fc.property(bodies, spaces, fc.subarray(names), value, (body, space, drop, set) => {
        const kept = names.filter((name) => !drop.includes(name));
        const [from = 'x', over = 'y'] = kept;
        const rules = { drop, rename: { [from]: 'to' }, set: { [over]: set } };
        const { text, dropped } = after(JSON.stringify(body, null, space), rules);
        const expected: Record<string, unknown> = {};
        for (const [name, each] of Object.entries(body))
          if (!drop.includes(name)) expected[name === from ? 'to' : name] = each;
        expected[over] = set;
        const read: unknown = JSON.parse(text);
        assert.ok(isJsonObject(read));
        assert.equal(
          JSON.stringify(sorted(read)),
          JSON.stringify(sorted(JSON.parse(JSON.stringify(expected)))),
        );
        for (const name of drop) assert.equal(dropped.includes(name), Object.hasOwn(body, name));
      }),
    );
  });
});

const sorted = (object: object): unknown[] => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));

describe('the rules for a call', () => {
  const account = { id: 'a', provider: 'p', baseUrl: 'https://h/v1', secrets: [] };
  const channelOf = (upstreamModel: string, bodyRules?: BodyRules): Channel => ({
    ...{ id: `a/${upstreamModel}`, upstreamModel, limits: {}, tier: 0, weight: 1 },
    account: { ...account, ...(bodyRules === undefined ? {} : { bodyRules }) },
  });
  const source = 'https://example.com';
  const provider = createOpenAICompatible({
    id: 'p',
    name: 'P',
    quirks: [
      { what: 'told only', source },
      { what: 'of all', source, rules: { drop: ['x'] } },
      { what: 'of some', source, rules: { drop: ['y'] }, models: /^thinking/ },
      { what: 'elsewhere', source, rules: { drop: ['z'] }, dialect: 'anthropic-messages' },
    ],
  });

  it('are those of the provider for this model and dialect, then those of the account', () => {
    const own = { drop: ['mine'] };
    assert.deepEqual(rulesFor(provider, channelOf('m', own), 'openai-chat'), [{ drop: ['x'] }, own]);
    const [both, ...more] = rulesFor(provider, channelOf('thinking-1', own), 'openai-chat');
    assert.partialDeepStrictEqual(both, { drop: ['x', 'y'] });
    assert.deepEqual(more, [own]);
    assert.deepEqual(rulesFor(provider, channelOf('m', own), 'anthropic-messages'), [{ drop: ['z'] }, own]);
    assert.deepEqual(rulesFor(provider, channelOf('m'), 'openai-responses'), []);
  });

  it('are none where neither has any', () => {
    const plain = createOpenAICompatible({ id: 'q', name: 'Q' });
    assert.deepEqual(rulesFor(plain, channelOf('m'), 'openai-chat'), []);
    assert.equal(
      rulesFor(plain, channelOf('m'), 'openai-chat'),
      rulesFor(plain, channelOf('n'), 'openai-chat'),
    );
  });
});
