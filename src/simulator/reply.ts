/**
 * The answer to an admitted call, as a stream or whole: the plan of `answers.ts` in the words of the call's dialect,
 * at the pace of `pace.ts`, broken where a fault says so. However it ends, the call's ticket is given back.
 */

import { type Clock, sleep } from '../base/clock.ts';
import { ConnectionError, type UpstreamResponse } from '../base/fetch.ts';
import type { ReplyHead } from '../dialects/dialect.ts';
import type { ChatRequest } from '../domain/chat.ts';
import type { Fault } from './account.ts';
import type { Answer } from './answers.ts';
import { type BodyEnd, type Pace, PacedBody, type Script, saidAfterMs, wholeBody } from './pace.ts';
import type { Ticket } from './quotas.ts';
import type { RefusalKind } from './refusal-kind.ts';
import { type RefusalOptions, writeRefusal, writeStreamRefusal } from './refusals.ts';
import type { Tally } from './tally.ts';
import type { Spoken } from './tasks.ts';

export type AdmittedCall = {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly request: ChatRequest;
  readonly dialect: Spoken;
  readonly answer: Answer;
  readonly pace: Pace;
  readonly ticket: Ticket;
  readonly tally: Tally;
  readonly fault: Fault | undefined;
  readonly arrivedMs: number;
  /** The vendor's cut of long answers, ms. */
  readonly timeoutMs: number;
  readonly refusal: RefusalOptions;
  /** Headers of an answer that begins now. */
  readonly headers: () => Record<string, string>;
};

/** 600 s on DashScope's own domains: https://help.aliyun.com/model-studio/base-url */
export const DEFAULT_TIMEOUT_MS = 600_000;

const DEFAULT_SLOW_FACTOR = 20;

export async function reply(admitted: AdmittedCall): Promise<UpstreamResponse> {
  const call = { ...admitted, pace: paceOf(admitted) };
  const { fault, request } = call;
  if (request.stream && !breaksBeforeHead(fault)) return streamedReply(call);
  try {
    const [response, end] = await wholeReply(call);
    finish(call, end);
    return response;
  } catch (error) {
    finish(call, call.signal.aborted ? 'aborted' : 'died');
    throw error;
  }
}

function breaksBeforeHead(fault: Fault | undefined): boolean {
  if (fault?.kind === 'silent') return fault.afterChunks === undefined;
  if (fault?.kind === 'cut') return (fault.afterChunks ?? 0) === 0;
  return fault?.kind === 'malformed';
}

/** What comes in one piece: a plain answer, and the faults that leave no stream to begin. */
async function wholeReply(call: AdmittedCall): Promise<[UpstreamResponse, BodyEnd]> {
  const { answer, ticket, tally, fault, dialect } = call;
  const tokens = answer.usage.output + answer.usage.reasoning;
  if (fault?.kind === 'silent') await never(call.signal);
  if (fault?.kind === 'cut' || fault?.kind === 'malformed' || fault?.kind === 'stream-error') {
    await waitUntilSaid(call, 0);
    if (fault.kind === 'cut') throw hungUp();
    return [fault.kind === 'malformed' ? malformed(call) : refused(call, 'overload'), 'died'];
  }
  await waitUntilSaid(call, tokens);
  tally.outputTokens += tokens;
  if (!ticket.grow(tokens)) return [refused(call, 'tpm'), 'died'];
  const events = answer.steps.flatMap((step) => step.events);
  const body = wholeBody(dialect.writeReply(headOf(call), events));
  const { contentType } = dialect;
  const headers = {
    ...call.headers(),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
  };
  return [{ status: 200, headers, body }, 'complete'];
}

function streamedReply(call: AdmittedCall): UpstreamResponse {
  call.tally.openStreams += 1;
  const script = scriptOf(call);
  const body = new PacedBody({
    clock: call.clock,
    signal: call.signal,
    script,
    onEnd(end) {
      call.tally.openStreams -= 1;
      finish(call, end === 'complete' && script.broken ? 'died' : end);
    },
  });
  return { status: 200, headers: { ...call.headers(), ...STREAM_HEADERS }, body };
}

const STREAM_HEADERS = { 'content-type': 'text/event-stream;charset=UTF-8' } as const;

/** The first chunk opens the stream, the last carries usage and the terminal. */
function scriptOf(call: AdmittedCall): Script & { readonly broken: boolean } {
  const { answer, arrivedMs, dialect, fault, pace, request, ticket, tally } = call;
  const head = headOf(call);
  const writer = dialect.streamWriter(head, {
    wantsUsage: request.wantsUsage,
    promptTokens: answer.usage.input,
  });
  const breakAt = fault?.afterChunks ?? (fault?.kind === 'stream-error' ? 0 : Infinity);
  const timeoutAtMs = arrivedMs + call.timeoutMs;
  let position = 0;
  let said = 0;
  let broken = false;

  const errorFrame = (kind: RefusalKind): Buffer => {
    broken = true;
    tally.refuse(kind);
    return writeStreamRefusal(kind, { ...call.refusal, position });
  };

  return {
    get broken() {
      return broken;
    },

    dueMs() {
      if (fault?.kind === 'silent' && position >= breakAt) return Infinity;
      return Math.min(timeoutAtMs, arrivedMs + saidAfterMs(pace, said));
    },

    take() {
      if (call.clock.now() >= timeoutAtMs) throw hungUp();
      if (position >= breakAt && fault?.kind === 'cut') throw hungUp();
      if (position >= breakAt && fault?.kind === 'stream-error') return errorFrame('tpm');
      position += 1;
      if (position === 1) return writer.write({ type: 'start', ...head });

      const step = answer.steps[position - 2];
      if (step === undefined) return Buffer.alloc(0);
      said += step.tokens;
      tally.outputTokens += step.tokens;
      if (!ticket.grow(step.tokens)) return errorFrame('tpm');
      const frames = step.events.map((event) => writer.write(event));
      if (position - 1 === answer.steps.length) frames.push(writer.end());
      const only = frames[0];
      return frames.length === 1 && only !== undefined ? only : Buffer.concat(frames);
    },

    over: () => broken || position > answer.steps.length,
  };
}

/** 200 with something that no reader of the dialect can read. */
function malformed(call: AdmittedCall): UpstreamResponse {
  const { stream } = call.request;
  const page = call.refusal.random() < 0.5;
  const text = page
    ? '<html><body><h1>502 Bad Gateway</h1></body></html>'
    : `${stream ? 'data: ' : ''}{"choices":[{"index":0,"delta":{"content":"水闸${stream ? '\n\n' : ''}`;
  const type = page ? { 'content-type': 'text/html' } : stream ? STREAM_HEADERS : {};
  return { status: 200, headers: { ...call.headers(), ...type }, body: wholeBody(Buffer.from(text)) };
}

function refused(call: AdmittedCall, kind: RefusalKind): UpstreamResponse {
  call.tally.refuse(kind);
  const { status, headers, body } = writeRefusal(kind, call.refusal);
  return { status, headers: { ...call.headers(), ...headers }, body: wholeBody(body) };
}

function finish(call: AdmittedCall, end: BodyEnd): void {
  call.ticket.end();
  call.tally.ended[end] += 1;
}

async function waitUntilSaid(call: AdmittedCall, tokens: number): Promise<void> {
  const { clock, pace, arrivedMs, signal, timeoutMs } = call;
  const afterMs = saidAfterMs(pace, tokens);
  const waitMs = arrivedMs + Math.min(afterMs, timeoutMs) - clock.now();
  if (waitMs > 0) await sleep(clock, waitMs, signal);
  if (afterMs >= timeoutMs) throw hungUp();
}

function paceOf({ pace, fault }: AdmittedCall): Pace {
  if (fault?.kind !== 'slow') return pace;
  const factor = fault.factor ?? DEFAULT_SLOW_FACTOR;
  return { firstTokenMs: pace.firstTokenMs * factor, tokensPerSecond: pace.tokensPerSecond / factor };
}

const headOf = ({ refusal, request, arrivedMs, dialect }: AdmittedCall): ReplyHead => ({
  id: `${dialect.id === 'anthropic-messages' ? 'msg_' : 'chatcmpl-'}${refusal.requestId}`,
  model: request.model,
  created: Math.floor(arrivedMs / 1_000),
});

const hungUp = (): ConnectionError =>
  new ConnectionError('UND_ERR_SOCKET', { message: 'other side closed', sent: true });

/** Waits for the caller to leave. */
const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
