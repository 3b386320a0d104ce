/** Answers of the old completions, whole: texts without roles, thoughts or tools. */

import type { JsonObject } from '../../base/json.ts';
import type { ChatEvent, FinishReason } from '../../domain/chat.ts';
import type { Chunk, ReplyHead } from '../dialect.ts';
import { readChoices } from '../openai-chat/reply.ts';
import { numberOf, readFinishReason, readUsage, textOf, writeUsage } from '../openai-chat/wire.ts';
import { glance } from '../plain-reply.ts';

export const OBJECT = 'text_completion';

export const glanceReply = (body: Uint8Array): Chunk =>
  glance(body, { list: 'choices', readUsage, readReply });

export const readReply = (body: Uint8Array): Chunk => readChoices(body, readChoice);

function readChoice(choice: JsonObject, events: ChatEvent[]): void {
  const index = numberOf(choice['index']);
  const text = textOf(choice['text']);
  if (text !== '') events.push({ type: 'text', text, choice: index });
  events.push({ type: 'finish', reason: readFinishReason(choice['finish_reason']) ?? 'stop', choice: index });
}

/** Nobody calls a tool here. */
export const reasonWord = (reason: FinishReason): string => (reason === 'tool_calls' ? 'stop' : reason);

export function writeReply(head: ReplyHead, events: readonly ChatEvent[]): Buffer {
  const choices: { text: string; finish: string }[] = [];
  const choiceOf = (index = 0): { text: string; finish: string } =>
    (choices[index] ??= { text: '', finish: 'stop' });
  let usage: JsonObject | undefined;
  choiceOf();
  for (const event of events) {
    if (event.type === 'text') choiceOf(event.choice).text += event.text;
    else if (event.type === 'finish') choiceOf(event.choice).finish = reasonWord(event.reason);
    else if (event.type === 'usage') usage = writeUsage(event.usage);
  }
  return Buffer.from(
    JSON.stringify({
      id: head.id,
      object: OBJECT,
      created: head.created,
      model: head.model,
      choices: choices.flatMap(({ text, finish }, index) => ({
        text,
        index,
        logprobs: null,
        finish_reason: finish,
      })),
      ...(usage === undefined ? {} : { usage }),
    }),
  );
}
