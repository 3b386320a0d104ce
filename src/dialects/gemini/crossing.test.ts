import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatMessage, ChatRequest } from '../../domain/chat.ts';
import type { Crossing } from '../dialect.ts';
import { UNSEALED } from './crossing-in.ts';
import { gemini } from './gemini.ts';

const HI = [{ role: 'user', parts: [{ text: 'Hi' }] }];

function out(fields: object): Crossing {
  const body = Buffer.from(JSON.stringify({ model: 'm', stream: false, contents: HI, ...fields }));
  return gemini.readCrossing?.(body) ?? assert.fail();
}

function into(fields: Partial<ChatRequest>, model = 'gemini-2.5-flash') {
  const messages: ChatMessage[] = [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }];
  const request = { ...{ stream: false, wantsUsage: false, messages, extra: {} }, ...fields, model };
  const fit = gemini.fitCrossing?.(request) ?? assert.fail();
  return { body: JSON.parse(gemini.writeRequest(fit.request).toString()), dropped: fit.dropped };
}

describe('a request from Gemini', () => {
  it('has its parameters under the names of OpenAI chat', () => {
    const { request, dropped } = out({
      generationConfig: {
        ...{ temperature: 0.2, topP: 0.9, topK: 40, seed: 7, candidateCount: 2, stopSequences: ['x'] },
        ...{ presencePenalty: 0.1, frequencyPenalty: 0.3, maxOutputTokens: 64 },
      },
    });
    assert.deepEqual(request.extra, {
      ...{ temperature: 0.2, top_p: 0.9, top_k: 40, seed: 7, n: 2, stop: ['x'] },
      ...{ presence_penalty: 0.1, frequency_penalty: 0.3 },
    });
    assert.equal(request.maxOutputTokens, 64);
    assert.deepEqual(dropped, []);
  });

  it('names what has no place elsewhere, by the words of the client', () => {
    const { dropped, request } = out({
      ...{ safetySettings: [], cached_content: 'cachedContents/1' },
      tools: [{ google_search: {} }, { functionDeclarations: [{ name: 'f', behavior: 'BLOCKING' }] }],
      generationConfig: { speechConfig: {}, responseLogprobs: true, mediaResolution: 'X' },
      contents: [
        {
          parts: [
            {
              fileData: {
                fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/1',
                mimeType: 'image/png',
              },
            },
            { fileData: { fileUri: 'https://www.youtube.com/watch?v=1' }, videoMetadata: { fps: 1 } },
            { text: 'Hi' },
          ],
        },
        { role: 'model', parts: [{ executableCode: { code: 'x' } }, { text: 'a', thoughtSignature: 's' }] },
      ],
    });
    assert.deepEqual([...dropped].toSorted(), [
      ...['behavior', 'cached_content', 'executableCode', 'fileData', 'google_search', 'mediaResolution'],
      ...['responseLogprobs', 'safetySettings', 'speechConfig', 'thoughtSignature', 'videoMetadata'],
    ]);
    assert.deepEqual(request.extra, {});
    assert.deepEqual(
      request.tools?.map(({ name }) => name),
      ['f'],
    );
    assert.deepEqual(request.messages[0]?.parts, [{ type: 'text', text: 'Hi' }]);
  });

  it('asks no more tools to be called than it allows', () => {
    const tools = [{ functionDeclarations: [{ name: 'f' }, { name: 'g' }, { name: 'h' }] }];
    const allowed = (allowedFunctionNames: string[]) =>
      out({ tools, toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames } } }).request;
    assert.deepEqual(
      allowed(['f', 'h']).tools?.map(({ name }) => name),
      ['f', 'h'],
    );
    assert.equal(allowed(['f', 'h']).toolChoice, 'required');
    assert.deepEqual(allowed(['g']).toolChoice, { name: 'g' });
    assert.equal(allowed(['g']).tools?.length, 3);
  });

  it('has schemas of JSON, the answer’s and the tools’', () => {
    const schema = { type: 'OBJECT', properties: { type: { type: 'STRING', nullable: true } } };
    const json = { type: 'object', properties: { type: { type: ['string', 'null'] } } };
    const { request } = out({
      tools: [{ functionDeclarations: [{ name: 'f', parameters: schema }] }],
      generationConfig: { responseMimeType: 'application/json', responseSchema: schema },
    });
    assert.deepEqual(request.tools, [{ name: 'f', parameters: json }]);
    assert.deepEqual(request.extra['response_format'], {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: json },
    });
    assert.equal(request.responseFormat, 'json_schema');
  });

  it('says how hard to think in a word, and nothing where the model decides', () => {
    const effort = (thinkingConfig: object) => out({ generationConfig: { thinkingConfig } }).request.extra;
    assert.deepEqual(effort({ thinkingLevel: 'HIGH', includeThoughts: true }), { reasoning_effort: 'high' });
    assert.deepEqual(effort({ thinkingBudget: 0 }), { enable_thinking: false });
    assert.deepEqual(effort({ thinking_budget: 2_000 }), { enable_thinking: true, thinking_budget: 2_000 });
    assert.deepEqual(effort({ thinkingBudget: -1, includeThoughts: true }), {});
  });

  it('leaves seals behind, and the word for a missing one without naming it', () => {
    const call = (thoughtSignature: string) => ({
      role: 'model',
      parts: [{ functionCall: { id: 'a', name: 'f', args: {} }, thoughtSignature }],
    });
    const own = out({ contents: [...HI, call('real')] });
    assert.deepEqual(own.dropped, ['thoughtSignature']);
    const { request, dropped } = out({ contents: [...HI, call(UNSEALED)] });
    assert.deepEqual(dropped, []);
    assert.deepEqual(request.messages[1]?.toolCalls, [{ id: 'a', name: 'f', arguments: '{}' }]);
  });

  it('leaves turns out in which nothing is said', () => {
    const { request } = out({
      systemInstruction: { parts: [] },
      contents: [...HI, { role: 'model', parts: [{ text: '' }] }, { role: 'model' }, ...HI],
    });
    assert.deepEqual(
      request.messages.map(({ role }) => role),
      ['user', 'user'],
    );
  });

  it('shows what tools show, behind their results', () => {
    const { request } = out({
      contents: [
        { role: 'model', parts: [{ functionCall: { name: 'look', args: {} } }] },
        {
          parts: [
            {
              functionResponse: {
                ...{ name: 'look', response: { ok: true } },
                parts: [{ inlineData: { mimeType: 'image/png', data: 'AAAA' } }],
              },
            },
          ],
        },
      ],
    });
    assert.deepEqual(
      request.messages.map(({ role }) => role),
      ['assistant', 'tool', 'user'],
    );
    const value = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
    assert.deepEqual(request.messages[2]?.parts, [{ type: 'media', value }]);
  });
});

describe('a request to Gemini', () => {
  it('has its instructions in front, and its parameters where they belong', () => {
    const text = (said: string) => [{ type: 'text' as const, text: said }];
    const { body, dropped } = into({
      messages: [
        { role: 'developer', parts: text('Be brief.') },
        { role: 'user', parts: text('Hi'), name: 'anna' },
        { role: 'system', parts: text('Rhyme.') },
      ],
      extra: { stop: 'x', top_k: 3, user: 'u', parallel_tool_calls: false, logprobs: true, n: 2 },
    });
    assert.deepEqual(body.systemInstruction, { parts: [{ text: 'Be brief.' }, { text: 'Rhyme.' }] });
    assert.deepEqual(body.contents, HI);
    assert.deepEqual(body.generationConfig, { stopSequences: ['x'], topK: 3, candidateCount: 2 });
    assert.deepEqual([...dropped].toSorted(), ['logprobs', 'name', 'parallel_tool_calls', 'user']);
  });

  it('thinks by a budget or on a level, whichever the model knows', () => {
    const config = (effort: string, model: string) =>
      into({ extra: { reasoning_effort: effort } }, model).body.generationConfig.thinkingConfig;
    const shown = { includeThoughts: true };
    assert.deepEqual(config('high', 'gemini-2.5-pro'), { ...shown, thinkingBudget: 24_576 });
    assert.deepEqual(config('none', 'gemini-2.5-flash'), { includeThoughts: false, thinkingBudget: 0 });
    assert.deepEqual(config('high', 'gemini-3.1-pro'), { ...shown, thinkingLevel: 'high' });
    assert.deepEqual(config('medium', 'gemini-3-pro-preview'), { ...shown, thinkingLevel: 'high' });
    assert.deepEqual(config('minimal', 'gemini-3-flash-preview'), { ...shown, thinkingLevel: 'minimal' });
    assert.deepEqual(config('xhigh', 'gemini-3-flash-preview'), { ...shown, thinkingLevel: 'high' });
    assert.deepEqual(into({ extra: { reasoning_effort: 'very' } }).dropped, ['reasoning_effort']);
    const wish = (extra: object, model: string) =>
      into({ extra: { ...extra } }, model).body.generationConfig.thinkingConfig;
    const budget = { enable_thinking: true, thinking_budget: 5_000 };
    assert.deepEqual(wish(budget, 'gemini-2.5-flash'), { ...shown, thinkingBudget: 5_000 });
    assert.deepEqual(wish(budget, 'gemini-3-flash-preview'), { ...shown, thinkingLevel: 'medium' });
    assert.deepEqual(wish({ enable_thinking: true }, 'gemini-2.5-flash'), shown);
    const off = { enable_thinking: false };
    assert.deepEqual(wish(off, 'gemini-2.5-pro'), { includeThoughts: false, thinkingBudget: 128 });
    assert.deepEqual(wish(off, 'gemini-3-pro-preview'), { includeThoughts: false, thinkingLevel: 'low' });
    const much = { thinking_budget: 60_000 };
    assert.deepEqual(wish(much, 'gemini-2.5-flash'), { ...shown, thinkingBudget: 24_576 });
  });

  it('carries a seal that was kept, and a word for one that was not', () => {
    const answer = (more: Partial<ChatMessage>): ChatMessage => ({ role: 'assistant', parts: [], ...more });
    const { body, dropped } = into({
      messages: [
        { role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
        answer({
          thoughts: [{ text: 'Hm.', signature: 'whole' }],
          reasoning: 'Hm.',
          toolCalls: [
            { id: 'a', name: 'f', arguments: '{}', signature: 'seal' },
            { id: 'b', name: 'f', arguments: '{}' },
          ],
        }),
        answer({ reasoning: 'lost', toolCalls: [{ id: 'c', name: 'f', arguments: '{}' }] }),
      ],
    });
    const [, first] = body.contents;
    assert.deepEqual(first.parts.slice(0, 2), [
      { text: 'Hm.', thought: true },
      { text: '', thoughtSignature: 'whole' },
    ]);
    const seals = (parts: { thoughtSignature?: string }[]) => parts.map((part) => part.thoughtSignature);
    assert.deepEqual(seals(first.parts.slice(2)), ['seal', undefined, UNSEALED]);
    assert.equal(body.contents.length, 2, 'turns of the model that follow one on another are one');
    assert.deepEqual(dropped, ['reasoning_content']);
  });

  it('sends media as bytes or as links, whatever they are, and names what it cannot', () => {
    const media = (type: string, value: unknown) => ({
      type: 'media' as const,
      value: { type, [type]: value },
    });
    const { body, dropped } = into({
      messages: [
        {
          role: 'user',
          parts: [
            media('image_url', { url: 'data:image/webp;base64,AAAA' }),
            media('image_url', { url: 'https://example.com/a.png?x=1' }),
            media('input_audio', { data: 'BBBB', format: 'mp3' }),
            media('file', { filename: 'a.pdf', file_data: 'data:application/pdf;base64,CCCC' }),
            media('video_url', { url: 'https://example.com/a' }),
            media('file', { file_id: 'file-1' }),
            media('refusal', 'no'),
          ],
        },
      ],
    });
    assert.deepEqual(body.contents[0].parts, [
      { inlineData: { mimeType: 'image/webp', data: 'AAAA' } },
      { fileData: { mimeType: 'image/png', fileUri: 'https://example.com/a.png?x=1' } },
      { inlineData: { mimeType: 'audio/mp3', data: 'BBBB' } },
      { inlineData: { mimeType: 'application/pdf', data: 'CCCC' } },
      { fileData: { mimeType: 'video/mp4', fileUri: 'https://example.com/a' } },
    ]);
    assert.deepEqual(dropped, ['file', 'refusal']);
  });
});
