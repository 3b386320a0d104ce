/**
 * A dialect of a task that is no chat: one question in JSON, one answer, in JSON or in whatever it is made of. Its bytes
 * are passed on with only the model spliced; of the question routing needs the model, of the answer accounting the usage.
 * Both are found by scanning, so that a picture of twenty megabytes is not built up to be thrown away.
 */

import { writeSseComment } from '../../base/sse.ts';
import type { RequestHead, Task, TaskDialectId } from '../../domain/call.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, Wire } from '../dialect.ts';
import { writeFailure, writeStreamFailure } from '../openai-chat/failures.ts';
import { readWishes } from '../openai-chat/openrouter-fields.ts';
import { forwardReply } from '../openai-chat/reply.ts';
import { invalid, parseBody, severalOf, TWICE } from '../openai-chat/request.ts';
import { errorStatusOf, textOf } from '../openai-chat/wire.ts';
import { withModel } from '../splice-request.ts';
import { type Fields, fieldsOf } from './fields.ts';
import { TaskStreamReader } from './task-stream.ts';
import { readTaskUsage } from './task-usage.ts';

/** A field that must be there: a text, a list with something in it, or either of them. */
type Need = 'text' | 'list' | 'text or list';

export type TaskOptions = {
  readonly id: TaskDialectId;
  readonly task: Task;
  readonly path: string;
  readonly alsoAt?: readonly string[];
  readonly needs: Readonly<Record<string, Need>>;
  /** An answer has one of these fields; none named: any object is one. */
  readonly answers: readonly string[];
  /** Infinity: nobody knows. */
  readonly maxOutputTokens: number;
  /** The field and the value by which an answer in events is asked for. */
  readonly streamsBy?: readonly [field: string, value: unknown];
  readonly opaque?: RegExp;
  readonly asEvents?: (answer: Buffer) => Buffer;
  readonly form?: true;
};

export function createTask(options: TaskOptions): Wire {
  const { id, task, path, alsoAt, opaque, asEvents, form } = options;
  return {
    id,
    path,
    task,
    ...(alsoAt === undefined ? {} : { alsoAt }),
    ...(opaque === undefined ? {} : { opaque }),
    ...(form === undefined ? {} : { form }),
    ...(asEvents === undefined ? {} : { asEvents }),
    readHead: (body) => withWishes(body, readTaskHead(body, options), form === true),
    forwardRequest: withModel,
    glanceReply: (body) => glanceTask(body, options.answers),
    streamReader: () => new TaskStreamReader(),
    forward: (chunk) => chunk.frame,
    forwardReply,
    writeFailure,
    writeStreamFailure,
    heartbeat: writeSseComment,
  };
}

/** Throws `invalid_request` naming the field. */
export function readTaskHead(
  body: Uint8Array,
  { needs, streamsBy, maxOutputTokens }: Pick<TaskOptions, 'needs' | 'streamsBy' | 'maxOutputTokens'>,
): RequestHead {
  const fields = fieldsOf(body) ?? unreadable(body);
  const model = fields.read('model');
  if (model === undefined) throw invalid('model', 'you must provide a model');
  if (typeof model !== 'string' || model === '') throw invalid('model', 'expected a non-empty string');
  for (const [name, need] of Object.entries(needs)) demand(fields, name, need);
  const stream = streamsBy !== undefined && fields.read(streamsBy[0]) === streamsBy[1];
  // Several pictures are several answers; what is answered with nothing that costs has no such field.
  const wanted = maxOutputTokens === Infinity ? fields.read('n') : undefined;
  return {
    model,
    stream,
    wantsUsage: false,
    maxOutputTokens,
    ...severalOf(typeof wanted === 'number' ? wanted : 1),
  };
}

/**
 * OpenRouter's wishes, as with a chat: https://openrouter.ai/docs/api_reference/embeddings . A form is sent as it came, and
 * they could not be taken out of it.
 */
function withWishes(body: Uint8Array, head: RequestHead, isForm: boolean): RequestHead {
  const fields = isForm ? undefined : fieldsOf(body);
  if (fields === undefined || !(fields.spans.has('models') || fields.spans.has('provider'))) return head;
  const wishes = readWishes({ models: fields.read('models'), provider: fields.read('provider') });
  return wishes === undefined ? head : { ...head, wishes };
}

/** What is wrong is told by whoever reads all of it. */
function unreadable(body: Uint8Array): never {
  const value = parseBody(body);
  throw new Failure('invalid_request', {
    message:
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? TWICE
        : 'The body must be a JSON object.',
  });
}

/** So many bytes tell whether a list is empty. */
const GLANCE_BYTES = 64;

function demand({ bytes, spans }: Fields, name: string, need: Need): void {
  const span = spans.get(name);
  const start = span === undefined ? '' : bytes.toString('latin1', span.start, span.start + GLANCE_BYTES);
  const isList = start.startsWith('[');
  if (isList && need !== 'text') {
    if (/^\[\s*\]/.test(start)) throw invalid(name, 'expected at least one item');
  } else if (!start.startsWith('"') || need === 'list') throw invalid(name, `expected ${EXPECTED[need]}`);
}

const EXPECTED = {
  text: 'a string',
  list: 'an array',
  'text or list': 'a string or an array',
} as const satisfies Record<Need, string>;

/** Usage and model of an answer, or the error in its place. Throws `malformed` where it is neither. */
function glanceTask(body: Uint8Array, answers: readonly string[]): Chunk {
  const fields = fieldsOf(body);
  if (fields === undefined)
    throw new Failure('malformed', {
      message: 'The provider answered with something that is not a JSON object.',
    });
  const { bytes: frame, spans, read } = fields;
  const isAnswer = answers.length === 0 || answers.some((name) => spans.has(name));
  const error = read('error');
  const isFlatError = typeof read('code') === 'string' && typeof read('message') === 'string';
  if ((error !== undefined && error !== null) || (isFlatError && (!isAnswer || answers.length === 0)))
    return {
      frame,
      events: [{ type: 'error', status: errorStatusOf({ error }), body: frame.toString('utf8') }],
    };
  if (!isAnswer)
    throw new Failure('malformed', { message: `The provider answered without ${answers.join(' or ')}.` });
  const usage = readTaskUsage(read);
  const model = textOf(read('model'));
  return {
    frame,
    events: usage === undefined ? [] : [{ type: 'usage', usage }],
    ...(model === '' ? {} : { model }),
  };
}
