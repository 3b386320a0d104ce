/**
 * An answer on its way between two dialects: what the upstream's chunks meant, written anew for the client. Holds back
 * what can only be said at the end, and says nothing that the upstream did not.
 */

import type { Chunk, Dialect, Heard, ReplyHead, StreamWriter } from '../dialects/dialect.ts';
import type { ChatEvent } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import type { Usage } from '../domain/usage.ts';
import type { ThoughtKeeper } from './kept-thoughts.ts';

export type TranslationOptions = {
  readonly from: Pick<Dialect, 'readReply'>;
  readonly to: Heard;
  readonly wantsUsage: boolean;
  /** What of the request could not be taken along, by the client's names. */
  readonly dropped: readonly string[];
  /** Of the client, as its request had them. */
  readonly textTools?: readonly string[];
  /** Keeps what the client cannot carry. */
  readonly keeper?: ThoughtKeeper;
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
  write?(chunks: readonly Chunk[], answered: Answered): Buffer;
  end?(answered: Answered): Buffer;
  plain(chunk: Chunk, answered: Answered): Buffer;
};
type ToolCallEvent = Extract<ChatEvent, { type: 'tool-call' }>;

const NOTHING = Buffer.alloc(0);

export class Translation implements Rewriting {
  readonly dropped: readonly string[];
  readonly #options: TranslationOptions;
  #writer: StreamWriter | undefined;
  readonly #calls = new Set<string>();
  #ended = false;

  constructor(options: TranslationOptions) {
    this.#options = options;
    this.dropped = options.dropped;
  }

  /** The client's bytes for the next chunks of a stream, possibly none. */
  write(chunks: readonly Chunk[], answered: Answered): Buffer {
    const frames: Buffer[] = [];
    let isOver = false;
    for (const { events, only } of chunks) {
      for (const event of events) {
        // Some report their use again and again: the client gets the last report.
        if (event.type === 'usage') continue;
        const told = this.#told(event, answered);
        this.#options.keeper?.take(told);
        // What nobody may read is for its provider alone.
        if (told.type === 'reasoning' && told.redacted) continue;
        const written = this.#writerFor(answered).write(told);
        if (written.length > 0) frames.push(written);
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
    const { from, to, textTools, keeper } = this.#options;
    const events = from.readReply(chunk.frame).events.map((event) => this.#told(event, answered));
    if (events.some((event) => event.type === 'finish' && event.reason === 'error'))
      throw new Failure('stream_died', { message: 'The provider broke its answer off.' });
    for (const event of events) keeper?.take(event);
    keeper?.keep();
    const start = events.find((event) => event.type === 'start');
    const head = { ...answered.head, ...(start && { id: start.id, created: start.created }) };
    const hasUsage = events.some(({ type }) => type === 'usage');
    return to.writeReply(
      head,
      hasUsage ? events : [...events, { type: 'usage', usage: answered.usage ?? answered.estimatedUsage() }],
      textTools,
    );
  }

  #writerFor({ head }: Answered): StreamWriter {
    const { to } = this.#options;
    this.#writer ??= to.streamWriter(head, this.#options);
    return this.#writer;
  }

  #told(event: ChatEvent, answered: Answered): ChatEvent {
    if (event.type === 'tool-call') return this.#named(event, answered);
    // Some providers say `stop` where they call tools.
    return event.type === 'finish' && event.reason === 'stop' && this.#calls.size > 0
      ? { ...event, reason: 'tool_calls' }
      : event;
  }

  /** Every call has an id from its first delta on, and one that is nobody else's in the conversation. */
  #named(event: ToolCallEvent, { head }: Answered): ToolCallEvent {
    const { index, choice = 0 } = event;
    const place = `${choice}/${index}`;
    if (this.#calls.has(place)) {
      const { id: _told, ...rest } = event;
      return rest;
    }
    this.#calls.add(place);
    if (event.id) return event;
    const answer = head.id.replace(/[^A-Za-z0-9_-]/g, '').slice(-24);
    return { ...event, id: `call_${answer}_${choice > 0 ? `${choice}_` : ''}${index}` };
  }
}
