/** What each dialect can say of the neutral language: the random requests and answers of its suite are made to fit. */

import { isJsonObject, parseJson } from '../base/json.ts';
import type { DialectId } from '../domain/call.ts';
import type { ChatEvent, ChatMessage, ChatRequest, FinishReason } from '../domain/chat.ts';
import type { ReplyHead } from './dialect.ts';

export type Sayable = {
  readonly head: ReplyHead;
  request(request: ChatRequest): ChatRequest;
  /** The events of a stream. */
  events(events: readonly ChatEvent[]): ChatEvent[];
  /** The events of a whole answer. */
  reply(events: readonly ChatEvent[]): ChatEvent[];
  /** The body that a provider's refusal shows to a client is in the shape of OpenAI chat: is it shown as it is? */
  readonly showsBodies: boolean;
};

const EVERYTHING: Sayable = {
  head: { id: 'chatcmpl-1', model: 'm', created: 1_754_000_000 },
  request: (request) => request,
  events: (events) => [...events],
  reply: (events) => [...events],
  showsBodies: true,
};

/** One choice, no word for an error, arguments of tools that are objects, and no time of creation. */
const MESSAGES: Sayable = {
  head: { id: 'msg_1', model: 'm', created: 0 },
  request: ({ responseFormat: _, messages, ...request }) => ({
    ...request,
    wantsUsage: request.stream,
    messages: messages.map((message, i) => messageOf(message, i === 0 && messages.length === 1)),
  }),
  events(events) {
    const said = events.filter(({ type }) => type === 'text' || type === 'reasoning').map(ofOneChoice);
    return [...said, ...streamedCalls(events), ...endOf(events)];
  },
  reply(events) {
    const first = events.filter((event) => !('choice' in event) || event.choice === 0);
    const said = first.filter(({ type }) => type !== 'finish' && type !== 'usage');
    return [
      ...said.map((event) =>
        event.type === 'tool-call' ? { ...event, arguments: objectText(event.arguments) } : event,
      ),
      ...endOf(first),
    ];
  },
  showsBodies: false,
};

export const sayableBy: Readonly<Record<DialectId, Sayable>> = {
  'openai-chat': EVERYTHING,
  'anthropic-messages': MESSAGES,
};

const ofOneChoice = (event: ChatEvent): ChatEvent => ('choice' in event ? { ...event, choice: 0 } : event);

/** JSON of an object, written as it would be written again. */
function objectText(text: string): string {
  const value = parseJson(text);
  return JSON.stringify(isJsonObject(value) ? value : { text });
}

function messageOf(message: ChatMessage, isAlone: boolean): ChatMessage {
  const { role, parts, reasoning, toolCalls = [], toolCallId = 'call_1' } = message;
  if (role === 'assistant')
    return {
      ...{ role, parts },
      ...(reasoning === undefined ? {} : { reasoning }),
      ...(toolCalls.length === 0
        ? {}
        : { toolCalls: toolCalls.map((call) => ({ ...call, arguments: objectText(call.arguments) })) }),
    };
  if (role === 'tool') return { role, parts, toolCallId };
  return { role: role === 'user' || isAlone ? 'user' : 'system', parts };
}

/** One call after the other, numbered without gaps: first its name, then pieces of its arguments. */
function streamedCalls(events: readonly ChatEvent[]): ChatEvent[] {
  const calls = events.filter((event) => event.type === 'tool-call');
  return [...Map.groupBy(calls, ({ index }) => index).values()].flatMap((pieces, index): ChatEvent[] => {
    const { id, name } = { id: 'call_1', name: 'x', ...pieces[0] };
    return [
      { type: 'tool-call', index, id, name, arguments: '', choice: 0 },
      ...pieces.map(
        ({ arguments: piece }): ChatEvent => ({ type: 'tool-call', index, arguments: piece, choice: 0 }),
      ),
    ];
  });
}

function endOf(events: readonly ChatEvent[]): ChatEvent[] {
  const finish = events.find((event) => event.type === 'finish');
  const reason: FinishReason = finish === undefined || finish.reason === 'error' ? 'stop' : finish.reason;
  return [{ type: 'finish', reason, choice: 0 }, ...events.filter(({ type }) => type === 'usage')];
}
