import { isJsonObject } from '../../base/json.ts';
import type { AnswerTerms } from '../../domain/answer-terms.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, ReplyHead } from '../dialect.ts';
import { errorStatusOf, numberOf, textOf } from '../openai-chat/wire.ts';
import { glance, parseReply } from '../plain-reply.ts';
import { Answer, writeFailed } from './answer.ts';
import { errorOf, isCall, REFUSED, readEnd, readOutput, readUsage } from './wire.ts';

export const glanceReply = (body: Uint8Array): Chunk =>
  glance(body, { list: 'output', readUsage, readReply, isRefused: (field) => REFUSED.has(field('status')) });

export function readReply(body: Uint8Array): Chunk {
  const { frame, reply } = parseReply(body);
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

export function writeReply(head: ReplyHead, events: readonly ChatEvent[], terms?: AnswerTerms): Buffer {
  const answer = new Answer(head, terms);
  for (const event of events) answer.take(event);
  return Buffer.from(JSON.stringify(answer.failed ? writeFailed(head) : answer.written(true)));
}
