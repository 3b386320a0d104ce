/** Every request that two dialects can both say comes back from the other one as it went out. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChatMessage, ChatPart, ChatRequest } from '../domain/chat.ts';
import type { Crossing, Dialect } from './dialect.ts';
import { dialects } from './index.ts';
import { text as anyText, optional, plain } from './neutral-chat.suite.ts';

const PAIRS = Object.values(dialects).flatMap((from) =>
  Object.values(dialects).flatMap((to) => (from === to ? [] : [{ from, to }])),
);

/** Anthropic refuses blanks alone. */
const text = anyText.filter((each) => each.trim() !== '');

const said = fc.record({ type: fc.constant('text' as const), text });
const picture: fc.Arbitrary<ChatPart> = fc
  .constantFrom('https://example.com/a.png', 'data:image/png;base64,iVBORw0KGgo=')
  .map((url) => ({ type: 'media', value: { type: 'image_url', image_url: { url } } }));

const input = fc.dictionary(
  fc.constantFrom('city', '单位', 'n'),
  fc.oneof(text, fc.integer(), fc.boolean()),
  {
    maxKeys: 2,
  },
);

/** A turn of the user, and perhaps what the assistant called and was told, several calls at once among it. */
type Turn = { readonly asks: ChatPart[]; readonly says: string | undefined; readonly calls: object[] };
const turn: fc.Arbitrary<Turn> = fc.record({
  asks: fc.tuple(said, fc.array(picture, { maxLength: 2 })).map(([first, rest]) => [first, ...rest]),
  says: fc.option(text, { nil: undefined }),
  calls: fc.array(input, { maxLength: 3 }),
});

function messagesOf(system: string | undefined, turns: readonly Turn[]): ChatMessage[] {
  const told = turns.flatMap(({ asks, says, calls }, t): ChatMessage[] => {
    const toolCalls = calls.map((value, i) => ({
      ...{ id: `call_${t}_${i}`, name: i === 1 ? 'get_time' : 'get_weather' },
      arguments: JSON.stringify(value),
    }));
    const parts: ChatPart[] = says === undefined ? [] : [{ type: 'text', text: says }];
    const answer: ChatMessage[] =
      parts.length + calls.length === 0
        ? [{ role: 'assistant', parts: [{ type: 'text', text: 'well' }] }]
        : [{ role: 'assistant', parts, ...(calls.length === 0 ? {} : { toolCalls }) }];
    const results = toolCalls.map(
      ({ id }): ChatMessage => ({
        ...{ role: 'tool', toolCallId: id },
        parts: [{ type: 'text', text: `result of ${id}: 晴` }],
      }),
    );
    return [{ role: 'user', parts: asks }, ...answer, ...results];
  });
  const last: ChatMessage = { role: 'user', parts: [{ type: 'text', text: 'and now?' }] };
  return [
    ...(system === undefined
      ? []
      : [{ role: 'system' as const, parts: [{ type: 'text' as const, text: system }] }]),
    ...told,
    last,
  ];
}

const SCHEMA = {
  type: 'object',
  properties: {
    city: { type: 'string', description: 'where' },
    days: { type: 'array', items: { type: 'integer' } },
  },
  required: ['city'],
} as const;

const TOOLS = [
  { name: 'get_weather', description: 'The weather of a city.', parameters: SCHEMA },
  { name: 'get_time', parameters: { type: 'object', properties: {} } },
] as const;

/** By the names of OpenAI chat, as a crossing has them. */
const common: fc.Arbitrary<ChatRequest> = fc
  .record({
    system: fc.option(text, { nil: undefined }),
    turns: fc.array(turn, { maxLength: 3 }),
    stream: fc.boolean(),
    // Less is not sayable in all of them.
    maxOutputTokens: fc.integer({ min: 16, max: 60_000 }),
    toolChoice: fc.constantFrom('auto' as const, 'none' as const, 'required' as const, { name: 'get_time' }),
    extra: optional({
      temperature: fc.constantFrom(0, 0.5, 1),
      top_p: fc.constantFrom(0.1, 1),
      response_format: fc.constant({
        type: 'json_schema',
        json_schema: { name: 'answer', strict: true, schema: SCHEMA },
      }),
    }),
  })
  .map(({ system, turns, stream, maxOutputTokens, toolChoice, extra }): ChatRequest => {
    const asksFor = extra['response_format'] === undefined ? {} : { responseFormat: 'json_schema' as const };
    return plain({
      ...{ model: 'qwen3-max', messages: messagesOf(system, turns), stream, wantsUsage: stream },
      ...{ maxOutputTokens, tools: TOOLS, toolChoice, extra, ...asksFor },
    });
  });

const outOf = (dialect: Dialect, body: Uint8Array): Crossing =>
  dialect.readCrossing?.(body) ?? { request: dialect.readRequest(body), dropped: [] };
const into = (dialect: Dialect, request: ChatRequest): Crossing =>
  dialect.fitCrossing?.(request) ?? { request, dropped: [] };

/** What a client of this dialect would send of the request. */
const bodyIn = (dialect: Dialect, request: ChatRequest): Buffer =>
  dialect.writeRequest(into(dialect, request).request);

function carried(from: Dialect, to: Dialect, body: Buffer): { body: Buffer; dropped: string[] } {
  const out = outOf(from, body);
  const fit = into(to, out.request);
  return { body: to.writeRequest(fit.request), dropped: [...out.dropped, ...fit.dropped] };
}

const jsonOf = (body: Buffer): unknown => JSON.parse(body.toString());

describe('a request between two dialects', () => {
  for (const { from, to } of PAIRS)
    it(`from ${from.id} comes back from ${to.id} as it was, and nothing is named as lost`, () => {
      fc.assert(
        fc.property(common, (request) => {
          const sent = bodyIn(from, request);
          const there = carried(from, to, sent);
          const back = carried(to, from, there.body);
          assert.deepEqual(jsonOf(back.body), jsonOf(sent));
          assert.deepEqual(
            [...there.dropped, ...back.dropped].filter((name) => name !== 'store'),
            [],
          );
        }),
        { numRuns: 60 },
      );
    });

  for (const { from, to } of PAIRS)
    it(`from ${from.id} to ${to.id} says what a field was called that the other has no word for`, () => {
      const request = {
        model: 'm',
        messages: [{ role: 'user' as const, parts: [{ type: 'text' as const, text: 'a' }] }],
      };
      const body = jsonOf(bodyIn(from, { ...request, stream: false, wantsUsage: false, extra: {} }));
      const strange = Buffer.from(JSON.stringify({ ...(body as object), no_such_field: { a: 1 } }));
      const { dropped, body: written } = carried(from, to, strange);
      if (dropped.length === 0) assert.match(written.toString(), /"no_such_field":\{"a":1\}/);
      else assert.ok(dropped.includes('no_such_field'));
    });
});
