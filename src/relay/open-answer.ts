/**
 * From the head of a 2xx answer to the certainty that an answer has begun: a stream is read on until something
 * meaningful came, a plain answer to its end. The provider need not answer in the form that it was asked for.
 */

import { readAll, type UpstreamResponse } from '../base/fetch.ts';
import type { Assembler, Chunk, StreamReader, Wire } from '../dialects/dialect.ts';
import { BytesReader } from '../dialects/tasks/task-stream.ts';
import { type ChatEvent, isMeaningful } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import type { Watch } from './watch.ts';

/** A plain answer larger than this is a fault. */
export const REPLY_LIMIT_BYTES = 64 * 1024 * 1024;

export type ErrorEvent = Extract<ChatEvent, { type: 'error' }>;

/** `assembled`: the client wants it plain, the provider is asked for a stream. */
export type AnswerForm = 'plain' | 'stream' | 'assembled';

export type Reading = {
  readonly form: AnswerForm;
  readonly dialect: Wire;
  readonly watch: Watch;
  /** What an error event means. */
  readonly classify: (event: ErrorEvent) => Failure;
};

export type OpenedAnswer = {
  /** What was read to be sure that the answer began. */
  readonly first: readonly Chunk[];
  /** The rest; undefined where all of it has been read. */
  readonly rest?: { readonly body: AsyncIterator<Uint8Array>; readonly reader: StreamReader };
  /** Makes a plain answer of the chunks, where the client wants one and they are a stream's. */
  readonly assembler?: Assembler;
  /** Of bytes that are neither JSON nor events. */
  readonly contentType?: string;
};

export function openAnswer(response: UpstreamResponse, reading: Reading): Promise<OpenedAnswer> {
  const { form, dialect } = reading;
  if (dialect.opaque?.test(response.headers['content-type'] ?? '') === true)
    return openBytes(response, reading);
  if (form === 'plain') {
    // Asked for in a way that only its provider understands: it is passed on as it comes.
    const type = response.headers['content-type'] ?? '';
    if (
      dialect.task === undefined ||
      dialect.streamWriter !== undefined ||
      !type.startsWith('text/event-stream')
    )
      return readPlain(response, reading);
    return openStream(response, reading).then((opened) => ({ ...opened, contentType: type }));
  }
  if (response.headers['content-type']?.startsWith('application/json') === true)
    return form === 'stream' ? readPlainAsStream(response, reading) : readPlain(response, reading);
  return form === 'stream' ? openStream(response, reading) : openAssembly(response, reading);
}

async function readPlain(
  response: UpstreamResponse,
  { dialect, watch, classify }: Reading,
): Promise<OpenedAnswer> {
  const chunk = dialect.glanceReply(await readAll(response.body, REPLY_LIMIT_BYTES, () => watch.byte()));
  for (const event of chunk.events) if (event.type === 'error') throw classify(event);
  return { first: [chunk] };
}

/** Asked for a stream, the provider answered in one piece: the client still gets its stream. */
async function readPlainAsStream(response: UpstreamResponse, reading: Reading): Promise<OpenedAnswer> {
  const { dialect } = reading;
  const { first } = await readPlain(response, reading);
  const [chunk] = first;
  if (dialect.asEvents !== undefined && chunk !== undefined) return { first: asStream(dialect, chunk.frame) };
  const events = first.flatMap(({ frame }) => dialect.readReply?.(frame).events ?? []);
  const start = events.find((event) => event.type === 'start');
  const writer = dialect.streamWriter?.(start ?? { id: '', model: '', created: 0 }, { wantsUsage: true });
  if (writer === undefined)
    throw new Failure('malformed', { message: 'The provider was asked for a stream and sent none.' });
  const frames = [
    ...events.filter(({ type }) => type !== 'start').map((event) => writer.write(event)),
    writer.end(),
  ];
  const reader = dialect.streamReader();
  return { first: reader.push(Buffer.concat(frames)) };
}

function asStream(dialect: Wire, answer: Buffer): Chunk[] {
  const reader = dialect.streamReader();
  return reader.push(dialect.asEvents?.(answer) ?? answer);
}

/** Sound and the like: it has begun with its first byte. */
async function openBytes(response: UpstreamResponse, reading: Reading): Promise<OpenedAnswer> {
  const { form, dialect, watch } = reading;
  if (form === 'stream') {
    const bytes = await readAll(response.body, REPLY_LIMIT_BYTES, () => watch.byte());
    return { first: asStream(dialect, bytes) };
  }
  const contentType = response.headers['content-type'] ?? '';
  return { ...(await openStream(response, reading, new BytesReader())), contentType };
}

/** Reads on until something meaningful came: a role or a comment is not yet an answer. */
async function openStream(
  response: UpstreamResponse,
  { dialect, watch, classify }: Reading,
  reader: StreamReader = dialect.streamReader(),
): Promise<OpenedAnswer> {
  const body = response.body[Symbol.asyncIterator]();
  const first: Chunk[] = [];
  for (;;) {
    const { done, value } = await body.next();
    const chunks = done === true ? reader.finish() : reader.push(value);
    if (done !== true) watch.byte();
    for (const chunk of chunks) first.push(chunk);
    if (begins(chunks, classify) || (done === true && reader.ended)) break;
    if (done === true) throw endedEarly(first);
  }
  return { first, rest: { body, reader } };
}

async function openAssembly(response: UpstreamResponse, reading: Reading): Promise<OpenedAnswer> {
  const opened = await openStream(response, reading);
  if (!opened.first.some(({ events }) => events.some(isMeaningful)))
    throw new Failure('malformed', { message: 'The provider ended its stream without an answer.' });
  const assembler = reading.dialect.assembler?.();
  return assembler === undefined ? opened : { ...opened, assembler };
}

/** True when an answer has begun. Throws when the first thing told is an error. */
function begins(chunks: readonly Chunk[], classify: (event: ErrorEvent) => Failure): boolean {
  for (const { events, only, untold } of chunks) {
    for (const event of events) {
      if (event.type === 'error') throw classify(event);
      if (isMeaningful(event)) return true;
    }
    if (only === 'terminal' || untold === true) return true;
  }
  return false;
}

function endedEarly(chunks: readonly Chunk[]): Failure {
  return chunks.length === 0
    ? new Failure('malformed', { message: 'The provider answered 200 and then nothing.' })
    : new Failure('connection', { message: 'The provider closed the stream before any content.' });
}
