/**
 * Writes streams of Anthropic's wire format from meaning. A block is opened when something is said in it and closed when
 * something else is said or the answer has finished: what breaks off in the middle leaves it open. The reason to have
 * stopped is told at the end, with the usage, and is never made up.
 */

import type { JsonObject } from '../../base/json.ts';
import { writeSseEvent } from '../../base/sse.ts';
import type { ChatEvent, FinishReason } from '../../domain/chat.ts';
import type { Usage } from '../../domain/usage.ts';
import type { ReplyHead, StreamWriter, WriteOptions } from '../dialect.ts';
import { WholeObject } from '../whole-object.ts';
import { STOP_WORDS, writeUsage } from './wire.ts';

type ToolCall = Extract<ChatEvent, { type: 'tool-call' }>;

type Block = {
  readonly kind: 'text' | 'thinking' | 'tool_use';
  readonly index: number;
  /** Of a tool: its position among the calls, and its arguments so far. */
  readonly call?: number;
  readonly input?: WholeObject;
};

const NOTHING = Buffer.alloc(0);

export class AnthropicStreamWriter implements StreamWriter {
  readonly #head: ReplyHead;
  readonly #wantsUsage: boolean;
  readonly #promptTokens: number;
  /** The blocks of tools by their position, and what waits behind the one that is open. */
  readonly #tools = new Map<number, Block>();
  #held: ToolCall[] = [];
  #frames: Buffer[] = [];
  #open: Block | undefined;
  #blocks = 0;
  #started = false;
  #reason: FinishReason | undefined;
  #usage: Usage | undefined;

  constructor(head: ReplyHead, { wantsUsage, continues = false, promptTokens = 0 }: WriteOptions) {
    this.#head = head;
    this.#wantsUsage = wantsUsage;
    this.#promptTokens = promptTokens;
    if (!continues) return;
    this.#started = true;
    this.#open = { kind: 'text', index: 0 };
    this.#blocks = 1;
  }

  write(event: ChatEvent): Buffer {
    if (event.type === 'error') return writeSseEvent(event.body, 'error');
    this.#start();
    if (event.type === 'usage') this.#usage = this.#wantsUsage ? event.usage : undefined;
    // Of several choices only the first has a place here.
    else if (event.type !== 'start' && (event.choice ?? 0) === 0) this.#say(event);
    return this.#taken();
  }

  end(): Buffer {
    this.#start();
    if (this.#reason === 'error') {
      const error = { type: 'api_error', message: 'The provider broke the answer off with an error.' };
      this.#frame('error', { error });
      return this.#taken();
    }
    if (this.#reason !== undefined || this.#usage !== undefined)
      this.#frame('message_delta', {
        delta: {
          stop_reason: this.#reason === undefined ? null : STOP_WORDS[this.#reason],
          stop_sequence: null,
        },
        usage: writeUsage(this.#usage),
      });
    this.#frame('message_stop', {});
    return this.#taken();
  }

  #say(event: Exclude<ChatEvent, { type: 'start' | 'usage' | 'error' }>): void {
    switch (event.type) {
      case 'text':
        this.#delta(this.#blockOf('text'), { type: 'text_delta', text: event.text });
        break;
      case 'reasoning': {
        if (event.redacted) {
          this.#openBlock('thinking', { type: 'redacted_thinking', data: event.signature ?? '' });
          this.#close();
          break;
        }
        const block = this.#blockOf('thinking');
        if (event.text !== '') this.#delta(block, { type: 'thinking_delta', thinking: event.text });
        if (event.signature === undefined) break;
        this.#delta(block, { type: 'signature_delta', signature: event.signature });
        this.#close();
        break;
      }
      case 'tool-call':
        this.#call(event);
        break;
      case 'finish': {
        const held = this.#held;
        this.#held = [];
        // A finish is the word of the provider that everything was said.
        for (const call of held.toSorted((a, b) => a.index - b.index)) this.#callNow(call);
        this.#close();
        this.#reason = event.reason;
      }
    }
  }

  /**
   * Blocks come one after the other, calls may come in turns: those behind the open one wait until its arguments are
   * whole.
   */
  #call(event: ToolCall): void {
    const waits = this.#held.some(({ index }) => index === event.index);
    const mayGo = this.#open?.call === event.index || this.#tools.has(event.index) || this.#isFree();
    if (waits || !mayGo) this.#held.push(event);
    else this.#callNow(event);
    while (this.#held.length > 0 && this.#isFree()) this.#release();
  }

  /** No call is open in the middle of its arguments. */
  #isFree(): boolean {
    return this.#open?.input?.isWhole ?? true;
  }

  #release(): void {
    const next = this.#held[0]?.index;
    const own = this.#held.filter(({ index }) => index === next);
    this.#held = this.#held.filter(({ index }) => index !== next);
    for (const call of own) this.#callNow(call);
  }

  #callNow({ index, id, name, arguments: piece }: ToolCall): void {
    let block = this.#tools.get(index);
    if (block === undefined) {
      const content = { type: 'tool_use', id: id ?? `toolu_${index}`, name: name ?? '', input: {} };
      block = this.#openBlock('tool_use', content, index);
      this.#tools.set(index, block);
    }
    if (piece === '') return;
    block.input?.add(piece);
    this.#delta(block, { type: 'input_json_delta', partial_json: piece });
  }

  #blockOf(kind: 'text' | 'thinking'): Block {
    if (this.#open?.kind === kind) return this.#open;
    return this.#openBlock(
      kind,
      kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' },
    );
  }

  #openBlock(kind: Block['kind'], content: JsonObject, call?: number): Block {
    this.#close();
    const tool = call === undefined ? {} : { call, input: new WholeObject() };
    const block: Block = { kind, index: this.#blocks, ...tool };
    this.#blocks += 1;
    this.#open = block;
    this.#frame('content_block_start', { index: block.index, content_block: content });
    return block;
  }

  #close(): void {
    if (this.#open !== undefined) this.#frame('content_block_stop', { index: this.#open.index });
    this.#open = undefined;
  }

  #delta({ index }: Block, delta: JsonObject): void {
    this.#frame('content_block_delta', { index, delta });
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    const { id, model } = this.#head;
    this.#frame('message_start', {
      message: {
        ...{ id, type: 'message', role: 'assistant', model, content: [] },
        ...{ stop_reason: null, stop_sequence: null },
        // Some clients look for the weight of the prompt here alone.
        usage: { ...writeUsage(undefined), input_tokens: this.#promptTokens },
      },
    });
  }

  #frame(type: string, fields: JsonObject): void {
    this.#frames.push(writeSseEvent(JSON.stringify({ type, ...fields }), type));
  }

  #taken(): Buffer {
    const frames = this.#frames;
    if (frames.length === 0) return NOTHING;
    this.#frames = [];
    return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
  }
}
