import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { writeSseEvent } from '../../base/sse.ts';
import { OpenAIChatAssembler } from './assembler.ts';
import { OpenAIChatStreamReader } from './stream.ts';

function assemble(...stream: readonly Buffer[]) {
  const reader = new OpenAIChatStreamReader();
  const assembler = new OpenAIChatAssembler();
  for (const bytes of stream) for (const chunk of reader.push(bytes)) assembler.push(chunk);
  for (const chunk of reader.finish()) assembler.push(chunk);
  const whole = assembler.finish();
  return { whole, assembler, body: JSON.parse(whole.frame.toString()) as unknown };
}

const recorded = (name: string): unknown =>
  assemble(readFileSync(new URL(`../fixtures/openai-chat/${name}`, import.meta.url))).body;
const event = (fields: object): Buffer => writeSseEvent(JSON.stringify(fields));
const HEAD = { id: 'c', object: 'chat.completion.chunk', created: 7, model: 'm' };
const DONE = writeSseEvent('[DONE]');

/** A stream of one choice from its deltas, finished with `stop`. */
const ofDeltas = (...deltas: readonly object[]): unknown =>
  assemble(
    ...deltas.map((delta) => event({ ...HEAD, choices: [{ index: 0, delta, finish_reason: null }] })),
    event({ ...HEAD, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    DONE,
  ).body;

const answer = (message: object, finish: string | null = 'stop') => ({
  id: 'c',
  object: 'chat.completion',
  created: 7,
  model: 'm',
  choices: [{ index: 0, message, finish_reason: finish }],
  system_fingerprint: null,
});

describe('recorded streams', () => {
  it('of Model Studio become the answer that it gives when asked for one', () => {
    assert.deepEqual(recorded('dashscope.sse'), {
      id: 'chatcmpl-f3a1b2c4-0d5e-9f6a-8b7c-1a2b3c4d5e6f',
      object: 'chat.completion',
      created: 1_728_353_155,
      model: 'qwen-plus',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: '你好，世界 🎉' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 22,
        completion_tokens: 17,
        total_tokens: 39,
        prompt_tokens_details: { cached_tokens: 0 },
      },
      system_fingerprint: null,
    });
  });

  it('of a thinking model have the thought beside the answer, and usage with all that it told', () => {
    const body = recorded('dashscope-thinking.sse');
    assert.partialDeepStrictEqual(body, {
      choices: [{ message: { role: 'assistant', content: '答案是 42', reasoning_content: '先想一想。' } }],
      usage: {
        completion_tokens_details: { reasoning_tokens: 195, text_tokens: 168 },
        prompt_tokens_details: { text_tokens: 11 },
      },
    });
  });

  it('of Azure keep the filter of the prompt and of the answer, and the name and id that come late', () => {
    assert.deepEqual(recorded('azure-filter.sse'), {
      id: 'chatcmpl-BvXyZ12',
      object: 'chat.completion',
      created: 1_754_000_000,
      model: 'gpt-5-mini-2025-08-07',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Fine.', refusal: null },
          finish_reason: 'stop',
          content_filter_results: { hate: { filtered: false, severity: 'safe' } },
        },
      ],
      prompt_filter_results: [
        { prompt_index: 0, content_filter_results: { hate: { filtered: false, severity: 'safe' } } },
      ],
      service_tier: 'default',
      system_fingerprint: null,
    });
  });

  it('of OpenAI lose the padding that only a stream needs', () => {
    const body = recorded('openai-obfuscation.sse') as Record<string, unknown>;
    assert.equal('obfuscation' in body, false);
    assert.partialDeepStrictEqual(body, {
      choices: [{ message: { content: 'Hello there', refusal: null } }],
      usage: { completion_tokens_details: { accepted_prediction_tokens: 0 } },
      service_tier: 'default',
    });
  });

  it('of Moonshot have the usage at the top, where a plain answer has it', () => {
    const body = recorded('moonshot-usage-in-choice.sse') as { choices: object[] };
    assert.partialDeepStrictEqual(body, {
      choices: [{ message: { content: '月之暗面' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 8, completion_tokens: 4, total_tokens: 12 },
    });
    assert.equal('usage' in (body.choices[0] ?? {}), false);
  });

  it('with tools have every call once, its arguments joined, and no text', () => {
    const [choice] = (recorded('tool-calls-empty-ids.sse') as { choices: Record<string, unknown>[] }).choices;
    const message = choice?.['message'] as { content: unknown; tool_calls: { function: object }[] };
    assert.equal(message.content, null);
    assert.equal(choice?.['finish_reason'], 'tool_calls');
    assert.partialDeepStrictEqual(message.tool_calls, [
      { id: 'call_a1', type: 'function', function: { name: 'get_weather' } },
      { id: 'call_b2', type: 'function', function: { name: 'get_time' } },
    ]);
    for (const call of message.tool_calls) {
      assert.deepEqual(Object.keys(call), ['id', 'type', 'function']);
      const { arguments: text } = call.function as { arguments: string };
      assert.equal(typeof JSON.parse(text), 'object');
    }
  });
});

describe('a message', () => {
  it('has no text when it only calls tools or refuses, and an empty one when it says nothing', () => {
    const call = { index: 0, id: 'i', type: 'function', function: { name: 'f', arguments: '{}' } };
    const { index: _, ...written } = call;
    assert.deepEqual(
      ofDeltas({ role: 'assistant', content: '' }, { tool_calls: [call] }),
      answer({ role: 'assistant', content: null, tool_calls: [written] }),
    );
    assert.deepEqual(
      ofDeltas({ role: 'assistant', content: '' }, { refusal: 'I can' }, { refusal: 'not.' }),
      answer({ role: 'assistant', content: null, refusal: 'I cannot.' }),
    );
    assert.deepEqual(ofDeltas({}), answer({ role: 'assistant', content: '' }));
    assert.deepEqual(
      ofDeltas({ content: 'Look: ' }, { tool_calls: [call] }),
      answer({ role: 'assistant', content: 'Look: ', tool_calls: [written] }),
    );
  });

  it('takes its role, and the id, type and name of a call, from whoever tells them first', () => {
    const piece = (more: object, text: string) => ({
      role: 'assistant',
      content: null,
      tool_calls: [{ index: 1, ...more, function: { name: 'f', arguments: text } }],
    });
    assert.deepEqual(
      ofDeltas(
        piece({ id: 'i', type: 'function' }, ''),
        piece({ id: '', type: 'function' }, '{"a"'),
        piece({ id: null }, ':1}'),
      ),
      answer({
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'i', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      }),
    );
  });

  it('orders calls by their index, or by their place where they have none', () => {
    const call = (id: string, more: object = {}) => ({ id, function: { name: id, arguments: '' }, ...more });
    const ids = (body: unknown): unknown =>
      (body as ReturnType<typeof answer>).choices.flatMap(({ message }) =>
        (message as { tool_calls: { id: string }[] }).tool_calls.map(({ id }) => id),
      );
    assert.deepEqual(
      ids(ofDeltas({ tool_calls: [call('b', { index: 4 })] }, { tool_calls: [call('a', { index: 2 })] })),
      ['a', 'b'],
    );
    assert.deepEqual(ids(ofDeltas({ tool_calls: [call('a'), call('b')] })), ['a', 'b']);
  });

  it('calls a function in the old way', () => {
    assert.deepEqual(
      ofDeltas(
        { function_call: { name: 'f', arguments: '' } },
        { function_call: { arguments: '{"a"' } },
        { function_call: { arguments: ':1}' } },
      ),
      answer({ role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } }),
    );
  });

  it('keeps what it has never heard of: text joined, lists joined, anything else as told last', () => {
    assert.deepEqual(
      ofDeltas(
        { content: 'a', reasoning: 'x', annotations: [{ url: 1 }], step: { at: 1 }, seen: false },
        { content: 'b', reasoning: 'y', annotations: [{ url: 2 }], step: { at: 2 }, seen: true },
        { content: null, reasoning: null, annotations: null, step: null, seen: null },
      ),
      answer({
        role: 'assistant',
        content: 'ab',
        reasoning: 'xy',
        annotations: [{ url: 1 }, { url: 2 }],
        step: { at: 2 },
        seen: true,
      }),
    );
  });

  it('loses nothing of a content that comes as parts and as text', () => {
    const thought = { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] };
    assert.deepEqual(
      ofDeltas({ content: '' }, { content: [thought] }, { content: '' }, { content: 'yes' }),
      answer({ role: 'assistant', content: [thought, { type: 'text', text: 'yes' }] }),
    );
    assert.deepEqual(
      ofDeltas({ content: 'yes' }, { content: [thought] }, { content: [thought] }),
      answer({ role: 'assistant', content: [{ type: 'text', text: 'yes' }, thought, thought] }),
    );
  });
});

describe('chunks that are like one before them but for the text', () => {
  const said = (choice: object): unknown => {
    const chunks = ['a', 'b', 'c'].map((content) => {
      const delta = { content, ...(choice as { delta?: object }).delta };
      return event({ ...HEAD, choices: [{ index: 0, finish_reason: null, ...choice, delta }] });
    });
    return assemble(...chunks, chunks[2] as Buffer).body;
  };

  it('add their text', () => {
    for (const delta of [{}, { role: 'assistant', refusal: null, reasoning_content: '' }])
      assert.partialDeepStrictEqual(said({ delta }), { choices: [{ message: { content: 'abcc' } }] });
  });

  it('add also what else they have to add', () => {
    assert.partialDeepStrictEqual(said({ delta: { reasoning: 'x' } }), {
      choices: [{ message: { content: 'abcc', reasoning: 'xxxx' } }],
    });
    assert.partialDeepStrictEqual(said({ delta: { annotations: [1] } }), {
      choices: [{ message: { content: 'abcc', annotations: [1, 1, 1, 1] } }],
    });
    assert.partialDeepStrictEqual(said({ logprobs: { content: [{ token: 'x' }] } }), {
      choices: [{ logprobs: { content: Array.from({ length: 4 }, () => ({ token: 'x' })) } }],
    });
  });

  it('keep apart by their choice', () => {
    const piece = (index: number, content: string): Buffer =>
      event({ ...HEAD, choices: [{ index, delta: { content }, finish_reason: null }] });
    const { body } = assemble(
      ...'abcdef'.split('').map((text, i) => piece(i < 3 ? 0 : 1, text)),
      piece(0, 'g'),
    );
    assert.partialDeepStrictEqual(body, {
      choices: [{ message: { content: 'abcg' } }, { message: { content: 'def' } }],
    });
  });
});

describe('an answer', () => {
  it('has its choices in order, each with what belongs to it', () => {
    const piece = (index: number, content: string, finish: string | null = null): Buffer =>
      event({ ...HEAD, choices: [{ index, delta: { content }, finish_reason: finish }] });
    const { body } = assemble(
      piece(1, 'b'),
      piece(0, 'a'),
      piece(1, 'B', 'length'),
      piece(0, 'A', 'stop'),
      DONE,
    );
    assert.deepEqual(body, {
      ...answer({}),
      choices: [
        { index: 0, message: { role: 'assistant', content: 'aA' }, finish_reason: 'stop' },
        { index: 1, message: { role: 'assistant', content: 'bB' }, finish_reason: 'length' },
      ],
    });
  });

  it('has the probabilities of all tokens, in their order', () => {
    const token = (text: string) => ({ token: text, logprob: -0.1, bytes: null, top_logprobs: [] });
    const piece = (logprobs: unknown): Buffer =>
      event({ ...HEAD, choices: [{ index: 0, delta: { content: 'x' }, logprobs, finish_reason: null }] });
    const { body } = assemble(
      piece({ content: [token('a')], refusal: null }),
      piece({ content: [token('b'), token('c')], refusal: null }),
      piece(null),
      piece({ content: null, refusal: [token('d')] }),
    );
    assert.deepEqual((body as { choices: { logprobs: unknown }[] }).choices[0]?.logprobs, {
      content: [token('a'), token('b'), token('c')],
      refusal: [token('d')],
    });
  });

  it('that was cut has no reason to have finished', () => {
    const { body } = assemble(event({ ...HEAD, choices: [{ index: 0, delta: { content: 'Par' } }] }));
    assert.deepEqual(body, answer({ role: 'assistant', content: 'Par' }, null));
    for (const none of ['', 'null'])
      assert.partialDeepStrictEqual(
        assemble(event({ ...HEAD, choices: [{ index: 0, delta: {}, finish_reason: none }] })).body,
        { choices: [{ finish_reason: null }] },
      );
  });

  it('keeps the words of the provider, also those that we do not know', () => {
    const { body } = assemble(
      event({
        ...{ ...HEAD, request_id: 'r1', provider: 'p' },
        choices: [{ delta: { content: 'a' } }],
        usage: null,
      }),
      event({
        ...HEAD,
        request_id: null,
        choices: [{ delta: {}, finish_reason: 'eos', native_finish_reason: 'end' }],
        usage: { total_tokens: 9, cost: 0.25 },
      }),
      event({ ...HEAD, choices: null, usage: null, x_groq: { id: 'g' } }),
    );
    assert.deepEqual(body, {
      ...answer({}),
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'a' },
          finish_reason: 'eos',
          native_finish_reason: 'end',
        },
      ],
      usage: { total_tokens: 9, cost: 0.25 },
      request_id: 'r1',
      provider: 'p',
      x_groq: { id: 'g' },
    });
  });

  it('says nothing that no chunk said, but that there is no fingerprint', () => {
    assert.equal('usage' in (recorded('no-usage.sse') as object), false);
    const { whole, body } = assemble(
      event({ choices: [{ delta: { content: 'a' }, finish_reason: 'stop' }] }),
    );
    assert.deepEqual(body, {
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }],
      system_fingerprint: null,
    });
    assert.equal(whole.model, undefined);
  });

  it('is not led astray by comments, empty events, odd choices or names of the language', () => {
    const { body } = assemble(
      Buffer.from(': keep-alive\n\n\n\ndata:\n\n'),
      event({ ...HEAD, choices: [null, 5, [], { index: 0, delta: null }] }),
      Buffer.from(
        'data: {"__proto__":{"x":1},"choices":[{"index":0,"delta":{"__proto__":"p","tool_calls":null}}]}\n\n',
      ),
      DONE,
    );
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
    assert.equal(Object.getPrototypeOf(body), Object.prototype);
    assert.ok(JSON.stringify(body).includes('"__proto__":{"x":1}'));
  });

  it('holds text of any language, cut into any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (pieces) => {
        const body = ofDeltas(...pieces.map((content) => ({ content, reasoning_content: content })));
        const text = pieces.join('');
        assert.deepEqual(body, answer({ role: 'assistant', content: text, reasoning_content: text }));
      }),
    );
  });
});

it('knows how much it holds, whatever it is', () => {
  const sizeOf = (choice: object): number =>
    assemble(event({ ...HEAD, choices: [choice] }), event({ ...HEAD, choices: [choice] })).assembler.size;
  const long = 'x'.repeat(1_000);
  for (const choice of [
    { delta: { content: long } },
    { delta: { strange: long } },
    { delta: { content: [{ type: 'text', text: long }] } },
    { delta: { tool_calls: [{ index: 0, function: { arguments: long } }] } },
    { delta: { function_call: { arguments: long } } },
    { delta: {}, logprobs: { content: [{ token: long }] } },
  ])
    assert.ok(sizeOf(choice) >= 2_000, JSON.stringify(choice).slice(0, 60));
  assert.ok(sizeOf({ delta: { role: 'assistant', content: '' }, filter: { a: long } }) < 1_000);
});
