/**
 * Random requests and answers in the neutral language, as the chat format can say them. A dialect that says less has
 * sayings of its own, made of the same words.
 */

import fc from 'fast-check';
import type { JsonObject } from '../base/json.ts';
import type { ChatEvent, ChatMessage, ChatPart, ChatRequest, FinishReason } from '../domain/chat.ts';
import type { Usage } from '../domain/usage.ts';
import type { ReplyHead } from './dialect.ts';

/** What a dialect can say and hear without loss. */
export type Sayings = {
  readonly head: ReplyHead;
  readonly requests: fc.Arbitrary<ChatRequest>;
  /** Pieces of an answer in any order, their ends, and perhaps a usage report. */
  readonly events: fc.Arbitrary<ChatEvent[]>;
  /** A whole answer as a reader tells it: each thing once. */
  readonly replies: fc.Arbitrary<ChatEvent[]>;
  /** The body that a provider's refusal shows to a client is in the shape of OpenAI chat: is it shown as it is? */
  readonly showsBodies: boolean;
  /** What the model is called in answers, if not `model`. */
  readonly modelField?: string;
};

export const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1 }),
  fc.constantFrom(
    '你好，世界',
    '🎉🏽👩‍👩‍👧',
    'a\n\nb',
    'data: [DONE]',
    '{"model":"x"}',
    '"\\',
    '\u2028',
    '[DONE]',
  ),
);
export const word = fc.constantFrom('get_weather', 'call_1', 'x', 'tool-7');
export const args = fc.oneof(fc.constantFrom('{}', '{"city": "', '北京"}', '\\n'), text);

/** fast-check's records have no prototype; what is read from a wire has one. */
export const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** A record in which some fields may be absent (rather than undefined). */
export const optional = <T extends object>(
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<Partial<T>> => fc.record(fields, { requiredKeys: [] }) as unknown as fc.Arbitrary<Partial<T>>;

export const extraFields: fc.Arbitrary<JsonObject> = fc
  .dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
  .map((fields) => {
    const own = new Set([
      'model',
      'messages',
      'stream',
      'stream_options',
      'max_tokens',
      'tools',
      'n',
      '__proto__',
    ]);
    // Through JSON, because it turns -0 into 0.
    return JSON.parse(
      JSON.stringify(
        Object.fromEntries(
          Object.entries({ temperature: 0.5, ...fields }).filter(([name]) => !own.has(name)),
        ),
      ),
    ) as JsonObject;
  });

export const part: fc.Arbitrary<ChatPart> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text }),
  fc.record({
    type: fc.constant('media' as const),
    value: fc.record({ type: fc.constant('image_url'), image_url: fc.record({ url: fc.webUrl() }) }),
  }),
);

const message: fc.Arbitrary<ChatMessage> = fc
  .tuple(
    fc.record({
      role: fc.constantFrom(
        'system' as const,
        'developer' as const,
        'user' as const,
        'assistant' as const,
        'tool' as const,
      ),
      parts: fc.array(part, { maxLength: 3 }),
    }),
    optional({
      name: word,
      reasoning: text,
      toolCallId: word,
      toolCalls: fc.array(fc.record({ id: word, name: word, arguments: args }), { maxLength: 2 }),
    }),
  )
  .map(([required, rest]) => ({ ...required, ...rest }));

/** What a request may say and need not. */
export const requestOptions = optional<Partial<ChatRequest>>({
  maxOutputTokens: fc.integer({ min: 1, max: 100_000 }),
  tools: fc.array(
    fc
      .tuple(
        fc.record({ name: word }),
        optional({ description: text, parameters: fc.constant({ type: 'object' }) }),
      )
      .map(([required, rest]) => ({ ...required, ...rest })),
    { maxLength: 2 },
  ),
  toolChoice: fc.oneof(
    fc.constantFrom('auto' as const, 'none' as const, 'required' as const),
    fc.record({ name: word }),
  ),
  responseFormat: fc.constantFrom('text' as const, 'json_object' as const),
});

export const chatRequests: fc.Arbitrary<ChatRequest> = fc
  .tuple(
    fc.record({
      model: text,
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
      stream: fc.boolean(),
      wantsUsage: fc.boolean(),
      extra: extraFields,
    }),
    requestOptions,
  )
  .map(([required, rest]) => ({ ...required, ...rest, wantsUsage: required.wantsUsage && required.stream }))
  .map(plain);

const reasons = fc.constantFrom<FinishReason[]>('stop', 'length', 'tool_calls', 'content_filter', 'error');

export const usages: fc.Arbitrary<ChatEvent> = fc
  .record({
    input: fc.integer({ min: 1, max: 1e6 }),
    cacheRead: fc.nat(1e6),
    cacheWrite: fc.nat(1e6),
    output: fc.nat(1e6),
    reasoning: fc.nat(1e6),
    source: fc.constant<Usage['source']>('upstream'),
  })
  .map((usage) => ({ type: 'usage', usage }));

const choice = fc.nat(2);
const delta: fc.Arbitrary<ChatEvent> = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text, choice }),
  fc.record({ type: fc.constant('reasoning' as const), text, choice }),
  fc.record({
    type: fc.constant('tool-call' as const),
    index: fc.nat(3),
    id: word,
    name: word,
    arguments: args,
    choice,
  }),
  fc.record({ type: fc.constant('tool-call' as const), index: fc.nat(3), arguments: args, choice }),
);

/** Deltas of several choices in any order, their ends, and perhaps a usage report. */
export const eventSequences: fc.Arbitrary<ChatEvent[]> = fc
  .tuple(fc.array(delta, { minLength: 1, maxLength: 12 }), reasons, fc.option(usages, { nil: undefined }))
  .map(([deltas, reason, usage]) => {
    const choices = new Set(deltas.map((event) => ('choice' in event ? (event.choice ?? 0) : 0)));
    const ends = [...choices].map((each): ChatEvent => ({ type: 'finish', reason, choice: each }));
    return plain([...deltas, ...ends, ...(usage === undefined ? [] : [usage])]);
  });

/** A whole answer as a reader tells it: choice by choice, each thing once. */
export const replyEvents: fc.Arbitrary<ChatEvent[]> = fc
  .tuple(
    fc.array(
      fc.record({
        reasoning: fc.option(text, { nil: undefined }),
        text: fc.option(text, { nil: undefined }),
        calls: fc.array(fc.record({ id: word, name: word, arguments: args }), { maxLength: 3 }),
        reason: reasons,
      }),
      { minLength: 1, maxLength: 3 },
    ),
    fc.option(usages, { nil: undefined }),
  )
  .map(([choices, usage]) => [
    ...choices.flatMap((each, index): ChatEvent[] => [
      ...(each.reasoning === undefined
        ? []
        : [{ type: 'reasoning' as const, text: each.reasoning, choice: index }]),
      ...(each.text === undefined ? [] : [{ type: 'text' as const, text: each.text, choice: index }]),
      ...each.calls.map((call, i): ChatEvent => ({ type: 'tool-call', index: i, ...call, choice: index })),
      { type: 'finish', reason: each.reason, choice: index },
    ]),
    ...(usage === undefined ? [] : [usage]),
  ])
  .map(plain);

export const chatSayings: Sayings = {
  head: { id: 'chatcmpl-1', model: 'm', created: 1_754_000_000 },
  requests: chatRequests,
  events: eventSequences,
  replies: replyEvents,
  showsBodies: true,
};
