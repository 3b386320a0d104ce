/**
 * A provider is who answers, as code: its address, its authorisation, the dialects it speaks, and what its refusals
 * mean. One small file each; state belongs to channels, not here.
 */

import type { HeaderMap } from '../base/fetch.ts';
import type { BodyRules } from '../domain/body-rules.ts';
import type { ChatDialectId, DialectId } from '../domain/call.ts';
import type { Failure } from '../domain/failure.ts';
import type { Limits } from '../domain/limits.ts';
import type { Told } from './told.ts';

/** An answer that was no answer. */
export type Refusal = {
  readonly status: number;
  readonly headers: HeaderMap;
  /** At most the first 64 kB. */
  readonly body: string;
  /** `head`: instead of an answer. `stream`: as an event inside a stream that began with 200. */
  readonly phase: 'head' | 'stream';
  /** Clock time, for relative hints. */
  readonly nowMs: number;
};

export type PublishedLimits = { readonly limits: Limits; readonly source: string };

/** Below the base URL; or, where a dialect has another place, what the whole URL is, if the base URL is the provider's own. */
export type DialectPath = string | ((baseUrl: string) => string | undefined);

/**
 * The beginning of an answer is the last message, of the assistant: marked so, or by its place alone. `baseUrl`: where to
 * ask, if not where everything else is asked; undefined: it cannot there.
 */
export type Continuation = {
  readonly mark?: 'partial' | 'prefix';
  baseUrl?(usual: string): string | undefined;
};

/** A way of its own that clients do not have to know: told in `docs/providers.md`, and done by whoever it names. */
export type Quirk = {
  /** One sentence, for people. */
  readonly what: string;
  readonly source: string;
  /** What is changed in a body for it. Absent: the reader of its answers, or the address, knows it. */
  readonly rules?: BodyRules;
  /** The dialect whose bodies the rules are for; OpenAI chat when not given. */
  readonly dialect?: DialectId;
  /** The upstream models that have it; all when not given. */
  readonly models?: RegExp;
};

/** How it is asked in OpenAI chat for what OpenAI itself has other words for, or none. */
export type ChatWays = {
  /** The fields of a wish for thinking; `effortToo`: with `reasoning_effort` beside the switch. */
  readonly thinks?: 'reasoning_effort' | 'enable_thinking' | 'thinking' | 'never';
  readonly effortToo?: true;
  /** The models that may be asked so; absent: all. */
  readonly thinkers?: RegExp;
  /** Its tools are functions alone: one that takes a text is asked for as one, and its calls are brought back. */
  readonly functionsOnly?: true;
  /** A turn that calls tools must tell what was thought before, be it nothing. */
  readonly wantsThoughts?: true;
  /** Fields beyond OpenAI's that it takes: `top_k`, `repetition_penalty`, and `cache_control` on parts of the content. */
  readonly knows?: readonly string[];
  /** `temperature` stays below this. */
  readonly temperatureBelow?: number;
};

export interface Provider {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** The environment variables that usually hold a secret, first one wins. */
  readonly variables: readonly string[];
  /** Region ids, the default first; empty where the provider has none. */
  readonly regions: readonly string[];
  /** The base URL for a region, without trailing slash; undefined when it must be configured. */
  baseUrl(region?: string): string | undefined;
  /** Where it speaks each dialect. */
  readonly speaks: Readonly<Partial<Record<DialectId, DialectPath>>>;
  /** In which of them it is asked by those who speak none of them, if not in the usual one. */
  readonly strangersIn?: ChatDialectId;
  /** Where a call's output is bounded in OpenAI chat, if not by `max_tokens`. */
  readonly outputField?: 'max_completion_tokens';
  /** What it knows, and wants, in OpenAI chat beside what everybody does. */
  readonly chatWays?: ChatWays;
  /** Where it speaks Anthropic's messages: turns of the system in the middle are told by the user, for it refuses them. */
  readonly foldsSystem?: true;
  /** How it is asked to go on from the beginning of an answer, by dialect; absent: it cannot. */
  readonly continues?: Readonly<Partial<Record<DialectId, Continuation>>>;
  /** Client request headers (lower case) that may travel upstream. */
  readonly forwardHeaders: readonly string[];
  /** Header by which it is asked to keep a call in a line of its own for so many seconds, instead of refusing it. */
  readonly waitHeader?: string;
  /** Sets the authorisation header, and what else the dialect demands of every call. Default: OpenAI chat. */
  authorize(headers: Record<string, string>, secret: string, dialect?: DialectId): void;
  /** What a refusal means. Total: never throws, whatever the body. */
  classify(refusal: Refusal): Failure;
  /** What the headers of an answer tell of arrival and windows. Total, and cheap: it is asked for every answer. */
  readTold(headers: HeaderMap, nowMs: number): Told;
  /** Published limits of a model, if known. */
  limits(model: string, region?: string): PublishedLimits | undefined;
  /** Plain calls are asked for as streams, for the sake of an early head, and put together here. */
  readonly streamsPlain: boolean;
  /** Limits per minute hold per second too: RPS = RPM/60, TPS = TPM/60. */
  readonly enforcesSeconds: boolean;
  /** The most a call may use, its `max_tokens`, is charged to the tokens' window when it arrives. */
  readonly prepaid: boolean;
  /** Models offered when an account lists none. */
  readonly models: readonly string[];
  /** Its embeddings come as numbers alone, and it refuses to be asked for base64. */
  readonly floatsOnly?: true;
  readonly quirks: readonly Quirk[];
  /** The form of its addresses, where it has none of its own or others besides: for people. */
  readonly addressForms: readonly string[];
  /** Environment variables that name the region, beside `…_REGION` of its own. */
  readonly regionVariables: readonly string[];
  /** The region that a secret of this variable is of, where its name tells. */
  readonly regionByVariable?: Readonly<Record<string, string>>;
  /** Its documents: where the addresses and numbers come from. */
  readonly sources: readonly string[];
  /** Is this model asked in this dialect, where the address is known? Absent: all are. */
  serves?(dialect: DialectId, upstreamModel: string): boolean;
}

/** An address beside the base URL, where that is the provider's own: of a stranger's nobody knows what stands beside it. */
export const beside =
  (own: RegExp, path: string) =>
  (baseUrl: string): string | undefined =>
    own.test(baseUrl) ? baseUrl.replace(own, path) : undefined;

/** Stands in a path where the name of the model, or of the deployment, belongs. */
const MODEL = '{model}';

/** The address with the model where the path wants it. */
export const placed = (url: string, upstreamModel: string): string =>
  url.includes(MODEL) ? url.replaceAll(MODEL, encodeURIComponent(upstreamModel)) : url;

/** Where to ask this provider in this dialect; undefined where it does not speak it. */
export function addressOf(provider: Provider, dialect: DialectId, baseUrl: string): string | undefined {
  const path = provider.speaks[dialect];
  return typeof path === 'string' ? baseUrl + path : path?.(baseUrl);
}
