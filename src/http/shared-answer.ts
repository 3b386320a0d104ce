/**
 * One answer for several calls: it is made once, as for one client, and written to everybody who follows it; who comes
 * late gets what was written before at once. The quickest of them sets the pace, the first may fall behind by a bound
 * before the others wait for it, and a later one that falls behind so far is cut off.
 */

import { Departure } from '../base/departure.ts';
import type { Wire } from '../dialects/dialect.ts';
import type { Failure } from '../domain/failure.ts';
import type { Story } from '../domain/story.ts';
import type { Exchange, Outlet } from './exchange.ts';

type Headers = Readonly<Record<string, string>>;

/** A whole good answer, as it can be given again. */
export type KeptAnswer = { readonly stream: boolean; readonly headers: Headers; readonly body: Buffer };

/** Who keeps what was written. */
export type Keeper = {
  /** Is there room for so many bytes more? */
  keep(bytes: number): boolean;
  /** Too large, failed or left by all: from now on nobody can follow it. Perhaps more than once. */
  drop(): void;
  done(answer: KeptAnswer): void;
};

type Follower = { readonly exchange: Exchange; awaited: boolean };

export class SharedAnswer implements Outlet {
  /** All who followed have left. */
  readonly departure = new Departure();
  readonly #keeper: Keeper;
  readonly #lagBytes: number;
  /** In the order in which they came. */
  readonly #followers = new Set<Follower>();
  #staying = 0;
  #streamHeaders: Headers | undefined;
  /** What was written; undefined when it is not kept any more. */
  #pieces: Uint8Array[] | undefined = [];
  /** Goes on with the writing. */
  #resume: (() => void) | undefined;

  /** `lagBytes`: how much of what was written a client may leave untaken. */
  constructor(keeper: Keeper, { lagBytes }: { readonly lagBytes: number }) {
    this.#keeper = keeper;
    this.#lagBytes = lagBytes;
  }

  /** Only while it is kept. */
  follow(exchange: Exchange): void {
    const follower: Follower = { exchange, awaited: false };
    this.#followers.add(follower);
    this.#staying += 1;
    if (this.#streamHeaders !== undefined && !exchange.response.destroyed) {
      exchange.openStream(this.#streamHeaders);
      const written = Buffer.concat(this.#pieces ?? []);
      if (written.length > 0) exchange.response.write(written);
    }
    exchange.departure.listen(() => this.#left(follower));
    this.#look();
  }

  /** As of one answer that is written, what the writer asks for. */
  get response(): Outlet['response'] {
    return this;
  }

  get headersSent(): boolean {
    return this.#streamHeaders !== undefined;
  }

  get destroyed(): boolean {
    return this.#first() === undefined;
  }

  get writableNeedDrain(): boolean {
    return !this.#flows();
  }

  openStream(headers: Headers): void {
    this.#streamHeaders = headers;
    for (const exchange of this.#present()) exchange.openStream(headers);
  }

  write(bytes: Uint8Array): boolean {
    this.#keep(bytes);
    const first = this.#first();
    for (const exchange of this.#present()) {
      exchange.response.write(bytes);
      if (exchange !== first && this.#lags(exchange)) exchange.cut();
    }
    return this.#flows();
  }

  /** Not part of the answer: for those who are there and have taken the rest. */
  comment(bytes: Uint8Array): void {
    for (const exchange of this.#present()) if (!exchange.response.writableNeedDrain) exchange.comment(bytes);
  }

  /** For those who are there: who comes later learns it from the one before. */
  trail(headers: Record<string, string>): void {
    for (const exchange of this.#present()) exchange.trail(headers);
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#look();
    });
  }

  /** The stream is whole. */
  end(): void {
    for (const { response } of this.#present()) response.end();
    this.#finish({ stream: true, headers: this.#streamHeaders ?? {} });
  }

  breakOff(lastWords?: Uint8Array): void {
    this.#drop();
    for (const exchange of this.#present()) exchange.breakOff(lastWords);
  }

  tear(): void {
    this.#drop();
    for (const exchange of this.#present()) exchange.tear();
  }

  sendJson(status: number, body: Uint8Array, headers: Headers): void {
    for (const exchange of this.#present()) exchange.sendJson(status, body, headers);
    this.#keep(body);
    if (status === 200) this.#finish({ stream: false, headers });
    else this.#drop();
  }

  sendFailure(failure: Failure, dialect: Wire, story?: Story): void {
    this.#drop();
    for (const exchange of this.#present()) exchange.sendFailure(failure, dialect, story);
  }

  #keep(bytes: Uint8Array): void {
    if (this.#pieces === undefined) return;
    if (this.#keeper.keep(bytes.length)) this.#pieces.push(bytes);
    else this.#drop();
  }

  #drop(): void {
    this.#pieces = undefined;
    this.#keeper.drop();
  }

  #finish(answer: Omit<KeptAnswer, 'body'>): void {
    if (this.#pieces === undefined) return;
    // A copy: the pieces may be small parts of large buffers.
    const body = Buffer.concat(this.#pieces);
    this.#pieces = undefined;
    this.#keeper.done({ ...answer, body });
  }

  #left(follower: Follower): void {
    const { reason } = follower.exchange.departure;
    // Who is sent away for a reason shall still hear it.
    if (reason === undefined) this.#followers.delete(follower);
    this.#staying -= 1;
    if (this.#staying === 0) {
      this.#drop();
      this.departure.leave(reason);
    }
    this.#look();
  }

  *#present(): Generator<Exchange> {
    for (const { exchange } of this.#followers) if (!exchange.response.destroyed) yield exchange;
  }

  #first(): Exchange | undefined {
    for (const exchange of this.#present()) return exchange;
    return undefined;
  }

  #lags({ response }: Exchange): boolean {
    return response.writableLength > this.#lagBytes;
  }

  /** May more be written? Yes where nobody is left, so that the writer learns of it. */
  #flows(): boolean {
    const first = this.#first();
    if (first === undefined) return true;
    if (this.#lags(first)) return false;
    for (const { response } of this.#present()) if (!response.writableNeedDrain) return true;
    return false;
  }

  /** Lets the writer go on, or waits for those whom it waits for, once each. */
  #look(): void {
    const resume = this.#resume;
    if (resume === undefined) return;
    if (this.#flows()) {
      this.#resume = undefined;
      resume();
      return;
    }
    for (const follower of this.#followers) {
      if (follower.awaited || !follower.exchange.response.writableNeedDrain) continue;
      follower.awaited = true;
      void follower.exchange.drained().then(() => {
        follower.awaited = false;
        this.#look();
      });
    }
  }
}
