/**
 * Writes streams of Gemini's wire format from meaning. Calls are told whole there: one whose arguments still grow is held,
 * and what breaks off in the middle of them is not told. The reason to have finished comes last, with the usage, and is
 * never made up.
 */

import type { JsonObject } from '../../base/json.ts';
import { writeSseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import type { Usage } from '../../domain/usage.ts';
import { toolInputOf } from '../anthropic-messages/wire.ts';
import type { ReplyHead, StreamWriter, WriteOptions } from '../dialect.ts';
import { WholeObject } from '../whole-object.ts';
import { callPart } from './contents.ts';
import { thoughtPart } from './reply.ts';
import { FINISH_WORDS, NO_REASON, writeUsage } from './wire.ts';

type ToolCall = Extract<ChatEvent, { type: 'tool-call' }>;

type Held = {
  readonly choice: number;
  readonly index: number;
  id: string;
  name: string;
  readonly input: WholeObject;
  signature: string | undefined;
};

const NOTHING = Buffer.alloc(0);

export class GeminiStreamWriter implements StreamWriter {
  readonly #head: ReplyHead;
  readonly #wantsUsage: boolean;
  /** In the order in which they began. */
  #held: Held[] = [];
  /** By choice and index: what comes for them still comes too late. */
  readonly #told = new Set<string>();
  #ends: JsonObject[] = [];
  #frames: Buffer[] = [];
  #usage: Usage | undefined;
  #finished = false;

  constructor(head: ReplyHead, { wantsUsage }: WriteOptions) {
    this.#head = head;
    this.#wantsUsage = wantsUsage;
  }

  write(event: ChatEvent): Buffer {
    if (event.type === 'error') return writeSseEvent(event.body.replace(/\s*\n\s*/g, ' '));
    if (event.type === 'usage') this.#usage = this.#wantsUsage ? event.usage : undefined;
    else if (event.type !== 'start') this.#say(event);
    return this.#taken();
  }

  end(): Buffer {
    if (!this.#finished) this.#ends.push({ finishReason: NO_REASON, index: 0 });
    if (this.#ends.length > 0 || this.#usage !== undefined) this.#tellEnds();
    return this.#taken();
  }

  #say(event: Exclude<ChatEvent, { type: 'start' | 'usage' | 'error' }>): void {
    const choice = event.choice ?? 0;
    if (event.type !== 'finish' && this.#ends.length > 0) this.#tellEnds();
    if (event.type === 'tool-call') {
      this.#call(event, choice);
      return;
    }
    if (event.type === 'text') this.#part({ text: event.text }, choice);
    else if (event.type === 'reasoning') this.#part(thoughtPart(event), choice);
    else {
      // A finish is the word of the provider that everything was said.
      const own = this.#held.filter((call) => call.choice === choice);
      this.#held = this.#held.filter((call) => call.choice !== choice);
      for (const call of own.toSorted((a, b) => a.index - b.index)) this.#tell(call);
      this.#finished = true;
      this.#ends.push({
        content: { parts: [{ text: '' }], role: 'model' },
        finishReason: FINISH_WORDS[event.reason],
        index: choice,
      });
    }
  }

  #call({ index, id, name, arguments: piece, signature }: ToolCall, choice: number): void {
    if (this.#told.has(`${choice}/${index}`)) return;
    let call = this.#held.find((each) => each.index === index && each.choice === choice);
    if (call === undefined) {
      call = { choice, index, id: '', name: '', input: new WholeObject(), signature: undefined };
      this.#held.push(call);
    }
    call.id ||= id ?? '';
    call.name ||= name ?? '';
    call.input.add(piece);
    call.signature = signature ?? call.signature;
    // What is whole is told, up to the first that is not: calls keep their order.
    while (this.#held[0]?.input.isWhole) {
      this.#tell(this.#held[0]);
      this.#held.shift();
    }
  }

  #tell({ id, name, input, signature, choice, index }: Held): void {
    this.#told.add(`${choice}/${index}`);
    const call = { ...(id === '' ? {} : { id }), name, args: toolInputOf(input.text) };
    this.#part(callPart(call, signature), choice);
  }

  #part(part: JsonObject, index: number): void {
    this.#frame({ candidates: [{ content: { parts: [part], role: 'model' }, index }] });
  }

  #tellEnds(): void {
    const usage = this.#usage;
    this.#frame({
      ...(this.#ends.length === 0 ? {} : { candidates: this.#ends }),
      ...(usage === undefined ? {} : { usageMetadata: writeUsage(usage) }),
    });
    this.#ends = [];
    this.#usage = undefined;
  }

  #frame(fields: JsonObject): void {
    const { id, model } = this.#head;
    this.#frames.push(writeSseEvent(JSON.stringify({ ...fields, modelVersion: model, responseId: id })));
  }

  #taken(): Buffer {
    const frames = this.#frames;
    if (frames.length === 0) return NOTHING;
    this.#frames = [];
    return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
  }
}
