/**
 * A dialect is one wire language in both directions: clients are heard through it, upstreams are spoken to through
 * it, the simulator answers with it. Frame and meaning travel together, so that the same dialect on both sides is
 * forwarded byte for byte. What a language must be able to do depends on what is asked of it: to be passed on (`Wire`), to
 * be answered from another one (`Heard`), or both and to be spoken to in the place of another (`Dialect`).
 */

import type { AnswerTerms } from '../domain/answer-terms.ts';
import type { ChatDialectId, DialectId, RequestHead, Task } from '../domain/call.ts';
import type { ChatEvent, ChatRequest } from '../domain/chat.ts';
import type { Failure } from '../domain/failure.ts';

/** What came off the wire, and what it meant. A plain reply is a stream of one chunk. */
export type Chunk = {
  /** The bytes of one whole event with its terminator, or of a whole plain body. */
  readonly frame: Buffer;
  readonly events: readonly ChatEvent[];
  /** The model the frame names, where it names one. */
  readonly model?: string;
  /** The frame carries nothing else: a usage report, or the terminal with what it tells of the end. */
  readonly only?: 'usage' | 'terminal';
  /** It holds something of the answer that no event tells. */
  readonly untold?: true;
};

/** Reads a stream, fed with bytes cut anywhere. Synchronous: the caller owns the waiting. */
export interface StreamReader {
  /** Events completed by these bytes. Throws `Failure('malformed')` on an unreadable event. */
  push(bytes: Uint8Array): Chunk[];
  /** The upstream closed. Returns what was still unfinished; `ended` then says whether the dialect's own end was seen. */
  finish(): Chunk[];
  /** The dialect's terminal (for OpenAI chat: a finish_reason, or `[DONE]`) was seen. */
  readonly ended: boolean;
}

/** Writes a stream from meaning. Each call returns the bytes to send, possibly none. */
export interface StreamWriter {
  write(event: ChatEvent): Buffer;
  /** The terminal. */
  end(): Buffer;
}

/** Puts a stream together again as the plain answer it would have been. */
export interface Assembler {
  /** The next chunk, as the reader gave it. One that tells an error is none of its. */
  push(chunk: Chunk): void;
  /** What it holds, in characters of the wire, roughly. */
  readonly size: number;
  /** The plain answer from what came, as if the upstream had written it; its events are not told again. */
  finish(): Chunk;
}

export type ReplyHead = { readonly id: string; readonly model: string; readonly created: number };

/** What the client has of an answer that breaks off. */
export type SentSoFar = {
  readonly head: ReplyHead;
  /** The last frame or frames that it got; undefined when there was none, heartbeats apart. */
  readonly last?: Buffer;
};

export type ForwardOptions = {
  /** The name that served; replaces the upstream's. */
  readonly model: string;
  /** False: a frame that carries nothing but usage is dropped. */
  readonly wantsUsage: boolean;
  /** What the client asked, where the form of the answer depends on it. */
  readonly request?: Uint8Array;
};

export type WrittenFailure = { readonly status: number; readonly body: Buffer };

/** A request on its way between two dialects, and the names of what could not be taken along. */
export type Crossing = {
  readonly request: ChatRequest;
  readonly dropped: readonly string[];
  readonly terms?: AnswerTerms;
};

export type WriteOptions = {
  /** Whether a usage event is written at the end. */
  readonly wantsUsage: boolean;
  readonly terms?: AnswerTerms;
  /** It goes on in the middle of a text that was begun before: nothing is opened anew. */
  readonly continues?: boolean;
  /** What the prompt weighs as far as is known at the beginning, for those who are told it first and corrected last. */
  readonly promptTokens?: number;
};

/**
 * A wire language as far as the door and the way of a call need it. Nothing more is needed where the bytes are passed on
 * as they came, whatever they mean.
 */
export interface Wire {
  readonly id: DialectId;
  /** Below the version prefix, e.g. `/chat/completions`. */
  readonly path: string;
  /** Other places where clients look for it, from the root on. */
  readonly alsoAt?: readonly string[];
  /**
   * Where the address below that path says model and stream: the client's body with both in front of it, which is what all
   * others read and write. `target` is path and query. Throws `Failure('invalid_request')`.
   */
  enter?(body: Uint8Array, target: string): Uint8Array;
  /** And what is then asked, from where the provider speaks it: what is forwarded is the body without the two. */
  address?(url: string, asked: { readonly model: string; readonly stream: boolean }): string;
  /** Absent: a chat. */
  readonly task?: Task;
  /** The question is a form with files (`multipart/form-data`): read are its short fields, as JSON. */
  readonly form?: true;
  /** Content types of answers that are no JSON and pass as they come, while they come. */
  readonly opaque?: RegExp;
  /** A whole answer as the events that it would have been, for a client that asked for those. */
  asEvents?(answer: Buffer): Buffer;

  /** The little that routing and admission need. Throws `Failure('invalid_request')` naming the field. */
  readHead(body: Uint8Array): RequestHead;
  /** The client's own bytes for an upstream of the same dialect: only the model and the usage option are spliced. */
  forwardRequest(body: Uint8Array, head: RequestHead, upstreamModel: string): Uint8Array;
  /**
   * A plain request turned into one for a stream with a usage report, everything else as it was. Undefined where the
   * stream could not be put together again as the plain answer; absent where none could. Never throws.
   */
  forwardAsStream?(body: Uint8Array, head: RequestHead, upstreamModel: string): Uint8Array | undefined;

  /** A plain answer, all of it, for those who write it anew. Throws `Failure('malformed')`. */
  readReply?(body: Uint8Array): Chunk;
  /** The little of it that passing it on needs: model and usage, or an error; all of it where they are not plain to see. */
  glanceReply(body: Uint8Array): Chunk;

  streamReader(): StreamReader;
  assembler?(): Assembler;
  /** Absent where nobody writes a stream but the provider. */
  streamWriter?(head: ReplyHead, options: WriteOptions): StreamWriter;

  /** A chunk of this dialect for a client of this dialect; undefined when it is not for the client. */
  forward(chunk: Chunk, options: ForwardOptions): Buffer | undefined;
  forwardReply(chunk: Chunk, options: ForwardOptions): Buffer;

  /** What clients wait for behind the end of a stream, where a provider that told the end forgot it. */
  readonly terminal?: Buffer;

  /** An error answer before anything was sent. */
  writeFailure(failure: Failure, requestId: string): WrittenFailure;
  /** The error terminal of an open stream; `sent` is for dialects whose terminal goes on from what was sent. */
  writeStreamFailure(failure: Failure, requestId: string, sent?: SentSoFar): Buffer;
  /** A heartbeat between events that every client of this dialect ignores. */
  heartbeat(text: string): Buffer;
}

/** A language whose clients can be answered from a chat of another dialect. */
export interface Heard extends Wire {
  /** The whole meaning. Throws like `readHead`. */
  readRequest(body: Uint8Array): ChatRequest;
  /** `readRequest` for an upstream of another dialect: what is left in `extra` has the names of OpenAI chat. */
  readCrossing?(body: Uint8Array): Crossing;
  writeReply(head: ReplyHead, events: readonly ChatEvent[], terms?: AnswerTerms): Buffer;
  streamWriter(head: ReplyHead, options: WriteOptions): StreamWriter;
}

/** A language of chats: heard, and spoken to in the place of any other. */
export interface Dialect extends Heard {
  readonly id: ChatDialectId;
  writeRequest(request: ChatRequest): Buffer;
  /** What of a crossing request this dialect can say, in its own names. Where this or `readCrossing` is missing, all of it. */
  fitCrossing?(request: ChatRequest): Crossing;
  forwardAsStream(body: Uint8Array, head: RequestHead, upstreamModel: string): Uint8Array | undefined;
  readReply(body: Uint8Array): Chunk;
  assembler(): Assembler;
}
