/**
 * An answer that breaks off in the middle of its text and goes on from another channel, as one: it is the body and the
 * reader of the answer at once, and the reply that reads it sees no seam. What comes after the seam is written anew under
 * the first identity; the usage told at the end is that of all parts.
 */

import type { Chunk, Dialect, ReplyHead, StreamReader, StreamWriter } from '../dialects/dialect.ts';
import type { ChatEvent } from '../domain/chat.ts';
import type { Failure } from '../domain/failure.ts';
import { inputTotal, totalTokens, type Usage } from '../domain/usage.ts';
import { estimateTextTokens } from '../tokens/estimate.ts';
import type { SoFar } from './continuation.ts';
import type { ErrorEvent } from './open-answer.ts';
import type { ReplySource } from './reply.ts';
import { died, failureOfBody } from './stream-end.ts';
import type { Watch } from './watch.ts';

type Rest = { readonly body: AsyncIterator<Uint8Array>; readonly reader: StreamReader };

export type Resumption = {
  readonly dialect: Pick<Dialect, 'streamWriter'>;
  /** The name of the model that served. */
  readonly model: string;
  /** Another channel than that of the part that broke off, which goes on; undefined: none can. */
  goOn(soFar: SoFar, from: ReplySource): Promise<ReplySource | undefined>;
  /** The part that broke off has ended with this use. */
  seam(from: ReplySource, to: ReplySource, reason: Failure): void;
  /** What the part that broke off took, as far as known. */
  usageOf(part: ReplySource, outputTokens: number): Usage;
};

/** Seams in one answer. */
const MOST = 3;
const READ: Uint8Array = new Uint8Array(1);

export class ResumedAnswer implements AsyncIterator<Uint8Array>, StreamReader {
  /** What had been read before, up to an error in it. */
  readonly first: readonly Chunk[];
  readonly #resumption: Resumption;
  #source: ReplySource;
  #chunks: readonly Chunk[] = [];
  #writer: StreamWriter | undefined;
  #start: Extract<ChatEvent, { type: 'start' }> | undefined;
  #text = '';
  /** Of the text, what this part has said. */
  #said = '';
  /** White space at the end of the beginning, which may not be sent: it is not heard twice. */
  #trimmed = '';
  #earlier: Usage | undefined;
  /** Something else than text was said: it cannot be continued. */
  #isMore = false;
  #isOver = false;
  #seams = 0;
  /** An error that was told behind what is read first. */
  #late: ErrorEvent | undefined;

  constructor(source: ReplySource, resumption: Resumption) {
    this.#source = source;
    this.#resumption = resumption;
    this.#observe(source.answer.first);
    this.first = this.#withoutDeath(source.answer.first);
  }

  get ended(): boolean {
    return this.#rest?.reader.ended ?? true;
  }

  /** Of the part that is read now. */
  get watch(): Watch {
    return this.#source.watch;
  }

  /** The next chunks are ready to be pushed. */
  async next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const rest = this.#rest;
      if (rest === undefined || this.#isOver) {
        if (this.#seams > 0) this.#settle();
        return { done: true, value: undefined };
      }
      try {
        const chunks = this.#written(await this.#read(rest));
        if (chunks.length === 0) continue;
        this.#chunks = chunks;
        return { done: false, value: READ };
      } catch (error) {
        if (this.ended && this.#seams > 0) this.#settle();
        // Only the end of the body was missing: there is nothing to go on with.
        if (this.ended) throw error;
        const resumed = await this.#resume(failureOfBody(error));
        if (resumed === undefined) throw error;
        if (resumed.length === 0) continue;
        this.#chunks = resumed;
        return { done: false, value: READ };
      }
    }
  }

  push(): Chunk[] {
    return [...this.#chunks];
  }

  finish(): Chunk[] {
    return [];
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#isOver = true;
    if (this.#seams > 0) this.#letGo();
    else await this.#rest?.body.return?.();
    return { done: true, value: undefined };
  }

  get #rest(): Rest | undefined {
    return this.#source.answer.rest;
  }

  async #read({ body, reader }: Rest): Promise<readonly Chunk[]> {
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) throw this.#source.classify(late);
    const { done, value } = await body.next();
    if (done !== true) {
      this.#source.watch.byte();
      return this.#withoutDeath(reader.push(value));
    }
    const last = reader.finish();
    if (!reader.ended) throw died('the connection closed before the answer was complete');
    this.#isOver = true;
    return this.#withoutDeath(last);
  }

  /** An error told inside the stream is a death like any other; what came before it is not lost. */
  #withoutDeath(chunks: readonly Chunk[]): readonly Chunk[] {
    const at = chunks.findIndex(({ events }) => events.some(({ type }) => type === 'error'));
    if (at < 0 || !this.#mayGoOn()) return chunks;
    this.#late = chunks[at]?.events.find((event) => event.type === 'error');
    return chunks.slice(0, at);
  }

  #observe(chunks: readonly Chunk[]): void {
    for (const { events } of chunks)
      for (const event of events) {
        if (event.type === 'start') this.#start ??= event;
        else if (event.type === 'text' && (event.choice ?? 0) === 0) {
          this.#text += event.text;
          this.#said += event.text;
        } else if (event.type !== 'usage' && event.type !== 'error') this.#isMore = true;
      }
  }

  #mayGoOn(): boolean {
    return !this.#isMore && this.#text.trim() !== '' && this.#seams < MOST;
  }

  async #resume(failure: Failure): Promise<readonly Chunk[] | undefined> {
    if (failure.kind === 'client_gone' || failure.kind === 'draining' || !this.#mayGoOn()) return undefined;
    const { goOn, seam } = this.#resumption;
    const sent = this.#text.trimEnd();
    const soFar = { text: sent, tokens: estimateTextTokens(this.#text) };
    const before = this.#source;
    const usage = this.#used();
    this.#letGo(usage);
    const next = await goOn(soFar, before);
    if (next === undefined) return undefined;
    seam(before, next, failure);
    this.#earlier = this.#earlier === undefined ? usage : sum(this.#earlier, usage);
    this.#seams++;
    this.#source = next;
    this.#said = '';
    this.#trimmed = this.#text.slice(sent.length);
    this.#writer = this.#resumption.dialect.streamWriter(this.#head, { wantsUsage: true, continues: true });
    return this.#written(next.answer.first);
  }

  get #head(): ReplyHead {
    return {
      id: this.#start?.id ?? this.#source.journey.call.id,
      created: this.#start?.created ?? 0,
      model: this.#resumption.model,
    };
  }

  /** As they came before the first seam, written anew behind it. */
  #written(chunks: readonly Chunk[]): readonly Chunk[] {
    const writer = this.#writer;
    if (writer === undefined) {
      this.#observe(chunks);
      return chunks;
    }
    return chunks.flatMap((chunk): Chunk[] => {
      const events = chunk.events.flatMap((event) => this.#told(event));
      this.#observe([{ frame: chunk.frame, events }]);
      const frames = events.map((event) => writer.write(event));
      if (chunk.only === 'terminal') frames.push(writer.end());
      const frame = Buffer.concat(frames);
      if (frame.length === 0 && events.length === 0) return [];
      return [{ frame, events, ...(chunk.only === undefined ? {} : { only: chunk.only }) }];
    });
  }

  #told(event: ChatEvent): ChatEvent[] {
    if (event.type === 'start') return [];
    if (event.type === 'usage')
      return [
        { type: 'usage', usage: this.#earlier === undefined ? event.usage : sum(this.#earlier, event.usage) },
      ];
    if (event.type !== 'text' || this.#trimmed === '') return [event];
    let heard = 0;
    while (heard < event.text.length && event.text[heard] === this.#trimmed[heard]) heard++;
    this.#trimmed = heard < event.text.length ? '' : this.#trimmed.slice(heard);
    return heard < event.text.length ? [{ ...event, text: event.text.slice(heard) }] : [];
  }

  /** What this part took, as far as known. */
  #used(): Usage {
    return this.#resumption.usageOf(this.#source, estimateTextTokens(this.#said));
  }

  /** A part after a seam has ended: the reply itself only knows the first. */
  #settle(usage = this.#used()): void {
    this.#source.permit.settle({ tokens: totalTokens(usage), input: inputTotal(usage) });
    this.#source.watch.end();
  }

  /** Before its end. */
  #letGo(usage?: Usage): void {
    this.#settle(usage);
    this.#source.watch.abort();
    void this.#rest?.body.return?.().catch(() => undefined);
  }
}

const sum = (a: Usage, b: Usage): Usage => ({
  input: a.input + b.input,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite: a.cacheWrite + b.cacheWrite,
  output: a.output + b.output,
  reasoning: a.reasoning + b.reasoning,
  source: 'partial',
});
