/**
 * What Anthropic's messages can say of the neutral language: one choice, no word for an error, arguments of tools that are
 * objects, and no time of creation. The random requests and answers of the suite are made to fit.
 */

import { isJsonObject, parseJson } from '../../base/json.ts';
import type { ChatEvent, ChatMessage, ChatRequest, FinishReason } from '../../domain/chat.ts';
import { chatSayings, type Sayings } from '../neutral-chat.suite.ts';

const sayable = {
  request: ({ responseFormat: _, messages, ...request }: ChatRequest): ChatRequest => ({
    ...request,
    wantsUsage: request.stream,
    messages: messages.map((message, i) => messageOf(message, i === 0 && messages.length === 1)),
  }),
  events(events: readonly ChatEvent[]): ChatEvent[] {
    const said = events.filter(({ type }) => type === 'text' || type === 'reasoning').map(ofOneChoice);
    return [...said, ...streamedCalls(events), ...endOf(events)];
  },
  reply(events: readonly ChatEvent[]): ChatEvent[] {
    const first = events.filter((event) => !('choice' in event) || event.choice === 0);
    const said = first.filter(({ type }) => type !== 'finish' && type !== 'usage');
    return [
      ...said.map((event) =>
        event.type === 'tool-call' ? { ...event, arguments: objectText(event.arguments) } : event,
      ),
      ...endOf(first),
    ];
  },
};

export const messagesSayings: Sayings = {
  head: { id: 'msg_1', model: 'm', created: 0 },
  requests: chatSayings.requests.map(sayable.request),
  events: chatSayings.events.map(sayable.events),
  replies: chatSayings.replies.map(sayable.reply),
  showsBodies: false,
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
