import { type JsonObject, splice, topLevelFields } from '../../base/json.ts';
import type { AnswerTerms } from '../../domain/answer-terms.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, ForwardOptions, ReplyHead } from '../dialect.ts';
import { glance, parseReply } from '../plain-reply.ts';
import { finishWord, writtenCalls } from './call-forms.ts';
import {
  errorStatusOf,
  numberOf,
  objectOf,
  REPLY_OBJECT,
  readFinishReason,
  readUsage,
  saidIn,
  tellsError,
  textOf,
  writeUsage,
} from './wire.ts';

export const glanceReply = (body: Uint8Array): Chunk =>
  glance(body, { list: 'choices', readUsage, readReply });

export const readReply = (body: Uint8Array): Chunk => readChoices(body, readChoice);

/** Whatever a choice holds. */
export function readChoices(
  body: Uint8Array,
  readInto: (choice: JsonObject, events: ChatEvent[]) => void,
): Chunk {
  const { frame, reply } = parseReply(body);
  if (tellsError(reply))
    return { frame, events: [{ type: 'error', status: errorStatusOf(reply), body: frame.toString('utf8') }] };
  if (!Array.isArray(reply['choices']))
    throw new Failure('malformed', { message: 'The provider answered without choices.' });
  const model = textOf(reply['model']);
  const events: ChatEvent[] = [
    { type: 'start', id: textOf(reply['id']), model, created: numberOf(reply['created']) },
  ];
  for (const value of reply['choices']) readInto(objectOf(value) ?? {}, events);
  const usage = readUsage(reply['usage']);
  if (usage !== undefined) events.push({ type: 'usage', usage });
  return { frame, events, ...(model === '' ? {} : { model }) };
}

function readChoice(choice: JsonObject, events: ChatEvent[]): void {
  const index = numberOf(choice['index']);
  const message = objectOf(choice['message']) ?? {};
  const { reasoning, text } = saidIn(message);
  if (reasoning !== '') events.push({ type: 'reasoning', text: reasoning, choice: index });
  if (text !== '') events.push({ type: 'text', text, choice: index });
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'] : [];
  calls.forEach((value: unknown, i) => {
    const call = objectOf(value) ?? {};
    const target = objectOf(call['function']) ?? objectOf(call['custom']) ?? {};
    events.push({
      type: 'tool-call',
      index: i,
      id: textOf(call['id']),
      name: textOf(target['name']),
      arguments: textOf(target['arguments']) || textOf(target['input']),
      choice: index,
    });
  });
  events.push({ type: 'finish', reason: readFinishReason(choice['finish_reason']) ?? 'stop', choice: index });
}

type Draft = {
  text: string;
  reasoning: string;
  finish: string;
  readonly calls: { id: string; name: string; arguments: string }[];
};

export function writeReply(head: ReplyHead, events: readonly ChatEvent[], terms: AnswerTerms = {}): Buffer {
  const drafts: Draft[] = [];
  const draftOf = (choice = 0): Draft =>
    (drafts[choice] ??= { text: '', reasoning: '', finish: 'stop', calls: [] });
  let usage: JsonObject | undefined;
  for (const event of events) {
    if (event.type === 'text') draftOf(event.choice).text += event.text;
    else if (event.type === 'reasoning') draftOf(event.choice).reasoning += event.text;
    else if (event.type === 'finish') draftOf(event.choice).finish = event.reason;
    else if (event.type === 'usage') usage = writeUsage(event.usage);
    else if (event.type === 'tool-call') {
      const { calls } = draftOf(event.choice);
      const call = calls[event.index] ?? { id: '', name: '', arguments: '' };
      calls[event.index] = call;
      call.id ||= event.id ?? '';
      call.name ||= event.name ?? '';
      call.arguments += event.arguments;
    }
  }
  draftOf();
  const body = {
    id: head.id,
    object: REPLY_OBJECT,
    created: head.created,
    model: head.model,
    // Choices and calls may be numbered with gaps; flatMap leaves those out.
    choices: drafts.flatMap((draft, index) => ({
      index,
      message: messageOf(draft, terms),
      logprobs: null,
      finish_reason: finishWord(draft.finish, terms),
    })),
    ...(usage === undefined ? {} : { usage }),
    system_fingerprint: null,
  };
  return Buffer.from(JSON.stringify(body));
}

function messageOf(draft: Draft, terms: AnswerTerms): JsonObject {
  return {
    role: 'assistant',
    content: draft.text === '' && draft.calls.length > 0 ? null : draft.text,
    ...(draft.reasoning === '' ? {} : { reasoning_content: draft.reasoning }),
    ...writtenCalls(
      draft.calls.filter((call) => call !== undefined),
      terms,
    ),
  };
}

/** The upstream's bytes, with the model that served. `field`: where the answer names it. */
export function forwardReply(chunk: Chunk, { model }: ForwardOptions, field = 'model'): Buffer {
  if (chunk.model === undefined || chunk.model === model) return chunk.frame;
  const span = topLevelFields(chunk.frame)?.get(field);
  return span === undefined ? chunk.frame : splice(chunk.frame, [{ ...span, text: JSON.stringify(model) }]);
}
