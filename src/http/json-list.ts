/**
 * A stream of events as one JSON list that grows, the other form of Gemini's streams: what stands behind `data:` is its
 * next element. Blank lines between events are white space between elements.
 */

import { asBuffer } from '../base/fetch.ts';
import { readSseEvent, SseSplitter } from '../base/sse.ts';
import type { Wire } from '../dialects/dialect.ts';
import type { Failure } from '../domain/failure.ts';
import type { Story } from '../domain/story.ts';
import type { Outlet } from './exchange.ts';

type Headers = Record<string, string>;

export class JsonList implements Outlet {
  readonly #outlet: Outlet;
  #isOpen = false;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  get response(): Outlet['response'] {
    return this;
  }

  get headersSent(): boolean {
    return this.#outlet.response.headersSent;
  }

  get destroyed(): boolean {
    return this.#outlet.response.destroyed;
  }

  get writableNeedDrain(): boolean {
    return this.#outlet.response.writableNeedDrain;
  }

  openStream(headers: Headers): void {
    this.#outlet.openStream({ ...headers, 'content-type': 'application/json; charset=UTF-8' });
  }

  write(bytes: Uint8Array): boolean {
    const elements = this.#elementsOf(bytes);
    return elements === '' || this.#outlet.response.write(Buffer.from(elements));
  }

  end(): void {
    this.#outlet.response.write(Buffer.from(this.#isOpen ? '\n]' : '[]'));
    this.#outlet.response.end();
  }

  comment(bytes: Uint8Array): void {
    this.#outlet.comment(bytes);
  }

  /** The error is the last element. */
  breakOff(lastWords?: Uint8Array): void {
    const words = lastWords === undefined ? undefined : Buffer.from(`${this.#elementsOf(lastWords)}\n]`);
    this.#outlet.breakOff(words);
  }

  tear(): void {
    this.#outlet.tear();
  }

  sendJson(status: number, body: Uint8Array, headers: Headers): void {
    this.#outlet.sendJson(status, body, headers);
  }

  sendFailure(failure: Failure, dialect: Wire, story?: Story): void {
    this.#outlet.sendFailure(failure, dialect, story);
  }

  trail(headers: Headers): void {
    this.#outlet.trail(headers);
  }

  drained(): Promise<void> {
    return this.#outlet.drained();
  }

  /** What is written is whole events, but for the blank line of the very last. */
  #elementsOf(bytes: Uint8Array): string {
    const splitter = new SseSplitter();
    const frames = splitter.push(asBuffer(bytes));
    const rest = splitter.finish();
    let elements = '';
    for (const frame of rest === undefined ? frames : [...frames, rest]) {
      const { data } = readSseEvent(frame);
      if (data === undefined) continue;
      elements += (this.#isOpen ? '\n,\r\n' : '[') + data;
      this.#isOpen = true;
    }
    return elements;
  }
}
