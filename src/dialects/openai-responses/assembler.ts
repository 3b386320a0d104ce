/**
 * A stream of the Responses format put together again as the plain answer it would have been: its last event holds that
 * whole. Where the provider leaves the output of it empty, the items are those that it told as done.
 */

import { splice, topLevelFields, valueAt } from '../../base/json.ts';
import { readSseEvent } from '../../base/sse.ts';
import type { Assembler, Chunk } from '../dialect.ts';
import { numberOf, textOf } from '../openai-chat/wire.ts';
import { LIFECYCLE } from './stream-reader.ts';

const DONE = Buffer.from('response.output_item.done');
const WITH_RESPONSE = [...LIFECYCLE].map((type) => Buffer.from(type));

export class ResponsesAssembler implements Assembler {
  /** The items told as done, as they were written. */
  readonly #items = new Map<number, Buffer>();
  #response = Buffer.from('{}');
  #model: string | undefined;
  #size = 0;

  get size(): number {
    return this.#size + this.#response.length;
  }

  push({ frame, model }: Chunk): void {
    // Most frames are pieces, which are told again at the end.
    if (!frame.includes(DONE) && !WITH_RESPONSE.some((type) => frame.includes(type))) return;
    const data = Buffer.from(readSseEvent(frame).data ?? '');
    const fields = topLevelFields(data);
    const response = fields?.get('response');
    const item = fields?.get('item');
    const type = textOf(valueAt(data, fields?.get('type')));
    if (response !== undefined && LIFECYCLE.has(type)) {
      this.#response = data.subarray(response.start, response.end);
      this.#model = model;
    } else if (item !== undefined && type === 'response.output_item.done') {
      this.#items.set(
        numberOf(valueAt(data, fields?.get('output_index'))),
        data.subarray(item.start, item.end),
      );
      this.#size += item.end - item.start;
    }
  }

  finish(): Chunk {
    const output = topLevelFields(this.#response)?.get('output');
    const frame =
      output !== undefined && this.#items.size > 0 && isEmptyList(valueAt(this.#response, output))
        ? splice(this.#response, [{ ...output, text: `[${this.#written().join(',')}]` }])
        : this.#response;
    return { frame, events: [], ...(this.#model === undefined ? {} : { model: this.#model }) };
  }

  #written(): string[] {
    return [...this.#items].toSorted(([a], [b]) => a - b).map(([, item]) => item.toString('utf8'));
  }
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
