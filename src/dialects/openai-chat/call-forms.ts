/**
 * How a client of OpenAI chat hears that a tool is called, where it is not by a function's arguments: a custom tool gets
 * its text, told when it is whole, and who knows only the oldest form, without ids, hears of one call and no more.
 */

import type { JsonObject } from '../../base/json.ts';
import type { AnswerTerms } from '../../domain/answer-terms.ts';
import type { ChatEvent, FinishReason, ToolCall } from '../../domain/chat.ts';
import { textInputOf } from './text-tools.ts';

type CallEvent = Extract<ChatEvent, { type: 'tool-call' }>;

export const finishWord = (reason: FinishReason | string, { oldFunctions }: AnswerTerms): string =>
  reason === 'tool_calls' && oldFunctions ? 'function_call' : reason;

/** The fields of a whole message that tell its calls. */
export function writtenCalls(calls: readonly ToolCall[], terms: AnswerTerms): JsonObject {
  const [first] = calls;
  if (first === undefined) return {};
  if (terms.oldFunctions) return { function_call: { name: first.name, arguments: first.arguments } };
  return { tool_calls: calls.map((call) => writtenCall(call, terms)) };
}

function writtenCall({ id, name, arguments: said }: ToolCall, { tools }: AnswerTerms): JsonObject {
  return tools?.get(name)?.kind === 'custom'
    ? { id, type: 'custom', custom: { name, input: textInputOf(said) } }
    : { id, type: 'function', function: { name, arguments: said } };
}

/** The deltas of a stream in which there may be such calls. */
export class CallDeltas {
  readonly #terms: AnswerTerms;
  /** The texts of custom tools as they grow, by choice and call. */
  readonly #texts = new Map<string, { readonly choice: number; readonly index: number; said: string }>();

  constructor(terms: AnswerTerms) {
    this.#terms = terms;
  }

  /** Undefined: nothing can be told yet. */
  begun(event: CallEvent): JsonObject | undefined {
    const { index, name, choice = 0, arguments: said } = event;
    if (this.#terms.oldFunctions) {
      const told = name === undefined ? {} : { name };
      return index === 0 ? { function_call: { ...told, arguments: said } } : undefined;
    }
    const place = `${choice}/${index}`;
    const text = this.#texts.get(place);
    if (text !== undefined) {
      text.said += said;
      return undefined;
    }
    if (name === undefined || this.#terms.tools?.get(name)?.kind !== 'custom')
      return { tool_calls: [functionDelta(event)] };
    this.#texts.set(place, { choice, index, said });
    return { tool_calls: [{ index, id: event.id ?? '', type: 'custom', custom: { name, input: '' } }] };
  }

  /** What was held back of a choice that ends. */
  ended(choice: number): JsonObject[] {
    const told: JsonObject[] = [];
    for (const [place, text] of this.#texts) {
      if (text.choice !== choice) continue;
      this.#texts.delete(place);
      told.push({ tool_calls: [{ index: text.index, custom: { input: textInputOf(text.said) } }] });
    }
    return told;
  }
}

export function functionDelta(event: CallEvent): JsonObject {
  return {
    index: event.index,
    ...(event.id === undefined ? {} : { id: event.id, type: 'function' }),
    function: { ...(event.name === undefined ? {} : { name: event.name }), arguments: event.arguments },
  };
}
