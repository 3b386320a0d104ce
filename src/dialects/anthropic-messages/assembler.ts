/**
 * A stream of Anthropic's wire format put together again as the plain answer it would have been: deltas are joined in
 * their blocks, everything else is kept as it was told last. Invents nothing: what no event said is not in the answer.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { readSseEvent } from '../../base/sse.ts';
import type { Assembler, Chunk } from '../dialect.ts';
import { numberOf, objectOf, textOf } from '../openai-chat/wire.ts';
import { laterUsage, toolInputOf } from './wire.ts';

type Block = { readonly fields: Record<string, unknown>; input: string };

/** The text fields of a block that deltas of a type grow. */
const GROWING: ReadonlyMap<unknown, string> = new Map([
  ['text_delta', 'text'],
  ['thinking_delta', 'thinking'],
  ['signature_delta', 'signature'],
]);

export class AnthropicAssembler implements Assembler {
  readonly #blocks = new Map<number, Block>();
  #message: JsonObject = {};
  #usage: JsonObject | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: Chunk): void {
    if (chunk.only === 'terminal') return;
    const value = parseJson(readSseEvent(chunk.frame).data ?? '');
    if (!isJsonObject(value)) return;
    const index = numberOf(value['index']);
    switch (value['type']) {
      case 'message_start':
        this.#message = objectOf(value['message']) ?? {};
        this.#usage = objectOf(this.#message['usage']);
        break;
      case 'content_block_start': {
        const fields = objectOf(value['content_block']) ?? {};
        this.#size += JSON.stringify(fields).length;
        this.#blocks.set(index, { fields: { ...fields }, input: '' });
        break;
      }
      case 'content_block_delta':
        this.#grow(this.#blocks.get(index), objectOf(value['delta']) ?? {});
        break;
      case 'message_delta': {
        const { type: _type, delta, usage, ...rest } = value;
        this.#message = { ...this.#message, ...objectOf(delta), ...rest };
        this.#usage = laterUsage(this.#usage, objectOf(usage));
      }
    }
  }

  #grow(block: Block | undefined, delta: JsonObject): void {
    if (block === undefined) return;
    const { fields } = block;
    const name = GROWING.get(delta['type']);
    if (name !== undefined) {
      const piece = textOf(delta[name]);
      this.#size += piece.length;
      fields[name] = textOf(fields[name]) + piece;
    } else if (delta['type'] === 'input_json_delta') {
      const piece = textOf(delta['partial_json']);
      this.#size += piece.length;
      block.input += piece;
    } else if (delta['type'] === 'citations_delta') {
      this.#size += JSON.stringify(delta).length;
      const known = Array.isArray(fields['citations']) ? (fields['citations'] as unknown[]) : [];
      known.push(delta['citation']);
      fields['citations'] = known;
    }
  }

  finish(): Chunk {
    const content = [...this.#blocks]
      .toSorted(([a], [b]) => a - b)
      .map(([, { fields, input }]) => (input === '' ? fields : { ...fields, input: toolInputOf(input) }));
    const body = { ...this.#message, content, usage: this.#usage };
    const model = textOf(this.#message['model']);
    return { frame: Buffer.from(JSON.stringify(body)), events: [], ...(model === '' ? {} : { model }) };
  }
}
