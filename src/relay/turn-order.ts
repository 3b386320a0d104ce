/**
 * The turns of a request that crosses between dialects in the order that all providers take: what a tool told stands
 * right behind the turn that called it, every call has an id of its own, and no turn is empty. What a tool told of which
 * nobody knows the call any more is told by the user: refused, it would end the conversation.
 */

import type { ChatMessage, ToolCall } from '../domain/chat.ts';

/** A turn that calls tools, with their results as they are found. */
type Calling = { readonly message: ChatMessage; readonly results: ChatMessage[] };

/** `dropped` is told of thoughts from which nothing came, and of results without a call. */
export function orderedTurns(messages: readonly ChatMessage[], dropped: Set<string>): readonly ChatMessage[] {
  if (isOrdered(messages)) return messages;
  const ids = new CallIds();
  const turns: (ChatMessage | Calling)[] = [];
  for (const message of messages) {
    const { role, toolCalls = [], toolCallId = '', parts } = message;
    if (role === 'tool') {
      const found = ids.answered(toolCallId);
      if (found !== undefined) found.calling.results.push({ ...message, toolCallId: found.id });
      else {
        dropped.add('call_id');
        if (parts.length > 0) turns.push({ role: 'user', parts });
      }
    } else if (toolCalls.length > 0) turns.push(ids.calling(message, toolCalls));
    else if (!isEmpty(message)) turns.push(message);
    else if (message.reasoning || message.thoughts) dropped.add('reasoning');
  }
  return turns.flatMap((turn) => ('results' in turn ? [turn.message, ...turn.results] : [turn]));
}

const isEmpty = ({ role, parts, toolCalls }: ChatMessage): boolean =>
  role !== 'tool' && parts.length === 0 && !toolCalls?.length;

/** So are almost all: then nothing is built anew. */
function isOrdered(messages: readonly ChatMessage[]): boolean {
  const taken = new Set<string>();
  let waiting = new Set<string>();
  for (const message of messages) {
    const { role, toolCalls = [], toolCallId = '' } = message;
    if (role === 'tool') {
      if (!waiting.delete(toolCallId)) return false;
      continue;
    }
    if (waiting.size > 0 || isEmpty(message)) return false;
    waiting = new Set(toolCalls.map(({ id }) => id));
    for (const { id } of toolCalls) {
      if (id === '' || taken.has(id)) return false;
      taken.add(id);
    }
  }
  return true;
}

/** The calls under ids of their own, and those that wait for a result, by the ids that the client gave. */
class CallIds {
  readonly #taken = new Set<string>();
  readonly #numbers = new Map<string, number>();
  /** Of one id the newest turn is the last. */
  readonly #waiting = new Map<string, { readonly calling: Calling; readonly ids: string[] }[]>();

  calling(message: ChatMessage, toolCalls: readonly ToolCall[]): Calling {
    const calls = toolCalls.map((call): ToolCall => ({ ...call, id: this.#own(call.id) }));
    const calling = { message: { ...message, toolCalls: calls }, results: [] };
    toolCalls.forEach(({ id: given }, i) => {
      const turns = this.#waiting.get(given) ?? [];
      if (turns.at(-1)?.calling !== calling) turns.push({ calling, ids: [] });
      turns.at(-1)?.ids.push(calls[i]?.id ?? given);
      this.#waiting.set(given, turns);
    });
    return calling;
  }

  answered(given: string): { readonly calling: Calling; readonly id: string } | undefined {
    const turns = this.#waiting.get(given) ?? [];
    const last = turns.at(-1);
    const id = last?.ids.shift();
    if (last?.ids.length === 0) turns.pop();
    return last === undefined || id === undefined ? undefined : { calling: last.calling, id };
  }

  /** The same in every call of a conversation, or what is cached of it would be lost. */
  #own(given: string): string {
    const stem = given || 'call';
    let id = given;
    for (let n = this.#numbers.get(stem) ?? 1; id === '' || this.#taken.has(id); n++) {
      id = `${stem}_${n}`;
      this.#numbers.set(stem, n + 1);
    }
    this.#taken.add(id);
    return id;
  }
}
