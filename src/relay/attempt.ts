/**
 * One try on one channel: speak to the upstream, and wait until it is certain that an answer has begun. Until the
 * first meaningful event nothing reaches the client, so a refusal, however late, can still move the call.
 */

import type { Clock } from '../base/clock.ts';
import { ConnectionError, readAll, type UpstreamResponse } from '../base/fetch.ts';
import type { Wire } from '../dialects/dialect.ts';
import type { Call } from '../domain/call.ts';
import type { Account } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import type { AttemptStory } from '../domain/story.ts';
import { type Provider, placed, type Refusal } from '../providers/provider.ts';
import type { Start } from './acquire.ts';
import { dressed, rulesFor } from './body-rules.ts';
import { continued, type SoFar } from './continuation.ts';
import type { Journey } from './journey.ts';
import { type AnswerForm, type ErrorEvent, openAnswer } from './open-answer.ts';
import { type Outgoing, outgoingOf } from './outgoing.ts';
import type { ReplySource } from './reply.ts';
import { taskRefusal } from './task-refusal.ts';
import { Watch } from './watch.ts';

/** More of an error's body than this is not read. */
const REFUSAL_LIMIT_BYTES = 64 * 1024;

/**
 * Resolves with the answer under way; `soFar`: one that goes on from there. Throws `Failure`; the permit has then ended
 * and the bench is set.
 */
export async function attempt(journey: Journey, start: Start, soFar?: SoFar): Promise<ReplySource> {
  const { call, rooms, snapshot, story } = journey;
  const { channel, permit, secret } = start;
  const { clock } = rooms;
  if (call.departure.gone) {
    notSent(journey, start);
    throw new Failure('client_gone', { message: 'The client left before its call was sent.' });
  }
  const outgoing = prepared(journey, start, soFar);
  const startedAtMs = clock.now();
  journey.sent(startedAtMs);
  const told: AttemptStory = {
    channel: channel.id,
    queueMs: start.queueMs,
    startedAtMs,
    ...(start.heldBy === undefined ? {} : { heldBy: start.heldBy }),
  };
  story.attempts.push(told);
  const asked = askOf(journey, start, outgoing);
  const watch = new Watch(clock, {
    firstByteMs: asked.form === 'plain' ? snapshot.settings.firstByteMs : snapshot.settings.firstByteStreamMs,
    idleMs: snapshot.settings.idleMs,
    ...(asked.form === 'plain' ? {} : { firstTokenMs: snapshot.settings.firstTokenMs }),
    client: call.departure,
    drainMs: channel.account.drainMs ?? 0,
  });
  try {
    const source = await speak(journey, start, { outgoing, asked, watch, told });
    journey.upstreamMs += clock.now() - startedAtMs;
    permit.accepted();
    watch.contentBegan();
    journey.servedBy(channel.id);
    wellAgain(journey, start, startedAtMs);
    if (asked.form !== 'plain') story.firstContentMs = clock.now() - call.arrivedAtMs;
    story.servedModel = journey.model.name;
    story.servedChannel = channel.id;
    const { answer, classify } = source;
    const { dialect, translation } = outgoing;
    return { answer, classify, journey, channel, permit, watch, dialect, translation };
  } catch (error) {
    journey.upstreamMs += clock.now() - startedAtMs;
    watch.abort();
    const failure = taskRefusal(failureOf(error), outgoing.dialect);
    told.failure = failure.kind;
    told.detail = failure.message;
    const nowMs = clock.now();
    const bench = rooms.health.failed(channel, failure, { secret, startedAtMs, nowMs, call: call.id });
    if (bench === undefined) rooms.health.undecided(channel, secret, permit.grantedAtMs);
    if (neverSent(error)) {
      journey.unsent();
      permit.cancel();
    } else permit.refused(failure.kind, rooms.health.doubts(channel, nowMs));
    if (failure.options.sample !== undefined) rooms.unknownAnswer(channel, failure.options.sample);
    throw failure;
  }
}

/** After a bench that lasted, everybody has waited for this moment: they come one after the other. */
const LASTING_BENCH_MS = 5_000;

function wellAgain({ rooms }: Journey, { channel, secret }: Start, startedAtMs: number): void {
  const nowMs = rooms.clock.now();
  const bench = rooms.health.succeeded(channel, { secret, startedAtMs, nowMs });
  if (bench === undefined) return;
  if (nowMs - bench.sinceMs >= LASTING_BENCH_MS)
    for (const each of rooms.snapshot().catalog.channels)
      if (each.account.id === channel.account.id) rooms.limiter.lane(each).recovery.begin(nowMs);
  rooms.queue.wake();
}

const cannotGoOn = (channel: string): Failure =>
  new Failure('no_access', {
    message: `${channel} cannot continue the beginning of an answer.`,
    scope: 'request',
  });

/** What neither the provider's dialect nor the relay could do of what the client said. */
function droppedOf(call: Call, { dropped: lost, body }: Outgoing): readonly string[] {
  if (call.dropped === undefined) return lost;
  const inVain =
    body === call.openrouterBody ? call.dropped.filter((name) => /^model/.test(name)) : call.dropped;
  return [...inVain, ...lost];
}

/** What is asked, before anything is sent: a request that cannot be written costs nobody anything. */
function prepared(journey: Journey, start: Start, soFar?: SoFar): Outgoing {
  const { call, rooms, story } = journey;
  const { channel } = start;
  try {
    const provider = rooms.providerOf(channel);
    const outgoing = outgoingOf(call, {
      ...{ provider, channel, shelf: rooms.shelf, seals: rooms.seals },
      sealedBy: journey.sealedBy(channel),
    });
    story.dropped = droppedOf(call, outgoing);
    if (soFar === undefined) return outgoing;
    const going = continued(outgoing, soFar, { provider, baseUrl: channel.account.baseUrl });
    if (going === undefined) throw cannotGoOn(channel.id);
    return going;
  } catch (error) {
    notSent(journey, start);
    throw error;
  }
}

function notSent({ rooms }: Journey, { channel, permit, secret }: Start): void {
  rooms.health.undecided(channel, secret, permit.grantedAtMs);
  permit.cancel();
}

/** How the upstream is asked: in which form it shall answer, and the body where that differs from the client's wish. */
type Ask = { readonly form: AnswerForm; readonly turned?: Uint8Array };

const AS_STREAM: Ask = { form: 'stream' };
const AS_PLAIN: Ask = { form: 'plain' };

/** A stream tells with its head and its first token what a plain answer tells at its end. */
function askOf({ call, rooms }: Journey, { channel }: Start, { dialect, head, body }: Outgoing): Ask {
  if (call.head.stream) return AS_STREAM;
  const { streamUpstream } = channel.account;
  if (!(streamUpstream === undefined ? rooms.providerOf(channel).streamsPlain : streamUpstream === 'on'))
    return AS_PLAIN;
  const turned = dialect.forwardAsStream?.(body, head, channel.upstreamModel);
  return turned === undefined ? AS_PLAIN : { form: 'assembled', turned };
}

type Opened = Pick<ReplySource, 'answer' | 'classify'>;

type Speaking = {
  readonly outgoing: Outgoing;
  readonly asked: Ask;
  readonly watch: Watch;
  readonly told: AttemptStory;
};

async function speak(
  journey: Journey,
  { channel, permit, secret }: Start,
  { outgoing, asked, watch, told }: Speaking,
): Promise<Opened> {
  const { rooms } = journey;
  const { dialect, head, body } = outgoing;
  const provider = rooms.providerOf(channel);
  const headers = headersFor(journey.call, provider, {
    accept: acceptOf(dialect, asked.form),
    account: channel.account,
  });
  const form = journey.call.form?.send(channel.upstreamModel);
  if (form !== undefined) headers['content-length'] = String(form.size);
  Object.assign(headers, outgoing.headers);
  provider.authorize(headers, channel.account.secrets[secret] ?? '', dialect.id);
  const ready = asked.turned ?? dialect.forwardRequest(body, head, channel.upstreamModel);
  // A form goes as it is.
  const sent = dressed(ready, form === undefined ? rulesFor(provider, channel, dialect.id) : []);
  if (sent.dropped.length > 0)
    journey.story.dropped = [...new Set([...(journey.story.dropped ?? []), ...sent.dropped])];
  const startedAtMs = rooms.clock.now();
  const response = await rooms.fetchOf(channel)({
    method: 'POST',
    url: addressed(outgoing.url, dialect, { model: channel.upstreamModel, stream: asked.form !== 'plain' }),
    headers,
    ...(form === undefined ? { body: sent.body } : { upload: form.bytes }),
    signal: watch.signal,
  });
  told.headMs = rooms.clock.now() - startedAtMs;
  permit.heard(provider.readTold(response.headers, rooms.clock.now()));
  watch.byte();
  if (response.status < 200 || response.status > 299) {
    told.status = response.status;
    throw provider.classify(await refusalOf(response, { watch, clock: rooms.clock }));
  }
  const classify = (event: ErrorEvent): Failure =>
    provider.classify({
      status: event.status,
      headers: response.headers,
      body: event.body,
      phase: 'stream',
      nowMs: rooms.clock.now(),
    });
  return { answer: await openAnswer(response, { form: asked.form, dialect, watch, classify }), classify };
}

const acceptOf = ({ opaque }: Wire, form: AnswerForm): string =>
  form !== 'plain' ? 'text/event-stream' : opaque === undefined ? 'application/json' : '*/*';

const addressed = (
  url: string,
  dialect: Wire,
  asked: { readonly model: string; readonly stream: boolean },
): string => dialect.address?.(url, asked) ?? placed(url, asked.model);

function headersFor(
  call: Call,
  provider: Provider,
  { accept, account }: { readonly accept: string; readonly account: Account },
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': call.form?.contentType ?? 'application/json',
    accept,
    'accept-encoding': 'identity',
  };
  for (const name of provider.forwardHeaders) {
    const value = call.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const { waitTimeoutMs } = account;
  if (provider.waitHeader !== undefined && waitTimeoutMs !== undefined)
    headers[provider.waitHeader] ??= String(Math.round(waitTimeoutMs / 1_000));
  return headers;
}

export async function refusalOf(
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

export function failureOf(error: unknown): Failure {
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
