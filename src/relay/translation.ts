/**
 * An answer on its way between two dialects: what the upstream's chunks meant, written anew for the client. Holds back
 * what can only be said at the end, and says nothing that the upstream did not.
 */

import type { Chunk, Dialect, Heard, ReplyHead, StreamWriter } from '../dialects/dialect.ts';
import type { AnswerTerms } from '../domain/answer-terms.ts';
import type { DialectId } from '../domain/call.ts';
import type { ChatEvent } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import type { Usage } from '../domain/usage.ts';
import type { ThoughtKeeper } from './kept-thoughts.ts';
import { NamedCalls } from './named-calls.ts';

export type TranslationOptions = {
  readonly from: Pick<Dialect, 'readReply'>;
  readonly to: Heard;
  readonly wantsUsage: boolean;
  /** What of the request could not be taken along, by the client's names. */
  readonly dropped: readonly string[];
  readonly terms?: AnswerTerms;
  /** Keeps what the client cannot carry. */
  readonly keeper?: ThoughtKeeper;
  /** The client's names of tools, by those that the provider was told. */
  readonly names?: ReadonlyMap<string, string>;
  /** Under which the client knows the answer; undefined: under the provider's. */
  readonly answerId?: string | undefined;
};

/** What of a `Reply` an answer needs that is written anew. */
export type Answered = {
  readonly head: ReplyHead;
  readonly usage: Usage | undefined;
  estimatedUsage(): Usage;
};

/** Whatever writes an answer anew. Where answers come in streams, it writes those too. */
export type Rewriting = {
  readonly dropped: readonly string[];
  readonly answerId?: string | undefined;
  write?(chunks: readonly Chunk[], answered: Answered): Buffer;
  end?(answered: Answered): Buffer;
  plain(chunk: Chunk, answered: Answered): Buffer;
};
type ToolCallEvent = Extract<ChatEvent, { type: 'tool-call' }>;
type FinishEvent = Extract<ChatEvent, { type: 'finish' }>;

/** Clients that read the arguments of every call as JSON; others get them as an object. */
const READS_JSON: ReadonlySet<DialectId> = new Set(['openai-chat', 'openai-responses'] as const);

const NOTHING = Buffer.alloc(0);

export class Translation implements Rewriting {
  readonly dropped: readonly string[];
  readonly answerId: string | undefined;
  readonly #options: TranslationOptions;
  #writer: StreamWriter | undefined;
  readonly #calls = new NamedCalls();
  #ended = false;

  constructor(options: TranslationOptions) {
    this.#options = options;
    this.dropped = options.dropped;
    this.answerId = options.answerId;
  }

  /** The client's bytes for the next chunks of a stream, possibly none. */
  write(chunks: readonly Chunk[], answered: Answered): Buffer {
    const frames: Buffer[] = [];
    let isOver = false;
    for (const { events, only } of chunks) {
      for (const event of events) {
        // Some report their use again and again: the client gets the last report.
        if (event.type === 'usage') continue;
        for (const told of this.#told(event, answered)) {
          this.#options.keeper?.take(told);
          const shown = this.#shown(told);
          if (shown === undefined) continue;
          const written = this.#writerFor(answered).write(shown);
          if (written.length > 0) frames.push(written);
        }
      }
      if (only === 'terminal') isOver = true;
    }
    if (isOver) frames.push(this.end(answered));
    return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
  }

  /** The answer has ended well. Nothing where that was said with the terminal. */
  end(answered: Answered): Buffer {
    if (this.#ended) return NOTHING;
    this.#ended = true;
    this.#options.keeper?.keep();
    const writer = this.#writerFor(answered);
    const usage = answered.usage ?? answered.estimatedUsage();
    return Buffer.concat([writer.write({ type: 'usage', usage }), writer.end()]);
  }

  /** A plain answer. Throws `stream_died` where the provider says that it broke off. */
  plain(chunk: Chunk, answered: Answered): Buffer {
    const { from, to, terms, keeper } = this.#options;
    const events = from.readReply(chunk.frame).events.flatMap((event) => this.#told(event, answered));
    if (events.some((event) => event.type === 'finish' && event.reason === 'error'))
      throw new Failure('stream_died', { message: 'The provider broke its answer off.' });
    for (const event of events) keeper?.take(event);
    keeper?.keep();
    const start = events.find((event) => event.type === 'start');
    const head = {
      ...answered.head,
      ...(start && { id: this.answerId ?? start.id, created: start.created }),
    };
    const shown = events.map((event) => this.#shown(event)).filter((event) => event !== undefined);
    if (!shown.some(({ type }) => type === 'usage'))
      shown.push({ type: 'usage', usage: answered.usage ?? answered.estimatedUsage() });
    return to.writeReply(head, shown, terms);
  }

  #writerFor(answered: Answered): StreamWriter {
    const { to } = this.#options;
    this.#writer ??= to.streamWriter(answered.head, {
      ...this.#options,
      promptTokens: (answered.usage ?? answered.estimatedUsage()).input,
    });
    return this.#writer;
  }

  #told(event: ChatEvent, { head }: Answered): readonly ChatEvent[] {
    if (event.type === 'tool-call') {
      const named = this.#calls.take(this.#renamed(event), head.id);
      return named === undefined ? NO_EVENTS : [named];
    }
    if (event.type !== 'finish' || !this.#calls.any) return [event];
    // Some providers say `stop` where they call tools.
    const finish: FinishEvent = event.reason === 'stop' ? { ...event, reason: 'tool_calls' } : event;
    return [...this.#calls.rest(head.id), ...this.#bare(finish), finish];
  }

  /** A call that was cut off has no arguments that anybody should read. */
  #bare({ reason, choice = 0 }: FinishEvent): readonly ChatEvent[] {
    const { to, terms } = this.#options;
    if (reason !== 'tool_calls' || !READS_JSON.has(to.id)) return NO_EVENTS;
    return this.#calls
      .bare(choice)
      .filter(({ name = '' }) => terms?.tools?.get(name)?.kind !== 'custom')
      .map(({ name: _name, ...event }) => event);
  }

  #renamed(event: ToolCallEvent): ToolCallEvent {
    const name = event.name === undefined ? undefined : this.#options.names?.get(event.name);
    return name === undefined ? event : { ...event, name };
  }

  /**
   * Seals are for their provider alone, unless they travel sealed themselves: a client of this dialect would show them to
   * others who speak it, and they refuse them.
   */
  #shown(event: ChatEvent): ChatEvent | undefined {
    if (!('signature' in event) || this.#options.terms?.seal !== undefined) return event;
    const { signature: _seal, ...rest } = event;
    return rest.type === 'reasoning' && rest.text === '' ? undefined : rest;
  }
}

const NO_EVENTS: readonly ChatEvent[] = [];
