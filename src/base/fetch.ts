/**
 * The network comes in by hand: an attempt speaks to `Fetch`, which is undici in production, the simulator inside
 * the process, or a plain function in a test. Leaner than the web's fetch: bytes in, bytes out, back-pressure by pull.
 */

/** Lower-case names. Repeated headers are joined with ", ". */
export type HeaderMap = Readonly<Record<string, string>>;

export type UpstreamRequest = {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array;
  /** A body that is not held whole, in the place of `body`; with a `content-length` where its size is known. */
  readonly upload?: AsyncIterable<Uint8Array>;
  /** Aborting closes the socket, before and after the head. */
  readonly signal: AbortSignal;
};

export type UpstreamResponse = {
  readonly status: number;
  readonly headers: HeaderMap;
  /**
   * The body, pulled. Not reading it stops the upstream. Ends by returning, or throws `ConnectionError` when the
   * upstream died. `return()` (a `break` out of `for await`) closes the socket.
   */
  readonly body: AsyncIterable<Uint8Array>;
};

/** Resolves with the head. Throws `ConnectionError`, or the signal's reason when aborted. */
export type Fetch = (request: UpstreamRequest) => Promise<UpstreamResponse>;

/**
 * The upstream could not be reached or hung up.
 * `sent` is false only when it is certain that no byte of the request left: then nothing was generated or billed.
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: string;
  readonly sent: boolean;

  constructor(code: string, options: { message: string; sent: boolean; cause?: unknown }) {
    super(options.message, { cause: options.cause });
    this.code = code;
    this.sent = options.sent;
  }
}

/** Reads a whole body, calling `onPiece` for each piece. Throws `RangeError` when it grows beyond `limitBytes`. */
export async function readAll(
  body: AsyncIterable<Uint8Array>,
  limitBytes = Infinity,
  onPiece?: () => void,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    onPiece?.();
    size += piece.length;
    if (size > limitBytes) throw new RangeError(`body larger than ${limitBytes} bytes`);
    pieces.push(piece);
  }
  const only = pieces[0];
  if (pieces.length === 1 && only !== undefined) return asBuffer(only);
  return Buffer.concat(pieces, size);
}

/** The same bytes as a Buffer, without copying. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
