/**
 * Requests of OpenAI's old completions: a text to be gone on with. One text is the same as one message of a user, and can
 * be asked of any chat; what only makes sense of a bare text cannot be taken along.
 * Source: https://platform.openai.com/docs/api-reference/completions/create
 */

import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { RequestHead } from '../../domain/call.ts';
import type { ChatRequest } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Crossing } from '../dialect.ts';
import { invalid, parseBody, severalOf } from '../openai-chat/request.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { fieldsOf } from '../tasks/fields.ts';
import { readTaskHead } from '../tasks/task-dialect.ts';

const NEEDS = { needs: { prompt: 'text or list' }, streamsBy: ['stream', true] } as const;

export function readHead(body: Uint8Array): RequestHead {
  const head = readTaskHead(body, { ...NEEDS, maxOutputTokens: Infinity });
  const read = fieldsOf(body)?.read ?? (() => undefined);
  const stream = read('stream');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'expected true or false');
  const answers = timesOf(read('n'), read('best_of')) * textsOf(read('prompt'));
  return {
    ...head,
    wantsUsage: objectOf(read('stream_options'))?.['include_usage'] === true,
    maxOutputTokens: maxTokensOf(read('max_tokens')) * answers,
    ...severalOf(answers),
  };
}

function maxTokensOf(value: unknown): number {
  if (value === undefined || value === null) return Infinity;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw invalid('max_tokens', 'expected a whole number');
  return value;
}

/** So many texts are written, whether they are all shown or not. */
const timesOf = (...values: readonly unknown[]): number =>
  Math.max(1, ...values.filter((value): value is number => typeof value === 'number'));

/** Each text of a list is gone on with; a list of numbers is one text, in tokens. */
const textsOf = (prompt: unknown): number =>
  Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1;

/** Without a meaning in a chat, unless they say nothing. */
const OF_BARE_TEXT: Readonly<Record<string, (value: unknown) => boolean>> = {
  suffix: (value) => value === '' || value === null,
  echo: (value) => value !== true,
  best_of: (value) => value === 1 || value === null,
  logprobs: (value) => value === null,
};

const KNOWN: ReadonlySet<string> = new Set(['model', 'prompt', 'stream', 'stream_options', 'max_tokens']);

export function readCrossing(body: Uint8Array): Crossing {
  const head = readHead(body);
  const fields = parseBody(body);
  if (!isJsonObject(fields))
    throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
  const names = Object.keys(fields);
  const bound = maxTokensOf(fields['max_tokens']);
  return {
    request: {
      model: head.model,
      messages: [{ role: 'user', parts: [{ type: 'text', text: promptOf(fields) }] }],
      stream: head.stream,
      wantsUsage: head.wantsUsage,
      ...(bound === Infinity ? {} : { maxOutputTokens: bound }),
      extra: Object.fromEntries(
        names.flatMap((name) => (KNOWN.has(name) || name in OF_BARE_TEXT ? [] : [[name, fields[name]]])),
      ),
    },
    dropped: names.filter((name) => OF_BARE_TEXT[name]?.(fields[name]) === false),
  };
}

export const readRequest = (body: Uint8Array): ChatRequest => readCrossing(body).request;

function promptOf({ prompt }: JsonObject): string {
  const only = Array.isArray(prompt) && prompt.length === 1 ? (prompt as readonly unknown[])[0] : prompt;
  if (typeof only === 'string') return textOf(only);
  throw invalid(
    'prompt',
    'expected one text: the model is served by chats alone, which take no tokens and no list of texts',
  );
}
