/**
 * A client's kept-alive connection, as thin as HTTP/1.1 allows: one prebuilt request out, one reply in. It reads the
 * socket itself because a library's `data` events count HTTP chunks, and the bench wants to know how many *reads* a
 * stream arrived in; and because every cycle the load generator saves is one the proxy gets.
 */

import { connect, type Socket } from 'node:net';

/** `tail` is the end of the body as it came, chunk framing included. */
export type Answer = { readonly status: number; readonly reads: number; readonly tail: string };

type Waiting = {
  readonly until: 'first-byte' | 'end';
  resolve(answer: Answer): void;
  reject(error: Error): void;
};

const TAIL_BYTES = 64;
const LAST_CHUNK = '\r\n0\r\n\r\n';

export class Connection {
  readonly #socket: Socket;
  #waiting: Waiting | undefined;
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  #status = 0;
  #reads = 0;
  #leftBytes: number | 'chunked' = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data: Buffer) => this.#read(data));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('connection closed in the middle of a reply')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends a request and resolves with its reply, or already with the first byte of its body. */
  call(request: Buffer, until: Waiting['until'] = 'end'): Promise<Answer> {
    this.#head = this.#tail = Buffer.alloc(0);
    this.#status = this.#reads = 0;
    return new Promise((resolve, reject) => {
      this.#waiting = { until, resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(data: Buffer): void {
    this.#reads += 1;
    const body = this.#status === 0 ? this.#readHead(data) : data;
    if (body === undefined || !this.#waiting) return;
    this.#tail = body.length < TAIL_BYTES ? Buffer.concat([this.#tail, body]) : body;
    this.#tail = this.#tail.subarray(-TAIL_BYTES);
    if (this.#leftBytes !== 'chunked') this.#leftBytes -= body.length;
    const ended =
      this.#leftBytes === 'chunked'
        ? this.#tail.subarray(-LAST_CHUNK.length).toString('latin1') === LAST_CHUNK
        : this.#leftBytes <= 0;
    if (ended || (this.#waiting.until === 'first-byte' && body.length > 0)) this.#finish(this.#waiting);
  }

  /** Gives what follows the head, once the head is whole. */
  #readHead(data: Buffer): Buffer | undefined {
    this.#head = this.#head.length === 0 ? data : Buffer.concat([this.#head, data]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.#head.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    this.#status = Number(head.slice(9, 12));
    this.#leftBytes = length === undefined ? 'chunked' : Number(length);
    return this.#head.subarray(end + 4);
  }

  #finish(waiting: Waiting): void {
    this.#waiting = undefined;
    waiting.resolve({ status: this.#status, reads: this.#reads, tail: this.#tail.toString('latin1') });
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
