/** Plain answers of Gemini's wire format, read, glanced at, written, and passed on under the name that served. */

import type { JsonObject } from '../../base/json.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { toolInputOf } from '../anthropic-messages/wire.ts';
import type { Chunk, ForwardOptions, ReplyHead } from '../dialect.ts';
import { forwardReply as renamedReply } from '../openai-chat/reply.ts';
import { errorStatusOf, textOf } from '../openai-chat/wire.ts';
import { glance, parseReply } from '../plain-reply.ts';
import { AnswerReading, joined } from './answer.ts';
import { callPart } from './contents.ts';
import { addPart, Drafts } from './drafts.ts';
import { errorIn, FINISH_WORDS, readUsage, writeUsage } from './wire.ts';

export const glanceReply = (body: Uint8Array): Chunk =>
  glance(body, { list: 'candidates', readUsage, readReply, names: NAMES });

const NAMES = { usage: 'usageMetadata', model: 'modelVersion' } as const;

export function readReply(body: Uint8Array): Chunk {
  const { frame, reply } = parseReply(body);
  if (errorIn(reply) !== undefined)
    return { frame, events: [{ type: 'error', status: errorStatusOf(reply), body: frame.toString('utf8') }] };
  const reading = new AnswerReading();
  const events = joined(reading.read(reply));
  if (!Array.isArray(reply['candidates']) && !reading.ended)
    throw new Failure('malformed', { message: 'The provider answered without candidates.' });
  const model = textOf(reply['modelVersion']);
  return { frame, events, ...(model === '' ? {} : { model }) };
}

type Call = { readonly choice: number; id: string; name: string; input: string; signature?: string };

export function writeReply(head: ReplyHead, events: readonly ChatEvent[]): Buffer {
  const drafts = new Drafts();
  const calls = new Map<string, Call>();
  let usageMetadata: JsonObject | undefined;
  for (const event of events) {
    if (event.type === 'usage') usageMetadata = writeUsage(event.usage);
    else if (event.type === 'text') addPart(drafts.of(event.choice ?? 0), { text: event.text });
    else if (event.type === 'reasoning') addPart(drafts.of(event.choice ?? 0), thoughtPart(event));
    else if (event.type === 'finish')
      drafts.of(event.choice ?? 0).fields = { finishReason: FINISH_WORDS[event.reason] };
    else if (event.type === 'tool-call') grow(calls, event);
  }
  // Behind the rest: no part follows on a call in the middle of its arguments.
  for (const { choice, id, name, input, signature } of calls.values())
    drafts.of(choice).parts.push(callPart({ id, name, args: toolInputOf(input) }, signature));
  drafts.of(0);
  const body = {
    candidates: drafts.written(),
    ...(usageMetadata === undefined ? {} : { usageMetadata }),
    modelVersion: head.model,
    responseId: head.id,
  };
  return Buffer.from(JSON.stringify(body));
}

function grow(calls: Map<string, Call>, event: Extract<ChatEvent, { type: 'tool-call' }>): void {
  const choice = event.choice ?? 0;
  const place = `${choice}/${event.index}`;
  const call = calls.get(place) ?? { choice, id: '', name: '', input: '' };
  calls.set(place, call);
  call.id ||= event.id ?? '';
  call.name ||= event.name ?? '';
  call.input += event.arguments;
  if (event.signature !== undefined) call.signature = event.signature;
}

/** A seal without a thought stands on an empty text, as Google sends it. */
export function thoughtPart({ text, signature }: Extract<ChatEvent, { type: 'reasoning' }>): JsonObject {
  const seal = signature === undefined ? {} : { thoughtSignature: signature };
  return text === '' ? { text, ...seal } : { text, thought: true, ...seal };
}

export const forwardReply = (chunk: Chunk, options: ForwardOptions): Buffer =>
  renamedReply(chunk, options, NAMES.model);
