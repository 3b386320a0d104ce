import type { JsonObject } from '../../base/json.ts';
import type { ChatEvent, FinishReason } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Usage } from '../../domain/usage.ts';
import type { Chunk, ReplyHead } from '../dialect.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { glance, parseReply } from '../plain-reply.ts';
import { errorStatusOf, readStopReason, readUsage, STOP_WORDS, toolInputOf, writeUsage } from './wire.ts';

export const glanceReply = (body: Uint8Array): Chunk =>
  glance(body, { list: 'content', readUsage, readReply });

export function readReply(body: Uint8Array): Chunk {
  const { frame, reply } = parseReply(body);
  if (reply['type'] === 'error' || (reply['error'] !== undefined && reply['error'] !== null))
    return { frame, events: [{ type: 'error', status: errorStatusOf(reply), body: frame.toString('utf8') }] };
  if (!Array.isArray(reply['content']))
    throw new Failure('malformed', { message: 'The provider answered without content.' });
  const model = textOf(reply['model']);
  const events: ChatEvent[] = [{ type: 'start', id: textOf(reply['id']), model, created: 0 }];
  let calls = 0;
  for (const value of reply['content'] as unknown[]) {
    const block = objectOf(value) ?? {};
    if (block['type'] === 'tool_use') events.push(callOf(block, calls++));
    else events.push(...said(block));
  }
  const reason = readStopReason(reply['stop_reason']);
  if (reason !== undefined) events.push({ type: 'finish', reason, choice: 0 });
  const usage = readUsage(reply['usage']);
  if (usage !== undefined) events.push({ type: 'usage', usage });
  return { frame, events, ...(model === '' ? {} : { model }) };
}

function said(block: JsonObject): ChatEvent[] {
  if (block['type'] === 'text') {
    const text = textOf(block['text']);
    return text === '' ? [] : [{ type: 'text', text, choice: 0 }];
  }
  const data = textOf(block['data']);
  if (block['type'] === 'redacted_thinking' && data !== '')
    return [{ type: 'reasoning', text: '', signature: data, redacted: true, choice: 0 }];
  if (block['type'] !== 'thinking') return [];
  const text = textOf(block['thinking']);
  const signature = textOf(block['signature']);
  if (text === '' && signature === '') return [];
  return [{ type: 'reasoning', text, ...(signature === '' ? {} : { signature }), choice: 0 }];
}

const callOf = (block: JsonObject, index: number): ChatEvent => ({
  type: 'tool-call',
  index,
  id: textOf(block['id']),
  name: textOf(block['name']),
  arguments: JSON.stringify(objectOf(block['input']) ?? {}),
  choice: 0,
});

type Draft =
  | { readonly type: 'text'; text: string }
  | { readonly type: 'thinking'; thinking: string; signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; id: string; name: string; input: string };

/** Of several choices only the first has a place here. */
export function writeReply(head: ReplyHead, events: readonly ChatEvent[]): Buffer {
  const drafts: Draft[] = [];
  const calls = new Map<number, Draft & { type: 'tool_use' }>();
  let reason: FinishReason | undefined;
  let usage: Usage | undefined;
  for (const event of events) {
    if (event.type === 'usage') usage = event.usage;
    else if (!('choice' in event) || (event.choice ?? 0) === 0) {
      if (event.type === 'text') textDraft(drafts).text += event.text;
      else if (event.type === 'finish') reason = event.reason;
      else if (event.type === 'reasoning' && event.redacted)
        drafts.push({ type: 'redacted_thinking', data: event.signature ?? '' });
      else if (event.type === 'reasoning') {
        const draft = thinkingDraft(drafts);
        draft.thinking += event.text;
        draft.signature = event.signature ?? draft.signature;
      } else if (event.type === 'tool-call') {
        let draft = calls.get(event.index);
        if (draft === undefined) {
          draft = { type: 'tool_use', id: '', name: '', input: '' };
          calls.set(event.index, draft);
          drafts.push(draft);
        }
        draft.id ||= event.id ?? '';
        draft.name ||= event.name ?? '';
        draft.input += event.arguments;
      }
    }
  }
  const body = {
    id: head.id,
    type: 'message',
    role: 'assistant',
    model: head.model,
    content: drafts.map((draft) =>
      draft.type === 'tool_use' ? { ...draft, input: toolInputOf(draft.input) } : draft,
    ),
    stop_reason: reason === undefined ? null : STOP_WORDS[reason],
    stop_sequence: null,
    usage: writeUsage(usage),
  };
  return Buffer.from(JSON.stringify(body));
}

function textDraft(drafts: Draft[]): Draft & { type: 'text' } {
  const last = drafts.at(-1);
  if (last?.type === 'text') return last;
  const draft = { type: 'text' as const, text: '' };
  drafts.push(draft);
  return draft;
}

/** What is sealed is whole: another thought is another block. */
function thinkingDraft(drafts: Draft[]): Draft & { type: 'thinking' } {
  const last = drafts.at(-1);
  if (last?.type === 'thinking' && last.signature === '') return last;
  const draft = { type: 'thinking' as const, thinking: '', signature: '' };
  drafts.push(draft);
  return draft;
}
