/**
 * One try on one channel: speak to the upstream, and wait until it is certain that an answer has begun. Until the
 * first meaningful event nothing reaches the client, so a refusal, however late, can still move the call.
 */

import type { Clock } from '../base/clock.ts';
import { ConnectionError, readAll, type UpstreamResponse } from '../base/fetch.ts';
import type { Chunk, Dialect } from '../dialects/dialect.ts';
import { dialectOf } from '../dialects/index.ts';
import { type ChatEvent, isMeaningful } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import type { AttemptStory } from '../domain/story.ts';
import type { Provider, Refusal } from '../providers/provider.ts';
import type { Start } from './acquire.ts';
import type { Journey } from './journey.ts';
import { Reply, type ReplySource } from './reply.ts';
import { Watch } from './watch.ts';

/** More of an error's body than this is not read. */
const REFUSAL_LIMIT_BYTES = 64 * 1024;
/** A plain answer larger than this is a fault. */
const REPLY_LIMIT_BYTES = 64 * 1024 * 1024;

type ErrorEvent = Extract<ChatEvent, { type: 'error' }>;

/** Resolves with the answer under way. Throws `Failure`; the permit has then ended and the bench is set. */
export async function attempt(journey: Journey, start: Start): Promise<Reply> {
  const { call, rooms, snapshot, story } = journey;
  const { channel, permit, secret } = start;
  const { clock } = rooms;
  const { stream } = call.head;
  if (call.departure.gone) {
    permit.cancel();
    throw new Failure('client_gone', { message: 'The client left before its call was sent.' });
  }
  const startedAtMs = clock.now();
  const told: AttemptStory = {
    channel: channel.id,
    queueMs: start.queueMs,
    startedAtMs,
    ...(start.heldBy === undefined ? {} : { heldBy: start.heldBy }),
  };
  story.attempts.push(told);
  const watch = new Watch(clock, {
    firstByteMs: stream ? snapshot.settings.firstByteStreamMs : snapshot.settings.firstByteMs,
    idleMs: snapshot.settings.idleMs,
    client: call.departure,
  });
  try {
    const source = await speak(journey, start, { watch, told });
    journey.upstreamMs += clock.now() - startedAtMs;
    if (rooms.health.succeeded(channel, secret, startedAtMs)) rooms.queue.wake();
    if (stream) story.firstContentMs = clock.now() - call.arrivedAtMs;
    story.servedModel = journey.model.name;
    story.servedChannel = channel.id;
    return new Reply({ ...source, journey, channel, permit, watch });
  } catch (error) {
    journey.upstreamMs += clock.now() - startedAtMs;
    watch.abort();
    const failure = failureOf(error);
    told.failure = failure.kind;
    told.detail = failure.message;
    if (neverSent(error)) permit.cancel();
    else permit.refused();
    rooms.health.failed(channel, failure, { secret, startedAtMs, nowMs: clock.now() });
    throw failure;
  }
}

type Opened = Pick<ReplySource, 'first' | 'rest' | 'classify'>;

async function speak(
  journey: Journey,
  { channel, secret }: Start,
  { watch, told }: { readonly watch: Watch; readonly told: AttemptStory },
): Promise<Opened> {
  const { call, rooms } = journey;
  const dialect = dialectOf(call.dialect);
  const provider = rooms.providerOf(channel);
  const path = provider.speaks[dialect.id];
  if (path === undefined)
    throw new Failure('no_access', { message: `${provider.name} does not speak ${dialect.id}.` });
  const headers = headersFor(journey, provider);
  provider.authorize(headers, channel.account.secrets[secret] ?? '');
  const startedAtMs = rooms.clock.now();
  const response = await rooms.fetchOf(channel)({
    method: 'POST',
    url: channel.account.baseUrl + path,
    headers,
    body: dialect.forwardRequest(call.body, call.head, channel.upstreamModel),
    signal: watch.signal,
  });
  told.headMs = rooms.clock.now() - startedAtMs;
  watch.byte();
  const classify = (event: ErrorEvent): Failure =>
    provider.classify({
      status: event.status,
      headers: response.headers,
      body: event.body,
      phase: 'stream',
      nowMs: rooms.clock.now(),
    });
  if (response.status < 200 || response.status > 299) {
    told.status = response.status;
    throw provider.classify(await refusalOf(response, { watch, clock: rooms.clock }));
  }
  if (!call.head.stream) return readPlain(response, { dialect, watch, classify });
  return response.headers['content-type']?.startsWith('application/json') === true
    ? readPlainAsStream(response, { dialect, watch, classify })
    : openStream(response, { dialect, watch, classify });
}

function headersFor(journey: Journey, provider: Provider): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: journey.call.head.stream ? 'text/event-stream' : 'application/json',
    'accept-encoding': 'identity',
  };
  for (const name of provider.forwardHeaders) {
    const value = journey.call.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
}

async function refusalOf(
  response: UpstreamResponse,
  { watch, clock }: { readonly watch: Watch; readonly clock: Clock },
): Promise<Refusal> {
  let body = '';
  try {
    body = (await readAll(response.body, REFUSAL_LIMIT_BYTES, () => watch.byte())).toString('utf8');
  } catch (error) {
    // A refusal is a refusal even when its body is cut or endless; only a client that left matters more.
    if (error instanceof Failure && error.kind === 'client_gone') throw error;
  }
  return { status: response.status, headers: response.headers, body, phase: 'head', nowMs: clock.now() };
}

type Reading = {
  readonly dialect: Dialect;
  readonly watch: Watch;
  readonly classify: (event: ErrorEvent) => Failure;
};

async function readPlain(response: UpstreamResponse, { dialect, watch, classify }: Reading): Promise<Opened> {
  const chunk = dialect.glanceReply(await readAll(response.body, REPLY_LIMIT_BYTES, () => watch.byte()));
  for (const event of chunk.events) if (event.type === 'error') throw classify(event);
  return { first: [chunk], classify };
}

/** Asked for a stream, the provider answered in one piece: the client still gets its stream. */
async function readPlainAsStream(response: UpstreamResponse, reading: Reading): Promise<Opened> {
  const { dialect } = reading;
  const { first, classify } = await readPlain(response, reading);
  const events = first.flatMap(({ frame }) => dialect.readReply(frame).events);
  const start = events.find((event) => event.type === 'start');
  const writer = dialect.streamWriter(start ?? { id: '', model: '', created: 0 }, { wantsUsage: true });
  const frames = [
    ...events.filter(({ type }) => type !== 'start').map((event) => writer.write(event)),
    writer.end(),
  ];
  const reader = dialect.streamReader();
  return { first: reader.push(Buffer.concat(frames)), classify };
}

/** Reads on until something meaningful came: a role or a comment is not yet an answer. */
async function openStream(
  response: UpstreamResponse,
  { dialect, watch, classify }: Reading,
): Promise<Opened> {
  const reader = dialect.streamReader();
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
  return { first, rest: { body, reader }, classify };
}

/** True when an answer has begun. Throws when the first thing told is an error. */
function begins(chunks: readonly Chunk[], classify: (event: ErrorEvent) => Failure): boolean {
  for (const { events, only } of chunks) {
    for (const event of events) {
      if (event.type === 'error') throw classify(event);
      if (isMeaningful(event)) return true;
    }
    if (only === 'terminal') return true;
  }
  return false;
}

function endedEarly(chunks: readonly Chunk[]): Failure {
  return chunks.length === 0
    ? new Failure('malformed', { message: 'The provider answered 200 and then nothing.' })
    : new Failure('connection', { message: 'The provider closed the stream before any content.' });
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ConnectionError)
    return new Failure('connection', {
      message: error.sent
        ? `The provider hung up without an answer (${error.code}).`
        : `The provider could not be reached (${error.code}).`,
      cause: error,
    });
  if (error instanceof RangeError)
    return new Failure('malformed', {
      message: `The provider's answer is too large: ${error.message}.`,
      cause: error,
    });
  return Failure.from(error);
}

const neverSent = (error: unknown): boolean => error instanceof ConnectionError && !error.sent;
