/**
 * An answer under way: owns the permit, the upstream's body and the story until the last byte. Read it with `next`;
 * dispose of it in every case. What the upstream told of its use is settled, else what was delivered is estimated.
 */

import type { Permit } from '../admission/permit.ts';
import type { Cancel } from '../base/clock.ts';
import type { Assembler, Chunk, ReplyHead, Wire } from '../dialects/dialect.ts';
import type { Channel } from '../domain/channel.ts';
import type { ChatEvent } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import type { EndReason } from '../domain/story.ts';
import { inputTotal, outputTotal, totalTokens, type Usage } from '../domain/usage.ts';
import { estimateTextTokens } from '../tokens/estimate.ts';
import { costOn } from './capacity.ts';
import { estimatedUsage } from './estimated-usage.ts';
import type { Journey } from './journey.ts';
import { keepAnswer } from './kept-answers.ts';
import { type ErrorEvent, type OpenedAnswer, REPLY_LIMIT_BYTES } from './open-answer.ts';
import { died, failureOfBody } from './stream-end.ts';
import type { Rewriting } from './translation.ts';
import type { Watch } from './watch.ts';

export type ReplySource = {
  readonly journey: Journey;
  readonly channel: Channel;
  readonly permit: Permit;
  readonly watch: Watch;
  readonly answer: OpenedAnswer;
  /** What the chunks are of. */
  readonly dialect: Wire;
  /** Where the client speaks another dialect than the chunks. */
  readonly translation: Rewriting | undefined;
  /** What an error event inside the stream means. */
  readonly classify: (event: ErrorEvent) => Failure;
};

/** For the end of a body behind its terminal. */
const LINGER_MS = 100;

export class Reply implements AsyncDisposable {
  readonly journey: Journey;
  readonly channel: Channel;
  /** The public name of the model that served. */
  readonly model: string;
  /** Writes the chunks for a client of another dialect. */
  readonly translation: Rewriting | undefined;
  readonly #source: ReplySource;
  #first: readonly Chunk[] | undefined;
  #usage: Usage | undefined;
  #started: Extract<ChatEvent, { type: 'start' }> | undefined;
  #deliveredTokens = 0;
  #delivers = true;
  #end: EndReason | undefined;
  #failure: Failure | undefined;
  #terminal = false;
  #lingering: Promise<unknown> | undefined;
  /** Some of it was handed out. */
  #wasRead = false;
  #settled = false;
  #disposed = false;

  constructor(source: ReplySource) {
    this.#source = source;
    this.journey = source.journey;
    this.channel = source.channel;
    this.model = source.journey.model.name;
    this.translation = source.translation;
    this.#first = source.answer.first;
  }

  /** Of an answer that passes as it comes, and is no JSON; undefined for all others. */
  get contentType(): string | undefined {
    return this.#source.answer.contentType;
  }

  /** As the upstream told it, so far. */
  get usage(): Usage | undefined {
    return this.#usage;
  }

  /** The dialect's terminal was among the chunks. */
  get terminated(): boolean {
    return this.#terminal;
  }

  /** The identity of the answer, for events that we write ourselves. */
  get head(): ReplyHead {
    return {
      id: this.translation?.answerId ?? this.#started?.id ?? this.journey.call.id,
      model: this.model,
      // Not every dialect tells it.
      created: this.#started?.created || Math.floor(this.journey.call.arrivedAtMs / 1_000),
    };
  }

  /** A whole plain answer as the client gets it, or the bytes with the end of its stream: it may refer to it later. */
  keep(bytes: Uint8Array): void {
    const { call, rooms } = this.journey;
    if (call.dialect !== 'openai-responses') return;
    const isNative = this.translation === undefined;
    keepAnswer(rooms.shelf, { call, account: this.channel.account.id, isNative, bytes });
  }

  /** From what was sent and delivered, for upstreams that tell nothing. */
  estimatedUsage(): Usage {
    const { journey, channel } = this.#source;
    return estimatedUsage(journey, channel, {
      output: this.#deliveredTokens,
      parts: 1 + (journey.story.resumed?.length ?? 0),
    });
  }

  /**
   * The next chunks as they came; undefined when the answer ended well. Throws `Failure` when it did not: `stream_died`,
   * `timeout`, `client_gone`, or what an error event meant.
   */
  async next(): Promise<readonly Chunk[] | undefined> {
    if (this.#first !== undefined) {
      const first = this.#first;
      this.#first = undefined;
      return this.#observe(first);
    }
    const { watch, answer } = this.#source;
    const { rest } = answer;
    if (rest === undefined) return this.#endWell();
    if (this.#terminal) return this.#linger(rest.body);
    try {
      for (;;) {
        const { done, value } = await rest.body.next();
        if (done === true) {
          const last = rest.reader.finish();
          if (!rest.reader.ended) throw died('the connection closed before the answer was complete');
          if (last.length === 0) return this.#endWell();
          return this.#observe(last);
        }
        watch.byte();
        const chunks = rest.reader.push(value);
        if (chunks.length > 0) return this.#observe(chunks);
      }
    } catch (error) {
      // Only the terminal was missing: everything that belongs to the answer has come.
      const isOfTheWire = !(error instanceof Failure) || error.kind === 'timeout';
      if (rest.reader.ended && isOfTheWire) return this.#endWell();
      throw this.#fail(error);
    }
  }

  /**
   * The terminal was seen: what the connection does now changes nothing. Its end is awaited for a moment, so that the
   * socket can serve another call.
   */
  async #linger(body: AsyncIterator<Uint8Array>): Promise<undefined> {
    const ended = body.next().then(
      ({ done }) => done === true,
      () => true,
    );
    let cancel: Cancel = () => undefined;
    const patience = new Promise<false>((resolve) => {
      cancel = this.journey.rooms.clock.after(LINGER_MS, () => resolve(false));
    });
    if (!(await Promise.race([ended, patience]))) await body.return?.();
    cancel();
    return this.#endWell();
  }

  /** The client left while the answer was being written: from here on nothing is delivered. */
  clientLeft(): void {
    if (this.#settled) return;
    if (this.#end !== 'stream_died') this.#end = 'client_gone';
    this.#delivers = false;
  }

  /** A plain answer, whole; a promise, which fails as `next` does, where it is still to be put together. */
  whole(): Chunk | Promise<Chunk> | undefined {
    const { assembler, rest } = this.#source.answer;
    if (assembler !== undefined && rest !== undefined) return this.#assemble(assembler, rest.body);
    const [chunk] = this.#observe(this.#first ?? []);
    this.#first = undefined;
    this.#endWell();
    return chunk;
  }

  async #assemble(assembler: Assembler, body: AsyncIterator<Uint8Array>): Promise<Chunk> {
    for (let chunks = await this.next(); chunks !== undefined; chunks = await this.next()) {
      for (const chunk of chunks) assembler.push(chunk);
      if (assembler.size > REPLY_LIMIT_BYTES)
        throw this.#fail(new Failure('malformed', { message: "The provider's answer is too large." }));
      if (!this.#terminal || this.#first !== undefined) continue;
      // The client need not wait for the end of the body.
      this.#lingering = this.#linger(body).catch(() => undefined);
      break;
    }
    this.#endWell();
    return assembler.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /**
   * Settles and tells the story, once; to be called before the client is told of the end, with the failure where it is a
   * bad one. A promise is to be waited for before that; it never rejects.
   */
  settle(failure?: Failure): Promise<void> | undefined {
    if (this.#settled) return undefined;
    if (failure !== undefined && this.#failure === undefined) {
      this.#failure = failure;
      this.#end = 'stream_died';
    }
    this.#settled = true;
    this.#end ??= 'complete';
    return this.#record(this.#end);
  }

  /** Settles where that is still to be done, and lets go of the upstream: the same as disposing, without a promise where none is needed. */
  close(): Promise<unknown> | undefined {
    if (this.#disposed) return undefined;
    this.#disposed = true;
    if (this.#settled) return this.#letGo(this.#end ?? 'complete');
    const { watch, answer } = this.#source;
    this.#end ??= 'client_gone';
    const isReadOn = this.#end === 'client_gone' && watch.draining && answer.rest !== undefined;
    return isReadOn && !this.#terminal ? this.#readOn() : this.#letGo(this.#end);
  }

  /** For its usage alone: nobody listens any more. Ends with the answer, or when the watch has lost its patience. */
  async #readOn(): Promise<unknown> {
    this.#delivers = false;
    try {
      while ((await this.next()) !== undefined);
    } catch {
      // However it ended: the client had left before.
    }
    return this.#letGo('client_gone');
  }

  #letGo(end: EndReason): Promise<unknown> | undefined {
    const { watch, answer } = this.#source;
    watch.end();
    this.#end = end;
    if (!this.#settled) {
      this.#settled = true;
      void this.#record(end);
    }
    if (end === 'complete') return this.#lingering;
    watch.abort();
    return answer.rest?.body.return?.().catch(() => undefined);
  }

  #record(end: EndReason): Promise<void> | undefined {
    const { permit, journey } = this.#source;
    const usage = this.#finalUsage();
    const settlement = { tokens: totalTokens(usage), input: inputTotal(usage) };
    permit.settle(settlement);
    journey.allowance?.settle(settlement);
    if (journey.paid !== undefined) {
      const used = { inputTokens: inputTotal(usage), outputTokens: outputTotal(usage) };
      journey.payInstead(costOn(journey.model.channels, used));
    }
    if (usage.source === 'upstream')
      journey.rooms.calibration.learn(this.channel.upstreamModel, {
        key: journey.call.key.id,
        rawInputTokens: journey.rawInputTokens,
        input: inputTotal(usage),
        output: outputTotal(usage),
      });
    // A stream had its 200, and its first content, before anything could fail.
    const isStream = journey.call.head.stream || this.contentType !== undefined;
    const failure = this.#failure;
    return journey.record(
      {
        usage,
        end,
        status: isStream ? 200 : (failure?.status ?? 200),
        ...(failure === undefined ? {} : { failure: failure.kind }),
      },
      end === 'stream_died' && !(isStream && this.#wasRead),
    );
  }

  #observe(chunks: readonly Chunk[]): readonly Chunk[] {
    for (let i = 0; i < chunks.length; i++) {
      if ((chunks[i] as Chunk).only === 'terminal') this.#terminal = true;
      for (const event of (chunks[i] as Chunk).events) {
        if (this.#delivers) this.#deliveredTokens += tokensOf(event);
        if (event.type === 'start') this.#started = event;
        else if (event.type === 'usage') this.#usage = event.usage;
        else if (event.type === 'error') {
          this.#failure = this.#source.classify(event);
          this.#end = 'stream_died';
          if (i === 0) throw this.#failure;
          this.#first = chunks.slice(i);
          this.#wasRead = true;
          return chunks.slice(0, i);
        }
      }
    }
    this.#wasRead = true;
    return chunks;
  }

  #endWell(): undefined {
    this.#end ??= 'complete';
    return undefined;
  }

  #fail(error: unknown): Failure {
    const failure = failureOfBody(error);
    this.#failure = failure;
    this.#end = failure.kind === 'client_gone' ? 'client_gone' : 'stream_died';
    return failure;
  }

  /** What the provider told, but never less than what was asked and delivered. */
  #finalUsage(): Usage {
    const told = this.#usage;
    if (told === undefined) return this.estimatedUsage();
    // Of an answer in parts the provider of the last told its own alone.
    if ((this.journey.story.resumed?.length ?? 0) > 0) return { ...told, source: 'partial' };
    if (this.#end === 'complete' || this.#terminal) return told;
    const missing = Math.ceil(this.#deliveredTokens) - outputTotal(told);
    return { ...told, output: told.output + Math.max(0, missing), source: 'partial' };
  }
}

function tokensOf(event: ChatEvent): number {
  if (event.type === 'text' || event.type === 'reasoning') return estimateTextTokens(event.text);
  if (event.type === 'tool-call') return estimateTextTokens(event.arguments) + (event.id ? 8 : 0);
  return 0;
}
