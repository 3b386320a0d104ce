/**
 * An answer of the Responses format as it grows: the items that events of the neutral language become, and the response
 * object around them. Stream and plain answer are both written from here, so that they say the same.
 */

import type { JsonObject } from '../../base/json.ts';
import type { AnswerTerms, ToolForm } from '../../domain/answer-terms.ts';
import type { ChatEvent, FinishReason } from '../../domain/chat.ts';
import type { Usage } from '../../domain/usage.ts';
import type { ReplyHead } from '../dialect.ts';
import { Item, type ItemKind, type ItemStatus } from './item.ts';
import { writeUsage } from './wire.ts';

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
  readonly #terms: AnswerTerms;
  readonly #calls = new Map<number, Item>();
  /** The text or thought under way. */
  #speech: Item | undefined;
  #usage: Usage | undefined;
  #finish: FinishReason | undefined;

  constructor(head: ReplyHead, terms: AnswerTerms = {}) {
    this.#head = head;
    this.#terms = terms;
  }

  /** Adds to an item. Undefined for what adds to none. */
  take(event: ChatEvent): Step | undefined {
    // One answer is all that this format has.
    if ('choice' in event && (event.choice ?? 0) > 0) return undefined;
    switch (event.type) {
      case 'reasoning':
        // A seal alone says nothing to those who cannot carry it.
        if (event.text === '' && this.#terms.seal === undefined) return undefined;
        return this.#say(event);
      case 'text':
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
    if (event.type === 'reasoning') item.think(event);
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
    const form = event.type === 'tool-call' ? this.#terms.tools?.get(event.name ?? '') : undefined;
    const kind = form === undefined ? KINDS[event.type] : FORMS[form.kind];
    const item = new Item(kind, place, event.type === 'tool-call' ? { ...event, form } : undefined);
    this.items.push(item);
    if (event.type === 'tool-call') this.#calls.set(event.index, item);
    return item;
  }

  close(item: Item): void {
    item.close(this.#terms.seal);
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
    for (const item of this.items) if (!item.closed) this.close(item);
    return writeResponse(this.#head, {
      ...this.#terms.repeated,
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

const FORMS = {
  function: 'function_call',
  custom: 'custom_tool_call',
  local_shell: 'local_shell_call',
  shell: 'shell_call',
  apply_patch: 'apply_patch_call',
} as const satisfies Record<ToolForm['kind'], ItemKind>;

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
