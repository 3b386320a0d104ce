/** One ask of a client, from the door to the last byte. */

import type { Departure } from '../base/departure.ts';
import type { Limits } from './limits.ts';
import type { Budgets } from './tenancy.ts';
import type { ChannelWishes, Wishes } from './wishes.ts';

/** Those in which a chat is held: each can be carried over into every other. */
export type ChatDialectId = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini';

/** Those of everything else: a call only goes to one of the same task. */
export type TaskDialectId =
  | 'openai-completions'
  | 'openai-embeddings'
  | 'gemini-embeddings'
  | 'gemini-batch-embeddings'
  | 'rerank'
  | 'dashscope-rerank'
  | 'openai-images'
  | 'openai-speech'
  | 'openai-moderations'
  | 'openai-transcriptions'
  | 'openai-translations'
  | 'openai-image-edits'
  | 'openai-image-variations';

export type DialectId = ChatDialectId | TaskDialectId;

/** What is asked for, if not a chat. */
export type Task =
  | 'completions'
  | 'embeddings'
  | 'rerank'
  | 'images'
  | 'speech'
  | 'moderations'
  | 'transcription';

/** A question with files in it: sent from where it lies, as often as it must be. */
export type CallForm = {
  readonly contentType: string;
  /** With this model in the place of the client's. */
  send(model: string): { readonly bytes: AsyncIterable<Uint8Array>; readonly size: number };
};

/** A client's key as the relay knows it; the key itself is not kept, only its hash. */
export type ClientKey = {
  readonly id: string;
  /** Limits of the key itself, apart from the pool's. */
  readonly limits: Limits;
  readonly onLimit: OnLimit;
  /** The highest its calls may have, and what they have when they ask for none. */
  readonly priority: Priority;
  /** Share of a crowded pool among keys of one priority. */
  readonly weight: number;
  /** Model names the key may use; undefined: all. */
  readonly models?: readonly string[];
  /** May it reach files, batches and other objects? Undefined: where it may use all models and is charged to nobody. */
  readonly objects?: boolean;
  /** May its calls be served by a fallback model? */
  readonly fallback: boolean;
  /** Those that may, in its order, instead of the model's own. */
  readonly fallbacks?: readonly string[];
  /** Who pays; undefined: `DEFAULT_TENANT`. */
  readonly tenant?: string;
  readonly project?: string;
  readonly budgets?: Budgets;
  /** Dialects and other routes that it may ask at; undefined: all. */
  readonly endpoints?: readonly string[];
  /** Where its calls may come from, as addresses and CIDR blocks; undefined: anywhere. */
  readonly addresses?: readonly string[];
  /** From then on it is refused, clock time in ms. */
  readonly endsAtMs?: number;
};

export type OnLimit = 'queue' | 'reject';

/** Who is served first in a line, the first before the last. */
export const PRIORITIES = ['interactive', 'normal', 'batch'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What the relay reads of a request before it decides anything: cheap to get, whatever the body's size. */
export type RequestHead = {
  readonly model: string;
  readonly stream: boolean;
  readonly wantsUsage: boolean;
  /** Infinity: the client set no bound. */
  readonly maxOutputTokens: number;
  /** How many answers it wants, where it wants several; the bound is that of all together. */
  readonly answers?: number;
  /** What the client wishes of the way of the call, where it does. */
  readonly wishes?: Wishes;
};

export type CallOptions = {
  /** Longest wait for a permit, in ms; undefined: the configured one. */
  readonly maxWaitMs?: number;
  readonly onLimit: OnLimit;
  readonly priority: Priority;
  readonly fallback: boolean;
  /** For reports; at most a few short words. */
  readonly tags?: readonly string[];
};

/** What a call took from answers that were kept, and how their makers may hear it. */
export type Recalled = {
  /** The answer that it goes on from. */
  readonly previous?: string;
  /** The client's own input, with what it refers to, without what was said before; JSON. */
  readonly input: string;
  /** References to nothing that is known, and what else of it means nothing to anybody. */
  readonly lost: readonly string[];
  /** The account that has all of it itself, and the client's own bytes. */
  readonly maker?: { readonly account: string; readonly body: Uint8Array };
  /** For other accounts of the dialect: without what only its maker understands. */
  readonly abroad: { readonly body: Uint8Array; readonly lost: readonly string[] };
};

export type Call = {
  /** `req_…`, shown to the client and in the log. */
  readonly id: string;
  readonly dialect: DialectId;
  readonly key: ClientKey;
  readonly head: RequestHead;
  /** The client's bytes, decompressed; with what they refer to in its place, where it was kept here. */
  readonly body: Uint8Array;
  /** What is really sent, where `body` is only what a form with files says in short. */
  readonly form?: CallForm;
  /** The one account that has what the call names. */
  readonly account?: string;
  /** Where the client's bytes referred to earlier answers. */
  readonly recalled?: Recalled;
  /** Client headers that may go upstream (the route filters nothing; the provider's allow-list does). */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly options: CallOptions;
  /** Clock time of arrival, ms. */
  readonly arrivedAtMs: number;
  readonly departure: Departure;
  /** Models that may answer in place of the asked one, by the client's own list. */
  readonly models?: readonly string[];
  readonly wishes?: ChannelWishes;
  /** What it wished in vain, by the client's names. */
  readonly dropped?: readonly string[];
  /** The body for a provider that understands such wishes itself. */
  readonly openrouterBody?: Uint8Array;
};
