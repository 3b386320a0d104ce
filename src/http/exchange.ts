/**
 * One request and its answer at the door: an id, one abort controller, and the few ways to answer. Knows when the
 * client leaves; knows nothing of what is answered.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Departure } from '../base/departure.ts';
import { asBuffer } from '../base/fetch.ts';
import { newRequestId } from '../base/ids.ts';
import type { Wire } from '../dialects/dialect.ts';
import { Failure } from '../domain/failure.ts';
import type { ResumeStory, Story } from '../domain/story.ts';

/** A larger body is not copied for the sake of one write. */
const ONE_WRITE_BYTES = 16 * 1024;

/** Longer hints than this make some clients sleep for the whole time: they are cut. */
const MAX_RETRY_AFTER_MS = 60_000;

/** Where an answer is written: one exchange, or an answer that several share. */
export type Outlet = Pick<
  Exchange,
  'openStream' | 'sendJson' | 'sendFailure' | 'comment' | 'breakOff' | 'tear' | 'drained' | 'trail'
> & {
  readonly response: Pick<ServerResponse, 'headersSent' | 'destroyed' | 'writableNeedDrain'> & {
    write(bytes: Uint8Array): boolean;
    end(): void;
  };
};

export class Exchange {
  readonly id = newRequestId();
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client left before the end of its answer. */
  readonly departure = new Departure();
  /** Headers of every answer to this request, as they are when it begins. */
  standing: (() => Record<string, string>) | undefined;
  #onEnd: (() => void) | undefined;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    response.once('close', () => {
      if (!response.writableFinished) this.departure.leave();
      this.#onEnd?.();
    });
  }

  /** Called once when the socket is done with this answer, in whatever way. */
  onEnd(task: () => void): void {
    this.#onEnd = task;
  }

  /** Ends the answer before its time, in words where it is a stream under way; the end of a drain. */
  sendAway(): void {
    this.departure.leave(new Failure('draining', { message: 'This instance is shutting down: try again.' }));
  }

  /** Headers behind the body of a stream, for what was not known before; announced by `trailer`. */
  trail(headers: Record<string, string>): void {
    this.response.addTrailers(headers);
  }

  /** Cuts the socket. */
  cut(): void {
    this.departure.leave();
    this.response.destroy();
  }

  /** The head of a stream. Written at once, so that the client knows that it has been heard. */
  openStream(headers: Record<string, string>): void {
    this.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': this.id,
      'request-id': this.id,
      ...this.standing?.(),
      ...headers,
    });
    this.response.flushHeaders();
  }

  /** Between the frames of an open stream, and none of them. */
  comment(bytes: Uint8Array): void {
    this.response.write(bytes);
  }

  /** Ends an open stream before its end; nothing is said to a client that left. */
  breakOff(lastWords?: Uint8Array): void {
    if (lastWords !== undefined) this.response.write(lastWords);
    this.response.end();
  }

  /** Ends an answer of bare bytes before its end: nothing but a torn connection says that it is not whole. */
  tear(): void {
    this.response.destroy();
  }

  sendJson(status: number, body: Uint8Array, headers: Record<string, string>): void {
    this.response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': String(body.length),
      'x-request-id': this.id,
      'request-id': this.id,
      ...this.standing?.(),
      ...headers,
    });
    // As a string it leaves with its head in one write; byte for byte, for latin1 is the identity on bytes.
    if (body.length <= ONE_WRITE_BYTES) this.response.end(asBuffer(body).toString('latin1'), 'latin1');
    else this.response.end(body);
  }

  /** An error answer in the client's dialect. Nothing may have been sent before. */
  sendFailure(failure: Failure, dialect: Wire, story?: Story): void {
    if (this.response.destroyed || this.response.headersSent) return;
    const { status, body } = dialect.writeFailure(failure, this.id);
    // What was sent beyond the limit is not read to its end.
    const close =
      failure.kind === 'request_too_large' || failure.kind === 'draining' ? { connection: 'close' } : {};
    this.sendJson(status, body, { ...failureHeaders(failure), ...storyHeaders(story), ...close });
  }

  /** The connection serves no other request: bytes of this one's body may still be on their way. */
  closeAfter(): void {
    if (!this.response.headersSent) this.response.setHeader('connection', 'close');
  }

  /** Waits until the client has taken what was written. Returns at once when it left. */
  drained(): Promise<void> {
    const { response } = this;
    return new Promise((resolve) => {
      if (response.destroyed || !response.writableNeedDrain) return resolve();
      const done = (): void => {
        response.off('drain', done);
        response.off('close', done);
        resolve();
      };
      response.on('drain', done);
      response.on('close', done);
    });
  }
}

/** The seams of an answer that was continued elsewhere. */
export const RESUMED = 'x-sluice-resumed';

export const seamsText = (seams: readonly ResumeStory[]): string =>
  seams.map(({ from, to, reason }) => `${from} -> ${to}: ${reason}`).join('; ');

/** What every answer says of its way: never a secret, never an upstream's address. */
export function storyHeaders(story: Story | undefined): Record<string, string> {
  if (story === undefined)
    return { 'x-sluice-attempts': '0', 'x-sluice-queue-ms': '0', 'x-sluice-overhead-ms': '0.00' };
  const headers: Record<string, string> = {
    'x-sluice-model': story.servedModel ?? story.fallbacks.at(-1)?.to ?? story.model,
    'x-sluice-attempts': String(story.attempts.length),
    'x-sluice-queue-ms': String(Math.round(story.queueMs)),
    'x-sluice-overhead-ms': story.overheadMs.toFixed(2),
  };
  // Under way, the channel tried last says nothing of the one that will serve.
  const last = story.end === undefined ? undefined : story.attempts.at(-1)?.channel;
  const channel = story.servedChannel ?? last;
  if (channel !== undefined) headers['x-sluice-channel'] = channel;
  if (story.dropped !== undefined && story.dropped.length > 0)
    headers['x-sluice-dropped'] = droppedText(story.dropped);
  if (story.resumed !== undefined && story.resumed.length > 0) headers[RESUMED] = seamsText(story.resumed);
  // Of a stream it is not known when its head is written.
  if (story.chargedUsd !== undefined) headers['x-sluice-cost-usd'] = story.chargedUsd;
  if (story.fallbacks.length > 0)
    headers['x-sluice-fallback-reason'] = story.fallbacks
      .map(({ from, reason }) => `${from}: ${reason}`)
      .join('; ');
  return headers;
}

/** Names of a client's own making: only what a header may hold, and not without end. */
const MOST_NAMES = 30;

const droppedText = (names: readonly string[]): string =>
  names
    .slice(0, MOST_NAMES)
    .map((name) => name.slice(0, 64).replace(/[^\w.[\]-]/g, '?'))
    .join(', ') + (names.length > MOST_NAMES ? ', ...' : '');

function failureHeaders(failure: Failure): Record<string, string> {
  const { retryAfterMs, resetAtMs, limitOwner } = failure.options;
  const headers: Record<string, string> = {
    'x-should-retry': String(failure.retry),
    'x-sluice-failure': failure.kind,
  };
  if (limitOwner !== undefined) headers['x-sluice-limit'] = limitOwner;
  if (resetAtMs !== undefined) headers['x-sluice-reset'] = new Date(resetAtMs).toISOString();
  if (retryAfterMs !== undefined && failure.retry) {
    const cut = Math.min(MAX_RETRY_AFTER_MS, Math.max(1, Math.ceil(retryAfterMs)));
    headers['retry-after'] = String(Math.ceil(cut / 1_000));
    headers['retry-after-ms'] = String(cut);
  }
  return headers;
}
