/** Answers of the old completions, whole: texts without roles, thoughts or tools. */

import type { JsonObject } from '../../base/json.ts';
import type { ChatEvent, FinishReason } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, ReplyHead } from '../dialect.ts';
import {
  errorStatusOf,
  numberOf,
  objectOf,
  readFinishReason,
  readUsage,
  tellsError,
  textOf,
  writeUsage,
} from '../openai-chat/wire.ts';
import { glance, parseReply } from '../plain-reply.ts';

export const OBJECT = 'text_completion';

export const glanceReply = (body: Uint8Array): Chunk =>
  glance(body, { list: 'choices', readUsage, readReply });

export function readReply(body: Uint8Array): Chunk {
  const { frame, reply } = parseReply(body);
  if (tellsError(reply))
    return { frame, events: [{ type: 'error', status: errorStatusOf(reply), body: frame.toString('utf8') }] };
  if (!Array.isArray(reply['choices']))
    throw new Failure('malformed', { message: 'The provider answered without choices.' });
  const model = textOf(reply['model']);
  const events: ChatEvent[] = [
    { type: 'start', id: textOf(reply['id']), model, created: numberOf(reply['created']) },
  ];
  for (const value of reply['choices']) {
    const choice = objectOf(value) ?? {};
    const index = numberOf(choice['index']);
    const text = textOf(choice['text']);
    if (text !== '') events.push({ type: 'text', text, choice: index });
    events.push({
      type: 'finish',
      reason: readFinishReason(choice['finish_reason']) ?? 'stop',
      choice: index,
    });
  }
  const usage = readUsage(reply['usage']);
  if (usage !== undefined) events.push({ type: 'usage', usage });
  return { frame, events, ...(model === '' ? {} : { model }) };
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
