/**
 * The neutral language between dialects: one request shape, and an answer as deltas. A dialect reads its wire
 * format into this and writes it back; what it cannot express stays in `extra` and travels untouched.
 */

import type { Usage } from './usage.ts';

export type ChatRole = 'system' | 'developer' | 'user' | 'assistant' | 'tool';

export type ChatPart =
  | {
      readonly type: 'text';
      readonly text: string;
      /** The prompt up to here is to be cached, in the words of those who are told so. */
      readonly cacheControl?: unknown;
    }
  /**
   * Anything that is not text (image, audio, file) as a content part of OpenAI chat; what has no such form, as the wire
   * had it.
   */
  | { readonly type: 'media'; readonly value: unknown };

export type ToolCall = {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  /** The provider's seal on the thought behind the call, worth nothing to another. */
  readonly signature?: string;
};

/** One thought, whole. */
export type Thought = {
  readonly text: string;
  readonly signature?: string;
  /** There is nothing but the seal: its provider does not show what it thought. */
  readonly redacted?: true;
};

export type ChatMessage = {
  readonly role: ChatRole;
  readonly parts: readonly ChatPart[];
  readonly name?: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
  readonly reasoning?: string;
  /** The provider's seal on its own reasoning, worth nothing to another. */
  readonly reasoningSignature?: string;
  /** Thoughts one by one, sealed by the provider that is asked: they stand in the place of `reasoning`. */
  readonly thoughts?: readonly Thought[];
  /** Thoughts that the client carries without being able to read them, as it was given them. */
  readonly seals?: readonly string[];
};

export type ChatTool = {
  readonly name: string;
  readonly description?: string;
  /** A JSON schema. */
  readonly parameters?: unknown;
};

export type ChatRequest = {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  /** The client wants a usage report at the end of a stream. */
  readonly wantsUsage: boolean;
  readonly maxOutputTokens?: number;
  readonly tools?: readonly ChatTool[];
  /** `auto`, `none`, `required`, or the name of the tool that must be called. */
  readonly toolChoice?: 'auto' | 'none' | 'required' | { readonly name: string };
  readonly responseFormat?: 'text' | 'json_object' | 'json_schema';
  /** Fields of the wire format that have no neutral meaning, untouched. */
  readonly extra: Readonly<Record<string, unknown>>;
};

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'error';

export type ChatEvent =
  | { readonly type: 'start'; readonly id: string; readonly model: string; readonly created: number }
  | { readonly type: 'text'; readonly text: string; readonly choice?: number }
  | {
      readonly type: 'reasoning';
      /** Empty where only the seal comes. */
      readonly text: string;
      readonly signature?: string;
      /** The seal is all that there is. */
      readonly redacted?: true;
      readonly choice?: number;
    }
  | {
      readonly type: 'tool-call';
      /** Position among the answer's tool calls. */
      readonly index: number;
      /** Present on the first delta of a call. */
      readonly id?: string;
      readonly name?: string;
      /** A piece of the JSON arguments. */
      readonly arguments: string;
      readonly signature?: string;
      readonly choice?: number;
    }
  | { readonly type: 'usage'; readonly usage: Usage }
  | { readonly type: 'finish'; readonly reason: FinishReason; readonly choice?: number }
  /** An error told inside a stream that began well. `status` is 0 when the upstream gave none. */
  | { readonly type: 'error'; readonly status: number; readonly body: string };

/** Content reached the client: from here on a call can only end, not move. */
export const isMeaningful = (event: ChatEvent): boolean =>
  event.type === 'text' ||
  event.type === 'reasoning' ||
  event.type === 'tool-call' ||
  event.type === 'finish';
