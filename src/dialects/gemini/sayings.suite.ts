/**
 * What Gemini can say of the neutral language: arguments of tools that are objects, calls told whole and numbered without
 * gaps, no word of its own for an end with calls, no writing of a cache, no time of creation; instructions in front and
 * results that are text. The random requests and answers of the suite are made to fit.
 */

import { isJsonObject, parseJson } from '../../base/json.ts';
import type { ChatEvent, ChatMessage, ChatPart, ChatRequest, FinishReason } from '../../domain/chat.ts';
import { chatSayings, type Sayings } from '../neutral-chat.suite.ts';

const sayable = {
  request: ({ responseFormat, messages, ...request }: ChatRequest): ChatRequest => ({
    ...request,
    ...(responseFormat === undefined ? {} : { responseFormat }),
    wantsUsage: request.stream,
    messages: messages.map((message, i) => messageOf(message, i === 0 && messages.length > 1)),
  }),
  events(events: readonly ChatEvent[]): ChatEvent[] {
    const said = events.filter(({ type }) => type === 'text' || type === 'reasoning');
    const calls = numbered(events.filter((event) => event.type === 'tool-call'));
    return [...said, ...calls, ...endsOf(events, calls), ...usageOf(events)];
  },
  reply(events: readonly ChatEvent[]): ChatEvent[] {
    return [...Map.groupBy(events, choiceOf).entries()]
      .filter(([choice]) => choice !== undefined)
      .flatMap(([, own]) => {
        const calls = own.filter((event) => event.type === 'tool-call').map(withObject);
        const said = own.filter(({ type }) => type === 'text' || type === 'reasoning');
        return [...said, ...calls, ...endsOf(own, calls)];
      })
      .concat(usageOf(events));
  },
};

export const geminiSayings: Sayings = {
  head: { id: 'resp-1', model: 'm', created: 0 },
  requests: chatSayings.requests.map(sayable.request),
  events: chatSayings.events.map(sayable.events),
  replies: chatSayings.replies.map(sayable.reply),
  showsBodies: false,
  modelField: 'modelVersion',
};

const choiceOf = (event: ChatEvent): number | undefined => ('choice' in event ? event.choice : undefined);

/** JSON of an object, written as it would be written again. */
function objectText(text: string): string {
  const value = parseJson(text);
  return JSON.stringify(isJsonObject(value) ? value : { text });
}

type Call = Extract<ChatEvent, { type: 'tool-call' }>;

const withObject = (call: Call): Call => ({ ...call, arguments: objectText(call.arguments) });

/** Every piece a call of its own. */
function numbered(calls: readonly Call[]): Call[] {
  const counts = new Map<number, number>();
  return calls.map((call) => {
    const choice = call.choice ?? 0;
    const index = counts.get(choice) ?? 0;
    counts.set(choice, index + 1);
    return { ...withObject({ id: `call_${index}`, name: 'x', ...call }), index };
  });
}

function endsOf(events: readonly ChatEvent[], calls: readonly Call[]): ChatEvent[] {
  return events
    .filter((event) => event.type === 'finish')
    .map((event) => ({
      ...event,
      reason: reasonOf(
        event.reason,
        calls.some((call) => choiceOf(call) === event.choice),
      ),
    }));
}

function reasonOf(reason: FinishReason, hasCalls: boolean): FinishReason {
  if (reason !== 'stop' && reason !== 'tool_calls') return reason;
  return hasCalls ? 'tool_calls' : 'stop';
}

const usageOf = (events: readonly ChatEvent[]): ChatEvent[] =>
  events
    .filter((event) => event.type === 'usage')
    .map((event) => ({ ...event, usage: { ...event.usage, cacheWrite: 0 } }));

function messageOf(message: ChatMessage, isFirst: boolean): ChatMessage {
  const { role, parts, reasoning, toolCalls = [], toolCallId = 'call_1' } = message;
  if (role === 'assistant')
    return {
      ...{ role, parts },
      ...(reasoning === undefined ? {} : { reasoning }),
      ...(toolCalls.length === 0
        ? {}
        : { toolCalls: toolCalls.map((call) => ({ ...call, arguments: objectText(call.arguments) })) }),
    };
  if (role === 'tool') return { role, parts: [{ type: 'text', text: textOf(parts) }], toolCallId };
  return { role: role === 'system' && isFirst ? 'system' : 'user', parts };
}

const textOf = (parts: readonly ChatPart[]): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
