import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure } from '../../domain/failure.ts';
import { gemini } from './gemini.ts';

const bodyOf = (fields: object): Buffer =>
  Buffer.from(
    JSON.stringify({
      model: 'm',
      stream: false,
      contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
      ...fields,
    }),
  );
const read = (fields: object) => gemini.readRequest(bodyOf(fields));
const headOf = (fields: object) => gemini.readHead(bodyOf(fields));

describe('the head of a request of Gemini', () => {
  it('bounds the output of all candidates together', () => {
    assert.equal(headOf({}).maxOutputTokens, Infinity);
    assert.equal(headOf({ generationConfig: { maxOutputTokens: 50 } }).maxOutputTokens, 50);
    const config = { max_output_tokens: 50, candidate_count: 3 };
    assert.equal(headOf({ generation_config: config }).maxOutputTokens, 150);
  });

  it('is read of a big body by scanning', () => {
    const parts = [{ text: 'x'.repeat(300_000) }];
    const head = headOf({ stream: true, contents: [{ parts }], generationConfig: { maxOutputTokens: 7 } });
    assert.deepEqual(head, { model: 'm', stream: true, wantsUsage: true, maxOutputTokens: 7 });
  });

  it('names what is wrong', () => {
    for (const [fields, param] of [
      [{ contents: undefined }, 'contents'],
      [{ contents: [] }, 'contents'],
      [{ contents: 'Hi' }, 'contents'],
      [{ contents: [1] }, 'contents[0]'],
      [{ generationConfig: [] }, 'generationConfig'],
      [{ generationConfig: { maxOutputTokens: 0 } }, 'generationConfig.maxOutputTokens'],
      [{ generationConfig: { candidateCount: 1.5 } }, 'generationConfig.candidateCount'],
      [{ model: '' }, 'model'],
    ] as const)
      assert.throws(
        () => headOf(fields),
        (error) => error instanceof Failure && error.options.param === param && error.message.includes(param),
        param,
      );
  });

  it('refuses turns that nobody can read', () => {
    for (const [contents, place] of [
      [[{ role: 'assistant', parts: [] }], 'contents[0].role'],
      [[{ parts: [] }, { parts: 'Hi' }], 'contents[1].parts'],
      [[{ parts: ['Hi'] }], 'contents[0].parts[0]'],
    ] as const)
      assert.throws(() => read({ contents }), new RegExp(place.replace(/[[\]]/g, '\\$&')));
    assert.throws(() => read({ systemInstruction: { parts: 'Hi' } }), /systemInstruction\.parts/);
  });
});

describe('a request of Gemini', () => {
  it('is read in either spelling', () => {
    const camel = read({
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        { parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }] },
        { role: 'model', parts: [{ functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 's' }] },
        { parts: [{ functionResponse: { name: 'f', response: { output: 'ok' } } }] },
      ],
      tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }] }],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
      generationConfig: { topP: 0.5, stopSequences: ['x'], maxOutputTokens: 9 },
    });
    const snake = read({
      system_instruction: { parts: [{ text: 'Be brief.' }] },
      contents: [
        { parts: [{ inline_data: { mime_type: 'image/png', data: 'AAAA' } }] },
        { role: 'model', parts: [{ function_call: { name: 'f', args: { a: 1 } }, thought_signature: 's' }] },
        { parts: [{ function_response: { name: 'f', response: { output: 'ok' } } }] },
      ],
      tools: [{ function_declarations: [{ name: 'f', parameters_json_schema: { type: 'object' } }] }],
      tool_config: { function_calling_config: { mode: 'ANY', allowed_function_names: ['f'] } },
      generation_config: { top_p: 0.5, stop_sequences: ['x'], max_output_tokens: 9 },
    });
    const { extra, ...rest } = snake;
    const { extra: _extra, ...same } = camel;
    assert.deepEqual(rest, same);
    assert.deepEqual(camel.extra['generationConfig'], { topP: 0.5, stopSequences: ['x'] });
    assert.deepEqual(extra['generationConfig'], camel.extra['generationConfig']);
    assert.deepEqual(camel.toolChoice, { name: 'f' });
    assert.deepEqual(camel.tools, [{ name: 'f', parameters: { type: 'object' } }]);
    assert.equal(camel.maxOutputTokens, 9);
    assert.deepEqual(camel.messages[0], { role: 'system', parts: [{ type: 'text', text: 'Be brief.' }] });
    assert.deepEqual(camel.messages[2]?.toolCalls, [
      { id: 'call_1', name: 'f', arguments: '{"a":1}', signature: 's' },
    ]);
  });

  it('gives calls without ids one that stays, and their results the same, in their order', () => {
    const call = (name: string, more: object = {}) => ({ functionCall: { name, args: {}, ...more } });
    const result = (name: string, text: string, more: object = {}) => ({
      functionResponse: { name, response: { output: text }, ...more },
    });
    const contents = [
      { role: 'model', parts: [call('f'), call('g'), call('f'), call('h', { id: 'own' })] },
      {
        parts: [
          result('f', 'first'),
          result('g', 'g'),
          result('f', 'second'),
          result('h', 'h', { id: 'own' }),
        ],
      },
      { role: 'model', parts: [call('f')] },
      { role: 'function', parts: [result('f', 'third'), { text: 'and now?' }] },
    ];
    const ids = (messages: ReturnType<typeof read>['messages']) =>
      messages.flatMap(({ toolCalls = [] }) => toolCalls.map(({ id }) => id));
    const { messages } = read({ contents });
    assert.deepEqual(ids(messages), ['call_1', 'call_2', 'call_3', 'own', 'call_5']);
    const told = messages.filter(({ role }) => role === 'tool');
    assert.deepEqual(
      told.map(({ toolCallId, parts }) => [toolCallId, parts[0]]),
      [
        ['call_1', 'first'],
        ['call_2', 'g'],
        ['call_3', 'second'],
        ['own', 'h'],
        ['call_5', 'third'],
      ].map(([id, text]) => [id, { type: 'text', text }]),
    );
    assert.equal(messages.at(-1)?.role, 'user');
    const begun = read({ contents: contents.slice(0, 2) }).messages;
    assert.deepEqual(messages.slice(0, begun.length), begun);
  });

  it('writes the results of one turn into one turn, as objects', () => {
    const toolCalls = [
      { id: 'a', name: 'f', arguments: '{"x":1}', signature: 'seal' },
      { id: 'b', name: 'g', arguments: 'nonsense' },
    ];
    const tool = (toolCallId: string, text: string) => ({
      ...{ role: 'tool' as const, toolCallId },
      parts: [{ type: 'text' as const, text }],
    });
    const body = gemini.writeRequest({
      ...{ model: 'm', stream: false, wantsUsage: false, extra: {} },
      messages: [
        { role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
        { role: 'assistant', parts: [], toolCalls },
        tool('a', '{"sky":"blue"}'),
        tool('b', 'plain'),
      ],
    });
    assert.deepEqual(JSON.parse(body.toString()).contents.slice(1), [
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'a', name: 'f', args: { x: 1 } }, thoughtSignature: 'seal' },
          { functionCall: { id: 'b', name: 'g', args: { arguments: 'nonsense' } } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'a', name: 'f', response: { sky: 'blue' } } },
          { functionResponse: { id: 'b', name: 'g', response: { output: 'plain' } } },
        ],
      },
    ]);
  });

  it('keeps thoughts and their seal where they were', () => {
    const parts = [
      { text: 'Hm.', thought: true },
      { text: 'Yes.', thoughtSignature: 'seal' },
    ];
    const { messages } = read({ contents: [{ role: 'model', parts }] });
    assert.partialDeepStrictEqual(messages[0], { reasoning: 'Hm.', reasoningSignature: 'seal' });
    const again = gemini.writeRequest(read({ contents: [{ role: 'model', parts }] }));
    assert.deepEqual(JSON.parse(again.toString()).contents[0].parts, parts);
    const alone = [{ text: '', thoughtSignature: 'seal' }];
    const sealed = gemini.writeRequest(read({ contents: [{ role: 'model', parts: alone }] }));
    assert.deepEqual(JSON.parse(sealed.toString()).contents[0].parts, alone);
  });

  it('keeps as a whole what has no neutral form', () => {
    const kept = {
      tools: [{ googleSearch: {} }, { functionDeclarations: [{ name: 'f', behavior: 'BLOCKING' }] }],
      toolConfig: { functionCallingConfig: { mode: 'VALIDATED' } },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
      generationConfig: { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a'] } },
    };
    const request = read(kept);
    assert.deepEqual(request.extra, kept);
    assert.equal(request.responseFormat, undefined);
    assert.partialDeepStrictEqual(JSON.parse(gemini.writeRequest(request).toString()), kept);
  });

  it('knows JSON with a schema from JSON without one', () => {
    const formatOf = (generationConfig: object) => read({ generationConfig }).responseFormat;
    const json = { responseMimeType: 'application/json' };
    assert.equal(formatOf(json), 'json_object');
    assert.equal(formatOf({ ...json, responseSchema: { type: 'OBJECT' } }), 'json_schema');
    assert.equal(formatOf({ ...json, responseJsonSchema: { type: 'object' } }), 'json_schema');
    assert.equal(formatOf({ responseMimeType: 'text/plain' }), 'text');
    assert.equal(formatOf({}), undefined);
  });
});
