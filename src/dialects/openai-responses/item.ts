/**
 * One item of an answer of the Responses format as it grows: a text, a thought, or a call with its arguments, and the
 * object that it is on the wire, begun or done.
 */

import type { JsonObject } from '../../base/json.ts';
import type { AnswerTerms, ToolForm } from '../../domain/answer-terms.ts';
import type { ChatEvent, Thought } from '../../domain/chat.ts';
import type { ReplyHead } from '../dialect.ts';
import { textInputOf } from '../openai-chat/text-tools.ts';
import { runCallFields } from './run-tools.ts';

export type ItemKind =
  | 'message'
  | 'reasoning'
  | 'function_call'
  | 'custom_tool_call'
  | 'local_shell_call'
  | 'shell_call'
  | 'apply_patch_call';
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

const PREFIXES = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
  local_shell_call: 'lsh',
  shell_call: 'sh',
  apply_patch_call: 'apc',
} as const satisfies Record<ItemKind, string>;

/** One thing said: a text, a thought, or a call with its arguments. */
export class Item {
  readonly kind: ItemKind;
  readonly id: string;
  readonly position: number;
  readonly callId: string;
  readonly name: string;
  /** The fields that say in which namespace the tool is. */
  readonly #namespace: JsonObject;
  readonly #thoughts: Thought[] = [];
  #open = '';
  #sealed: string | undefined;
  said = '';
  closed = false;

  constructor(kind: ItemKind, { head, position }: Place, call?: Call) {
    this.kind = kind;
    this.position = position;
    const answer = head.id.replace(/^resp_/, '');
    this.id = `${PREFIXES[kind]}_${answer}_${position}`;
    // Clients refuse a call without an id.
    this.callId = call?.id || `call_${answer}_${position}`;
    this.name = call?.form?.name ?? call?.name ?? '';
    const namespace = call?.form?.namespace;
    this.#namespace = namespace === undefined ? {} : { namespace };
  }

  get isCall(): boolean {
    return this.kind !== 'message' && this.kind !== 'reasoning';
  }

  /** A thought ends with its provider's seal. */
  think({ text, signature, redacted }: Extract<ChatEvent, { type: 'reasoning' }>): void {
    this.#open += text;
    if (signature === undefined) return;
    this.#thoughts.push({ text: this.#open, signature, ...(redacted && { redacted }) });
    this.#open = '';
  }

  /** Before the item is told as done. */
  close(seal: AnswerTerms['seal']): void {
    this.closed = true;
    if (this.#open !== '') this.#thoughts.push({ text: this.#open });
    this.#open = '';
    if (this.kind === 'reasoning') this.#sealed ??= seal?.(this.#thoughts);
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
    const parts = begins || (type === 'reasoning' && this.said === '') ? [] : [this.part(this.said)];
    switch (type) {
      case 'message':
        return { id, type, status, role: 'assistant', content: parts };
      case 'reasoning':
        return {
          id,
          type,
          summary: parts,
          ...(this.#sealed === undefined ? {} : { encrypted_content: this.#sealed }),
        };
      case 'function_call':
        return {
          id,
          type,
          status,
          call_id: this.callId,
          name: this.name,
          ...this.#namespace,
          arguments: begins ? '' : this.said,
        };
      case 'custom_tool_call':
        return {
          id,
          type,
          status,
          call_id: this.callId,
          name: this.name,
          ...this.#namespace,
          input: begins ? '' : textInputOf(this.said),
        };
      case 'local_shell_call':
      case 'shell_call':
      case 'apply_patch_call':
        return {
          id,
          type,
          status,
          call_id: this.callId,
          ...runCallFields(RUN_KINDS[type], begins ? '' : this.said),
        };
    }
  }
}

const RUN_KINDS = {
  local_shell_call: 'local_shell',
  shell_call: 'shell',
  apply_patch_call: 'apply_patch',
} as const;

type Place = { readonly head: ReplyHead; readonly position: number };
type Call = { readonly id?: string; readonly name?: string; readonly form?: ToolForm | undefined };
