/**
 * Streams of the Responses format from meaning. A machine of three states: open, ended well, ended badly. Usage and the
 * reason of the end are kept for the last event; an item that was not finished is not told as done.
 */

import type { JsonObject } from '../../base/json.ts';
import { writeSseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import type { ReplyHead, StreamWriter, WriteOptions } from '../dialect.ts';
import { textInputOf } from '../openai-chat/text-tools.ts';
import { Answer, type Step, writeFailed, writeResponse } from './answer.ts';
import type { Item } from './item.ts';

const NOTHING = Buffer.alloc(0);

export class ResponsesStreamWriter implements StreamWriter {
  readonly #head: ReplyHead;
  readonly #wantsUsage: boolean;
  readonly #answer: Answer;
  readonly #repeated: JsonObject | undefined;
  /** The thoughts of which a word was told. */
  readonly #begun = new Set<Item>();
  #sequence = 0;
  #ended = false;

  constructor(head: ReplyHead, { wantsUsage, terms }: WriteOptions) {
    this.#head = head;
    this.#wantsUsage = wantsUsage;
    this.#repeated = terms?.repeated;
    this.#answer = new Answer(head, terms);
  }

  write(event: ChatEvent): Buffer {
    if (this.#ended) return NOTHING;
    if (event.type === 'start') return Buffer.concat(this.#open());
    if (event.type === 'error') return Buffer.concat([...this.#open(), this.#fail()]);
    const step = this.#answer.take(event);
    return step === undefined ? NOTHING : Buffer.concat([...this.#open(), ...this.#tell(step)]);
  }

  end(): Buffer {
    if (this.#ended) return NOTHING;
    const frames = this.#open();
    const { items, cutOff, failed } = this.#answer;
    if (failed) return Buffer.concat([...frames, this.#fail()]);
    // A call that was cut off is none that anybody should carry out.
    for (const item of items)
      if (!item.closed && !(item === cutOff && item.isCall)) frames.push(...this.#close(item));
    this.#ended = true;
    const response = this.#answer.written(this.#wantsUsage);
    return Buffer.concat([...frames, this.#frame(`response.${response.status}`, { response })]);
  }

  #open(): Buffer[] {
    if (this.#sequence > 0) return [];
    const response = writeResponse(this.#head, { ...this.#repeated, status: 'in_progress' });
    return ['response.created', 'response.in_progress'].map((type) => this.#frame(type, { response }));
  }

  #fail(): Buffer {
    this.#ended = true;
    return this.#frame('response.failed', { response: writeFailed(this.#head) });
  }

  #tell({ item, delta, isNew, ended }: Step): Buffer[] {
    const frames = ended === undefined ? [] : this.#close(ended);
    if (isNew) {
      const { position } = item;
      frames.push(
        this.#frame('response.output_item.added', {
          output_index: position,
          item: item.written('in_progress'),
        }),
      );
    }
    if (!item.isCall && !this.#begun.has(item) && (delta !== '' || item.kind === 'message')) {
      this.#begun.add(item);
      frames.push(this.#ofPart(item, 'added', { part: item.part('') }));
    }
    // What else a call says can be told when its JSON is whole.
    if (delta !== '' && CONTENTS_IN_PIECES.has(item.kind))
      frames.push(this.#ofContent(item, 'delta', { delta }));
    return frames;
  }

  #close(item: Item): Buffer[] {
    this.#answer.close(item);
    const { position } = item;
    const whole = { output_index: position, item: item.written(this.#answer.statusOf(item)) };
    // Frames are numbered as they are made: in the order in which they stand here.
    return [
      ...this.#contentDone(item),
      ...(this.#begun.has(item) ? [this.#ofPart(item, 'done', { part: item.part(item.said) })] : []),
      this.#frame('response.output_item.done', whole),
    ];
  }

  #contentDone(item: Item): Buffer[] {
    const { kind, said, name } = item;
    if (kind === 'function_call') return [this.#ofContent(item, 'done', { name, arguments: said })];
    if (this.#begun.has(item)) return [this.#ofContent(item, 'done', { text: said })];
    if (kind !== 'custom_tool_call') return [];
    const input = textInputOf(said);
    return [
      ...(input === '' ? [] : [this.#ofContent(item, 'delta', { delta: input })]),
      this.#ofContent(item, 'done', { input }),
    ];
  }

  #ofPart(item: Item, what: 'added' | 'done', rest: JsonObject): Buffer {
    const type = item.kind === 'message' ? 'response.content_part' : 'response.reasoning_summary_part';
    return this.#frame(`${type}.${what}`, { ...placeOf(item), ...rest });
  }

  #ofContent(item: Item, what: 'delta' | 'done', rest: JsonObject): Buffer {
    const logprobs = item.kind === 'message' ? { logprobs: [] } : {};
    return this.#frame(`${CONTENTS.get(item.kind)}.${what}`, { ...placeOf(item), ...rest, ...logprobs });
  }

  #frame(type: string, rest: JsonObject): Buffer {
    const frame = writeEvent(type, this.#sequence, rest);
    this.#sequence += 1;
    return frame;
  }
}

/** Other items are told only whole. */
const CONTENTS: ReadonlyMap<Item['kind'], string> = new Map([
  ['message', 'response.output_text'],
  ['reasoning', 'response.reasoning_summary_text'],
  ['function_call', 'response.function_call_arguments'],
  ['custom_tool_call', 'response.custom_tool_call_input'],
]);

const CONTENTS_IN_PIECES: ReadonlySet<Item['kind']> = new Set(['message', 'reasoning', 'function_call']);

function placeOf({ id, kind, position, isCall }: Item): JsonObject {
  const place = { item_id: id, output_index: position };
  if (isCall) return place;
  return kind === 'message' ? { ...place, content_index: 0 } : { ...place, summary_index: 0 };
}

export const writeEvent = (type: string, sequence: number, rest: JsonObject): Buffer =>
  writeSseEvent(JSON.stringify({ type, sequence_number: sequence, ...rest }), type);
