/**
 * The real `Fetch`: HTTP/1.1 over undici's dispatcher, with the body as a bare queue of buffers instead of a stream,
 * because this path runs once per chunk of every answer. Sends what it is given and returns what came: no redirects,
 * no decoding, no timeouts after the connection stands (first byte and idle are the relay's).
 */

import { Readable } from 'node:stream';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { ConnectionError, type Fetch, type HeaderMap, type UpstreamResponse } from '../base/fetch.ts';

export type TransportOptions = {
  readonly connectTimeoutMs: number;
  /** Calls above it wait for a free connection. Unbounded when not given: admission already bounds the calls. */
  readonly maxConnectionsPerOrigin?: number;
};

export type Transport = {
  readonly fetch: Fetch;
  /** Cuts every connection, busy or idle. */
  close(): Promise<void>;
  openSockets(): number;
};

/** Bytes held for a slow reader before the socket is left unread. */
const QUEUE_LIMIT_BYTES = 64 * 1024;

/** Idle connections are kept this long unless the server's `keep-alive` header says less. */
const KEEP_ALIVE_MS = 20_000;

/** Undici wants an error when a request is aborted; nobody sees this one. */
const ABORTED = new Error('aborted');

export function createTransport(options: TransportOptions): Transport {
  let open = 0;
  const connect = buildConnector({ timeout: options.connectTimeoutMs, allowH2: false });
  const agent = new Agent({
    connections: options.maxConnectionsPerOrigin ?? null,
    pipelining: 1,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    allowH2: false,
    connect: (target, callback) =>
      connect(target, (...outcome) => {
        outcome[1]?.once('close', () => {
          open -= 1;
        });
        if (outcome[1] !== null) open += 1;
        callback(...outcome);
      }),
  });

  const fetch: Fetch = (request) =>
    new Promise((resolve, reject) => {
      const { url, signal, headers } = request;
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const exchange = new Exchange(signal, resolve, reject);
      signal.addEventListener('abort', exchange);
      const slash = url.indexOf('/', url.indexOf('//') + 2);
      agent.dispatch(
        {
          origin: slash < 0 ? url : url.slice(0, slash),
          path: slash < 0 ? '/' : url.slice(slash),
          method: request.method,
          headers: pairsOf(headers),
          body: request.body ?? streamOf(request.upload),
        },
        exchange,
      );
    });

  return { fetch, close: () => agent.destroy(), openSockets: () => open };
}

const streamOf = (upload: AsyncIterable<Uint8Array> | undefined): Readable | null =>
  upload === undefined ? null : Readable.from(upload, { objectMode: false });

/** Undici takes flat pairs without another look; it writes host, connection and content-length itself. */
function pairsOf(headers: Record<string, string>): string[] {
  const pairs: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) pairs.push(name, value);
  }
  if (headers['accept-encoding'] === undefined) pairs.push('accept-encoding', 'identity');
  return pairs;
}

function joinRepeated(headers: Record<string, string | string[] | undefined>): HeaderMap {
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'object') headers[name] = value.join(', ');
  }
  return headers as HeaderMap;
}

type Piece = IteratorResult<Uint8Array, undefined>;
const DONE: Piece = { done: true, value: undefined };

/** One request and its answer: undici's handler, the abort listener and the body in one object. */
class Exchange implements Dispatcher.DispatchHandler, AsyncIterableIterator<Uint8Array, undefined> {
  readonly #signal: AbortSignal;
  readonly #resolveHead: (response: UpstreamResponse) => void;
  readonly #rejectHead: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #headSeen = false;
  #paused = false;
  /** No more bytes will come, well (`#failed` false) or badly. */
  #over = false;
  #failed = false;
  #error: unknown;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #resolve: ((piece: Piece) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(
    signal: AbortSignal,
    resolve: (response: UpstreamResponse) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#signal = signal;
    this.#resolveHead = resolve;
    this.#rejectHead = reject;
  }

  // undici's side

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(ABORTED);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#headSeen = true;
    this.#resolveHead({ status, headers: joinRepeated(headers), body: this });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const resolve = this.#resolve;
    if (resolve !== undefined) {
      this.#resolve = undefined;
      resolve({ done: false, value: chunk });
      return;
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes > QUEUE_LIMIT_BYTES) {
      this.#paused = true;
      controller.pause();
    }
  }

  onResponseEnd(): void {
    this.#finish();
    this.#resolve?.(DONE);
    this.#resolve = undefined;
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (!this.#over) this.#fail(connectionErrorOf(error, this.#controller !== undefined));
  }

  // the signal's side

  handleEvent(): void {
    this.#queue = [];
    this.#fail(this.#signal.reason);
    this.#controller?.abort(ABORTED);
  }

  // the reader's side: one `next` at a time

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Piece> {
    const chunk = this.#queue.shift();
    if (chunk !== undefined) {
      this.#queuedBytes -= chunk.length;
      if (this.#paused && this.#queuedBytes === 0) {
        this.#paused = false;
        this.#controller?.resume();
      }
      return Promise.resolve({ done: false, value: chunk });
    }
    // An error stays: a second look must not mistake a broken body for a finished one.
    if (this.#failed) return Promise.reject(this.#error);
    if (this.#over) return Promise.resolve(DONE);
    return new Promise(this.#wait);
  }

  return(): Promise<Piece> {
    this.#queue = [];
    if (!this.#over) {
      this.#finish();
      this.#controller?.abort(ABORTED);
      this.#resolve?.(DONE);
      this.#resolve = undefined;
    }
    return Promise.resolve(DONE);
  }

  readonly #wait = (resolve: (piece: Piece) => void, reject: (reason: unknown) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  #finish(): void {
    this.#over = true;
    this.#signal.removeEventListener('abort', this);
  }

  #fail(error: unknown): void {
    this.#finish();
    this.#failed = true;
    this.#error = error;
    if (!this.#headSeen) this.#rejectHead(error);
    else if (this.#resolve !== undefined) {
      this.#resolve = undefined;
      this.#reject?.(error);
    }
  }
}

/** Undici starts a request only on a standing connection, so what was never started never left. */
function connectionErrorOf(error: Error & { code?: unknown }, started: boolean): ConnectionError {
  const code = typeof error.code === 'string' ? error.code : error.name;
  const message = started ? `the upstream hung up (${code})` : `the upstream could not be reached (${code})`;
  return new ConnectionError(code, { message, sent: started, cause: error });
}
