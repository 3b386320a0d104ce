/**
 * What an answer of Gemini's wire format means, whole or in pieces: the parts of its candidates in order, the ends, and the
 * usage. What only Google's own tools make (code, pictures) is told as text, so that no dialect loses it.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { numberOf, objectOf, textOf } from '../openai-chat/wire.ts';
import { callIn, sealIn } from './contents.ts';
import { listOf, readFinishReason, readUsage } from './wire.ts';

export class AnswerReading {
  /** The candidates that have begun, and whether each is finished. */
  readonly #candidates = new Map<number, boolean>();
  readonly #calls = new Map<number, number>();
  #started = false;
  #id = '';

  get ended(): boolean {
    for (const isFinished of this.#candidates.values()) if (!isFinished) return false;
    return this.#candidates.size > 0;
  }

  read(value: JsonObject): ChatEvent[] {
    const events: ChatEvent[] = [];
    if (!this.#started) {
      this.#started = true;
      this.#id = textOf(value['responseId']);
      events.push({ type: 'start', id: this.#id, model: textOf(value['modelVersion']), created: 0 });
    }
    for (const candidate of listOf(value['candidates'])) this.#candidate(candidate, events);
    // A question that was blocked has no candidates.
    if (textOf(objectOf(value['promptFeedback'])?.['blockReason']) !== '' && this.#candidates.size === 0) {
      this.#candidates.set(0, true);
      events.push({ type: 'finish', reason: 'content_filter', choice: 0 });
    }
    const usage = readUsage(value['usageMetadata']);
    if (usage !== undefined) events.push({ type: 'usage', usage });
    return events;
  }

  #candidate(candidate: JsonObject, events: ChatEvent[]): void {
    const choice = numberOf(candidate['index']);
    if (!this.#candidates.has(choice)) this.#candidates.set(choice, false);
    for (const part of listOf(objectOf(candidate['content'])?.['parts'])) this.#part(part, choice, events);
    const word = textOf(candidate['finishReason']);
    if (word === '') return;
    this.#candidates.set(choice, true);
    const reason = readFinishReason(word);
    if (reason === undefined) return;
    // There is no word of its own for an end with calls.
    const calls = reason === 'stop' && this.#calls.has(choice);
    events.push({ type: 'finish', reason: calls ? 'tool_calls' : reason, choice });
  }

  #part(part: JsonObject, choice: number, events: ChatEvent[]): void {
    const signature = sealIn(part);
    const call = callIn(part);
    if (call !== undefined) {
      const index = this.#calls.get(choice) ?? 0;
      this.#calls.set(choice, index + 1);
      events.push({
        type: 'tool-call',
        index,
        id: textOf(call['id']) || this.#idOf(index, choice),
        name: textOf(call['name']),
        arguments: JSON.stringify(objectOf(call['args']) ?? {}),
        ...(signature === '' ? {} : { signature }),
        choice,
      });
      return;
    }
    const text = textOf(part['text']);
    if (part['thought'] === true) {
      if (text !== '' || signature !== '')
        events.push({ type: 'reasoning', text, ...(signature === '' ? {} : { signature }), choice });
      return;
    }
    const said = text === '' ? shownAsText(part) : text;
    if (said !== '') events.push({ type: 'text', text: said, choice });
    if (signature !== '') events.push({ type: 'reasoning', text: '', signature, choice });
  }

  /** The same whenever this answer is read, and another in another answer. */
  #idOf(index: number, choice: number): string {
    const answer = this.#id.replace(/[^\w-]/g, '').slice(0, 40);
    return ['call', answer, ...(choice > 0 ? [choice] : []), index].filter((each) => each !== '').join('_');
  }
}

function shownAsText(part: JsonObject): string {
  const code = objectOf(part['executableCode']);
  if (code !== undefined)
    return fenced(textOf(code['language']).toLowerCase() || 'python', textOf(code['code']));
  const result = objectOf(part['codeExecutionResult']);
  if (result !== undefined) return fenced('', textOf(result['output']));
  const inline = objectOf(part['inlineData']);
  const type = textOf(inline?.['mimeType']);
  if (inline !== undefined && type !== '')
    return `${type.startsWith('image/') ? '!' : ''}[${type}](data:${type};base64,${textOf(inline['data'])})`;
  const uri = textOf(objectOf(part['fileData'])?.['fileUri']);
  return uri === '' ? '' : `[${uri}](${uri})`;
}

const fenced = (language: string, text: string): string =>
  `\n\`\`\`${language}\n${text.replace(/\n$/, '')}\n\`\`\`\n`;

/** Texts that stand beside each other are one: how an answer was cut into parts means nothing. */
export function joined(events: readonly ChatEvent[]): ChatEvent[] {
  const told: ChatEvent[] = [];
  for (const event of events) {
    const last = told.at(-1);
    if (event.type === 'text' && last?.type === 'text' && event.choice === last.choice)
      told[told.length - 1] = { ...last, text: last.text + event.text };
    else told.push(event);
  }
  return told;
}
