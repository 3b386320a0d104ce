/**
 * An answer of the Responses format as it grows: the items that events of the neutral language become, and the response
 * object around them. Stream and plain answer are both written from here, so that they say the same.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatEvent, FinishReason } from '../../domain/chat.ts';
import type { Usage } from '../../domain/usage.ts';
import type { ReplyHead } from '../dialect.ts';
import { textInputOf } from './tools-out.ts';
import { writeUsage } from './wire.ts';

export type ItemKind = 'message' | 'reasoning' | 'function_call' | 'custom_tool_call';
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

const PREFIXES = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
} as const satisfies Record<ItemKind, string>;

/** One thing said: a text, a thought, or a call with its arguments. */
export class Item {
  readonly kind: ItemKind;
  readonly id: string;
  readonly position: number;
  readonly callId: string;
  readonly name: string;
  said = '';
  closed = false;

  constructor(kind: ItemKind, place: { readonly head: ReplyHead; readonly position: number }, call?: Call) {
    this.kind = kind;
    this.position = place.position;
    this.id = `${PREFIXES[kind]}_${place.head.id}_${place.position}`;
    // Clients refuse a call without an id.
    this.callId = call?.id || `call_${place.head.id}_${place.position}`;
    this.name = call?.name ?? '';
  }

  get isCall(): boolean {
    return this.kind === 'function_call' || this.kind === 'custom_tool_call';
  }

  /** The one part that the content of a message or thought has. */
  part(text: string): JsonObject {
    return this.kind === 'message'
      ? { type: 'output_text', annotations: [], logprobs: [], text }
      : { type: 'summary_text', text };
  }

  written(status: ItemStatus): JsonObject {
    const { id, kind: type } = this;
    // As it begins, it has no content yet.
    const begins = status === 'in_progress';
    const parts = begins ? [] : [this.part(this.said)];
    switch (type) {
      case 'message':
        return { id, type, status, role: 'assistant', content: parts };
      case 'reasoning':
        return { id, type, summary: parts };
      case 'function_call':
        return {
          id,
          type,
          status,
          call_id: this.callId,
          name: this.name,
          arguments: begins ? '' : this.said,
        };
      case 'custom_tool_call':
        return {
          id,
          type,
          status,
          call_id: this.callId,
          name: this.name,
          input: begins ? '' : textInputOf(this.said),
        };
    }
  }
}

type Call = { readonly id?: string; readonly name?: string };
type Delta = Extract<ChatEvent, { type: 'text' | 'reasoning' | 'tool-call' }>;

/** What an event did: what it added to which item, whether it began it, and the item that it ended. */
export type Step = {
  readonly item: Item;
  readonly delta: string;
  readonly isNew: boolean;
  readonly ended: Item | undefined;
};

export class Answer {
  readonly items: Item[] = [];
  readonly #head: ReplyHead;
  readonly #textTools: readonly string[];
  readonly #calls = new Map<number, Item>();
  /** The text or thought under way. */
  #speech: Item | undefined;
  #usage: Usage | undefined;
  #finish: FinishReason | undefined;

  /** `textTools`: whose calls are those of custom tools. */
  constructor(head: ReplyHead, textTools: readonly string[] = []) {
    this.#head = head;
    this.#textTools = textTools;
  }

  /** Adds to an item. Undefined for what adds to none. */
  take(event: ChatEvent): Step | undefined {
    // One answer is all that this format has.
    if ('choice' in event && (event.choice ?? 0) > 0) return undefined;
    switch (event.type) {
      case 'text':
      case 'reasoning':
      case 'tool-call':
        return this.#say(event);
      case 'usage':
        this.#usage = event.usage;
        return undefined;
      case 'finish':
        this.#finish = event.reason;
        return undefined;
      default:
        return undefined;
    }
  }

  #say(event: Delta): Step {
    const known = event.type === 'tool-call' ? this.#calls.get(event.index) : this.#speechOf(event);
    const item = known ?? this.#begin(event);
    const delta = event.type === 'tool-call' ? event.arguments : event.text;
    item.said += delta;
    // A call may go on behind another, a speech may not.
    const ended = known === undefined ? this.#speech : undefined;
    if (known === undefined) this.#speech = event.type === 'tool-call' ? undefined : item;
    return { item, delta, isNew: known === undefined, ended };
  }

  #speechOf({ type }: Delta): Item | undefined {
    return this.#speech?.kind === (type === 'text' ? 'message' : 'reasoning') ? this.#speech : undefined;
  }

  #begin(event: Delta): Item {
    const place = { head: this.#head, position: this.items.length };
    const isCustom = event.type === 'tool-call' && this.#textTools.includes(event.name ?? '');
    const kind = isCustom ? 'custom_tool_call' : KINDS[event.type];
    const item = new Item(kind, place, event.type === 'tool-call' ? event : undefined);
    this.items.push(item);
    if (event.type === 'tool-call') this.#calls.set(event.index, item);
    return item;
  }

  /** The item that the end of the answer cut off, if any. */
  get cutOff(): Item | undefined {
    return REASONS.has(this.#finish) ? this.items.at(-1) : undefined;
  }

  /** True where the answer ended with an error instead of an end. */
  get failed(): boolean {
    return this.#finish === 'error';
  }

  statusOf(item: Item): ItemStatus {
    return item === this.cutOff ? 'incomplete' : 'completed';
  }

  /** The response as it is at its end. */
  written(wantsUsage: boolean): Told {
    const reason = REASONS.get(this.#finish);
    return writeResponse(this.#head, {
      status: reason === undefined ? 'completed' : 'incomplete',
      incomplete_details: reason === undefined ? null : { reason },
      output: this.items.map((item) => item.written(this.statusOf(item))),
      usage: this.#usage === undefined || !wantsUsage ? null : writeUsage(this.#usage),
    });
  }
}

const KINDS = {
  text: 'message',
  reasoning: 'reasoning',
  'tool-call': 'function_call',
} as const satisfies Record<Delta['type'], ItemKind>;

const REASONS: ReadonlyMap<FinishReason | undefined, string> = new Map([
  ['length', 'max_output_tokens'],
  ['content_filter', 'content_filter'],
]);

type Told = JsonObject & { readonly status: string };

/** The object that clients expect, whole; what only the request could tell is as if it had not been set. */
export function writeResponse(head: ReplyHead, { status, ...told }: Told): Told {
  return {
    id: head.id,
    object: 'response',
    created_at: head.created,
    status,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    model: head.model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    safety_identifier: null,
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_logprobs: 0,
    top_p: null,
    truncation: 'disabled',
    usage: null,
    user: null,
    metadata: {},
    ...told,
  };
}

const BROKE_OFF = {
  code: 'server_error',
  message: 'The provider broke the answer off with an error.',
} as const;

/** A response that failed keeps nothing of what it had begun to say, as its provider would tell it. */
export const writeFailed = (head: ReplyHead, error: JsonObject = BROKE_OFF): JsonObject =>
  writeResponse(head, { status: 'failed', error });
