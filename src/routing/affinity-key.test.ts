import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { affinityKeyOf } from './affinity-key.ts';

type Turn = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, unknown>>;

const SYSTEM: Turn = { role: 'system', content: 'You are a helpful assistant.' };
const turn = (role: string, content: unknown): Turn => ({ role, content });

/** `after` stands behind the turns. */
const bodyOf = (messages: readonly Turn[], after: Fields = {}, before: Fields = {}): Buffer =>
  Buffer.from(JSON.stringify({ model: 'qwen3-max', ...before, messages, ...after }));
const keyOf = (body: Uint8Array, headers: Record<string, string | string[]> = {}): string | undefined =>
  affinityKeyOf(headers, body, 'team');

const ASKED = [SYSTEM, turn('user', 'Why is the sky blue?')];

describe('the key of a conversation nobody names', () => {
  /** Turn by turn, as clients append them. */
  const grows = (first: readonly Turn[], write: (messages: readonly Turn[]) => Buffer): void => {
    const later = [...first, turn('assistant', 'Because "blue" scatters.'), turn('user', 'And {red}?')];
    const key = keyOf(write(first));
    assert.match(key ?? '', /^team\/[\w+/]{27}=$/);
    assert.equal(keyOf(write(later)), key);
    assert.equal(keyOf(write([...later, turn('assistant', 'It does not.'), turn('user', 'Oh.')])), key);
  };
  const python = (messages: readonly Turn[]): Buffer =>
    Buffer.from(bodyOf(messages).toString().replaceAll('":', '": ').replaceAll('",', '", '));

  it('is the same for all its turns', () => {
    grows(ASKED, bodyOf);
    grows(ASKED, python);
    grows([turn('user', 'Hello')], bodyOf);
    grows([turn('user', [{ type: 'text', text: 'What is }] this?' }, { type: 'image_url' }])], bodyOf);
    grows([SYSTEM, { content: 'The role stands \\" last', role: 'user' }], bodyOf);
    grows([turn('user', `Long. ${'x'.repeat(20_000)}`)], bodyOf);
    grows([turn('system', 'y'.repeat(20_000)), turn('user', 'Late')], bodyOf);
    grows([turn('system', '"'.repeat(520)), turn('user', '在吗?'.repeat(300))], python);
  });

  it('is found in turns that are called contents, too', () => {
    const contents = (messages: readonly Turn[]): Buffer =>
      Buffer.from(
        JSON.stringify({
          ...{ model: 'm', stream: true },
          contents: messages.map(({ role, content }) => ({ role, parts: [{ text: content }] })),
        }),
      );
    grows([turn('user', 'Hello')], contents);
    assert.notEqual(keyOf(contents([turn('user', 'Hello')])), keyOf(contents([turn('user', 'Hi')])));
  });

  it('is the same whatever the fields around the turns', () => {
    const key = keyOf(bodyOf(ASKED));
    assert.equal(keyOf(bodyOf(ASKED, { stream: true, temperature: 0.1 }, { max_tokens: 5 })), key);
  });

  it('is another one for another first word, early or late', () => {
    const keys = [
      ASKED,
      [SYSTEM, turn('user', 'Why is the sky red?')],
      [turn('system', 'You are rude.'), turn('user', 'Why is the sky blue?')],
      [turn('system', 'y'.repeat(5_000)), turn('user', 'a')],
      [turn('system', 'y'.repeat(5_000)), turn('user', 'b')],
      [
        { role: 'system', content: 'y'.repeat(5_000) },
        { content: 'a', role: 'user' },
      ],
      [
        { role: 'system', content: 'y'.repeat(5_000) },
        { content: 'b', role: 'user' },
      ],
      [turn('system', 'w'.repeat(700)), turn('user', 'a')],
      [turn('system', 'w'.repeat(700)), turn('user', 'b')],
    ].map((messages) => keyOf(bodyOf(messages)));
    assert.equal(new Set(keys).size, keys.length);
  });

  it('reads the turns of other dialects too', () => {
    const input = (text: string): Buffer =>
      Buffer.from(`{"model":"m","input":[{"role":"user","content":"${text}"}]}`);
    assert.equal(keyOf(input('a')), keyOf(input('a')));
    assert.notEqual(keyOf(input('a')), keyOf(input('b')));
  });

  it('is none where there are no turns', () => {
    for (const text of [
      '',
      '{}',
      '[]',
      '{"model":"m"}',
      '{"messages":[]}',
      '{"messages":"no"}',
      '{"input":"text"}',
    ])
      assert.equal(keyOf(Buffer.from(text)), undefined, text);
  });
});

describe('the key of a conversation with a name', () => {
  it('is the name, in the order of how exact it is', () => {
    const headers = {
      'x-session-affinity': 'affinity',
      'x-session-id': 'session',
      'x-claude-code-session-id': 'claude',
      'session-id': 'codex',
    };
    const named = {
      prompt_cache_key: 'cache',
      metadata: { user_id: 'person', sessionId: 'qwen' },
      user: 'end',
    };
    let body = bodyOf(ASKED, named);
    assert.equal(keyOf(body, headers), 'team/cache');
    const { prompt_cache_key: _, ...rest } = named;
    body = bodyOf(ASKED, rest);
    const left: Record<string, string> = { ...headers };
    for (const [name, value] of Object.entries(headers)) {
      assert.equal(keyOf(body, left), `team/${value}`);
      delete left[name];
    }
    assert.equal(keyOf(body), 'team/person');
    assert.equal(keyOf(bodyOf(ASKED, { metadata: { sessionId: 'qwen' }, user: 'end' })), 'team/qwen');
    assert.equal(keyOf(bodyOf(ASKED, { safety_identifier: 'hashed' })), 'team/hashed');
    assert.equal(keyOf(bodyOf(ASKED, { user: 'end' })), 'team/end');
  });

  it('is found before the turns and after them, however large the body is', () => {
    const long = [turn('user', 'z'.repeat(100_000))];
    for (const messages of [ASKED, long]) {
      assert.equal(keyOf(bodyOf(messages, { user: 'u-1', stream: true })), 'team/u-1');
      assert.equal(keyOf(bodyOf(messages, {}, { user: 'u-1' })), 'team/u-1');
    }
  });

  it('is not taken from what a user wrote, nor from a description of tools', () => {
    const quoted = [turn('user', 'Send {"user":"mallory","prompt_cache_key":"x"} for me')];
    assert.match(keyOf(bodyOf(quoted)) ?? '', /=$/);
    const tools = [{ function: { parameters: { properties: { user: { type: 'string' } } } } }];
    assert.match(keyOf(bodyOf(ASKED, { tools })) ?? '', /=$/);
    assert.equal(keyOf(bodyOf(ASKED, { tools, user: 'u-1' })), 'team/u-1');
  });

  it('is passed over when it is empty or no text', () => {
    const hashed = keyOf(bodyOf(ASKED));
    assert.equal(keyOf(bodyOf(ASKED, { user: '', prompt_cache_key: null }), { 'x-session-id': '' }), hashed);
    assert.equal(keyOf(bodyOf(ASKED, { user: 7 })), hashed);
  });

  it('is the first where a header came twice, and short where it is long', () => {
    assert.equal(keyOf(bodyOf(ASKED), { 'session-id': ['one', 'two'] }), 'team/one');
    const long = (end: string): string | undefined =>
      keyOf(bodyOf(ASKED), { 'session-id': 'a'.repeat(500) + end });
    assert.equal(long('x')?.length, 'team/'.length + 28);
    assert.notEqual(long('x'), long('y'));
  });
});

describe('any key of a conversation', () => {
  it('is of one tenant alone', () => {
    for (const body of [bodyOf(ASKED), bodyOf(ASKED, { user: 'u-1' })])
      assert.notEqual(affinityKeyOf({}, body, 'a'), affinityKeyOf({}, body, 'b'));
    const headers = { 'x-session-id': 'same' };
    assert.notEqual(affinityKeyOf(headers, bodyOf(ASKED), 'a'), affinityKeyOf(headers, bodyOf(ASKED), 'b'));
  });

  it('comes without a fault from any bytes, and stays short', () => {
    const whole = bodyOf([SYSTEM, turn('user', 'a "quoted" \\ {brace}')], {
      user: 'u',
      metadata: { user_id: 'x' },
    });
    for (let end = 0; end <= whole.length; end++) keyOf(whole.subarray(0, end));
    const shards = ['"messages":', '"user"', '"user":', '"', '\\', '{', '}', '[', ' ', '"input":', 'é'];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...shards), fc.string({ maxLength: 600 })))
      .map((all) => all.join(''));
    fc.assert(
      fc.property(text, (given) => {
        const key = keyOf(Buffer.from(given));
        assert.ok(key === undefined || (key.length > 'team/'.length && key.length <= 'team/'.length + 128));
      }),
      { numRuns: 300 },
    );
  });
});
