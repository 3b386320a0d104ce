/** Plain answers of the Responses format: one body, read as a stream of one chunk and written from meaning. */

import { asBuffer } from '../../base/fetch.ts';
import { isJsonObject, parseJson, topLevelFields } from '../../base/json.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, ReplyHead } from '../dialect.ts';
import { errorStatusOf, numberOf, textOf } from '../openai-chat/wire.ts';
import { Answer, writeFailed } from './answer.ts';
import { errorOf, isCall, REFUSED, readEnd, readOutput, readUsage } from './wire.ts';

/** Finds usage and model by scanning, so that an answer of any size is not built up to be thrown away. */
export function glanceReply(body: Uint8Array): Chunk {
  const frame = asBuffer(body);
  const fields = topLevelFields(frame);
  const fieldOf = (name: string): unknown => {
    const span = fields?.get(name);
    return span === undefined ? undefined : parseJson(frame.toString('utf8', span.start, span.end));
  };
  const output = fields?.get('output');
  const isPlain = output !== undefined && frame[output.start] === OPEN_BRACKET && !fieldOf('error');
  const usage = isPlain && !REFUSED.has(fieldOf('status')) ? readUsage(fieldOf('usage')) : undefined;
  if (usage === undefined) return readReply(body);
  const model = textOf(fieldOf('model'));
  return { frame, events: [{ type: 'usage', usage }], ...(model === '' ? {} : { model }) };
}

const OPEN_BRACKET = 0x5b;

export function readReply(body: Uint8Array): Chunk {
  const frame = asBuffer(body);
  const reply = parseJson(frame.toString('utf8'));
  if (!isJsonObject(reply))
    throw new Failure('malformed', {
      message: 'The provider answered with something that is not a JSON object.',
    });
  const { error, output } = reply;
  if (REFUSED.has(reply['status'])) return { frame, events: [errorOf(reply)] };
  if (error !== undefined && error !== null)
    return { frame, events: [{ type: 'error', status: errorStatusOf(reply), body: frame.toString('utf8') }] };
  if (!Array.isArray(output))
    throw new Failure('malformed', { message: 'The provider answered without an output.' });
  const model = textOf(reply['model']);
  const events: ChatEvent[] = [
    { type: 'start', id: textOf(reply['id']), model, created: numberOf(reply['created_at']) },
    ...readOutput(output),
  ];
  // A response in the background has not ended yet.
  const reason = readEnd(reply, output.filter((item) => isJsonObject(item) && isCall(item)).length);
  if (reason !== undefined) events.push({ type: 'finish', reason, choice: 0 });
  const usage = readUsage(reply['usage']);
  if (usage !== undefined) events.push({ type: 'usage', usage });
  return { frame, events, ...(model === '' ? {} : { model }) };
}

export function writeReply(
  head: ReplyHead,
  events: readonly ChatEvent[],
  textTools?: readonly string[],
): Buffer {
  const answer = new Answer(head, textTools);
  for (const event of events) answer.take(event);
  return Buffer.from(JSON.stringify(answer.failed ? writeFailed(head) : answer.written(true)));
}
