/**
 * What the Responses format can say of the neutral language: one answer, calls that are numbered as they come, an end
 * that follows from what was said; turns in which an assistant speaks once, without names, thoughts or pictures of its own.
 */

import fc from 'fast-check';
import type { ChatEvent, ChatMessage, ChatPart, ChatRequest } from '../../domain/chat.ts';
import {
  args,
  extraFields,
  part,
  plain,
  requestOptions,
  type Sayings,
  text,
  usages,
  word,
} from '../neutral-chat.suite.ts';

const asked = fc.record({
  role: fc.constantFrom('system' as const, 'developer' as const, 'user' as const),
  parts: fc.array(part, { maxLength: 3 }),
});

const textPart: fc.Arbitrary<ChatPart> = fc.record({ type: fc.constant('text' as const), text });

const answered: fc.Arbitrary<ChatMessage> = fc
  .tuple(
    fc.array(textPart, { maxLength: 3 }),
    fc.array(fc.record({ id: word, name: word, arguments: args }), { maxLength: 2 }),
  )
  .map(([parts, toolCalls]) => ({
    role: 'assistant',
    parts,
    ...(toolCalls.length === 0 ? {} : { toolCalls }),
  }));

const result: fc.Arbitrary<ChatMessage> = fc.record({
  role: fc.constant('tool' as const),
  parts: fc.array(part, { maxLength: 3 }),
  toolCallId: word,
});

/** Between two turns of the assistant somebody else speaks. */
const messages: fc.Arbitrary<ChatMessage[]> = fc
  .array(
    fc.tuple(
      fc.option(answered, { nil: undefined }),
      fc.array(fc.oneof(asked, result), { minLength: 1, maxLength: 2 }),
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((turns) => turns.flatMap(([answer, others]) => (answer === undefined ? others : [answer, ...others])));

const requests: fc.Arbitrary<ChatRequest> = fc
  .tuple(fc.record({ model: text, messages, stream: fc.boolean(), extra: extraFields }), requestOptions)
  .map(([required, rest]) => ({ ...required, ...rest, wantsUsage: required.stream }))
  .map(plain);

const usage = fc.option(usages, { nil: undefined });
const cut = fc.constantFrom('length' as const, 'content_filter' as const, undefined);

const delta: fc.Arbitrary<ChatEvent> = fc.oneof(
  fc.record({ type: fc.constantFrom('text' as const, 'reasoning' as const), text, choice: fc.constant(0) }),
  fc.record({
    type: fc.constant('tool-call' as const),
    index: fc.nat(3),
    arguments: args,
    choice: fc.constant(0),
  }),
);

/** Calls are opened as they are first spoken of, under the next number, and go on in any order. */
const events: fc.Arbitrary<ChatEvent[]> = fc
  .tuple(fc.array(delta, { minLength: 1, maxLength: 12 }), word, cut, usage)
  .map(([deltas, name, reason, use]) => {
    const numbers = new Map<number, number>();
    const told = deltas.flatMap((event): ChatEvent[] => {
      if (event.type !== 'tool-call') return [event];
      const index = numbers.get(event.index) ?? numbers.size;
      if (numbers.has(event.index)) return [{ ...event, index }];
      numbers.set(event.index, index);
      return [
        { ...event, index, id: `call_${index}`, name, arguments: '' },
        { ...event, index },
      ];
    });
    return plain([...told, endOf(numbers.size, reason), ...(use === undefined ? [] : [use])]);
  });

const replies: fc.Arbitrary<ChatEvent[]> = fc
  .tuple(
    fc.option(text, { nil: undefined }),
    fc.option(text, { nil: undefined }),
    fc.array(fc.record({ id: word, name: word, arguments: args }), { maxLength: 3 }),
    fc.tuple(cut, usage),
  )
  .map(([thought, said, calls, [reason, use]]) => [
    ...(thought === undefined ? [] : [{ type: 'reasoning' as const, text: thought, choice: 0 }]),
    ...(said === undefined ? [] : [{ type: 'text' as const, text: said, choice: 0 }]),
    ...calls.map((call, index): ChatEvent => ({ type: 'tool-call', index, ...call, choice: 0 })),
    endOf(calls.length, reason),
    ...(use === undefined ? [] : [use]),
  ])
  .map(plain);

const endOf = (calls: number, reason: 'length' | 'content_filter' | undefined): ChatEvent => ({
  type: 'finish',
  reason: reason ?? (calls > 0 ? 'tool_calls' : 'stop'),
  choice: 0,
});

export const responsesSayings: Sayings = {
  head: { id: 'chatcmpl-1', model: 'm', created: 1_754_000_000 },
  requests,
  events,
  replies,
  showsBodies: true,
};
