/**
 * Streams of the Responses format, read: a machine of three states. Open until `response.completed` or
 * `response.incomplete`, which are its only good ends; `response.failed` and `error` are bad ones, and so is an end
 * without any of them. Whoever tells a thing only whole, and not in pieces, is understood too.
 */

import { isJsonObject, type JsonObject, parseJson, topLevelFields } from '../../base/json.ts';
import { readSseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, ForwardOptions, StreamReader } from '../dialect.ts';
import { errorStatusOf, numberOf, objectOf, textOf } from '../openai-chat/wire.ts';
import { renameFrame, SseChunks } from '../sse-chunks.ts';
import { argumentsOf, errorOf, isCall, PART_GAP, readEnd, readOutput, readUsage } from './wire.ts';

const NO_EVENTS: readonly ChatEvent[] = [];

type Call = { readonly index: number; said: boolean };

export class ResponsesStreamReader implements StreamReader {
  readonly #chunks = new SseChunks((frame) => this.#read(frame));
  /** By the place of the item in the output. */
  readonly #calls = new Map<number, Call>();
  /** The items of which something was told in pieces. */
  readonly #said = new Set<number>();
  #started = false;
  #ended = false;

  get ended(): boolean {
    return this.#ended;
  }

  push(bytes: Uint8Array): Chunk[] {
    return this.#chunks.push(bytes);
  }

  finish(): Chunk[] {
    return this.#chunks.finish();
  }

  #read(frame: Buffer): Chunk {
    const { name, data } = readSseEvent(frame);
    // Some end with `[DONE]` as in the chat format: here it ends nothing.
    if (data === undefined || data === '' || data === '[DONE]') return { frame, events: NO_EVENTS };
    const value = parseJson(data);
    if (!isJsonObject(value))
      throw new Failure('malformed', {
        message: 'The provider sent a stream event that is not a JSON object.',
      });
    const type = textOf(value['type']) || name;
    if (type === 'error' || (value['error'] !== undefined && value['error'] !== null))
      return { frame, events: [{ type: 'error', status: errorStatusOf(value), body: data }] };
    const response = objectOf(value['response']);
    return response === undefined || !LIFECYCLE.has(type)
      ? { frame, events: this.#readPiece(type, value) }
      : this.#readResponse(frame, response, type);
  }

  #readResponse(frame: Buffer, response: JsonObject, type: string): Chunk {
    const model = textOf(response['model']);
    const named = model === '' ? {} : { model };
    const usage = readUsage(response['usage']);
    const use: ChatEvent[] = usage === undefined ? [] : [{ type: 'usage', usage }];
    if (type === 'response.failed') return { frame, events: [...use, errorOf(response)], ...named };
    const events: ChatEvent[] = [];
    if (!this.#started) {
      this.#started = true;
      const created = numberOf(response['created_at']);
      events.push({ type: 'start', id: textOf(response['id']), model, created });
    }
    if (!ENDS.has(type)) return { frame, events, ...named };
    this.#ended = true;
    if (this.#said.size === 0 && this.#calls.size === 0) {
      const whole = readOutput(Array.isArray(response['output']) ? response['output'] : []);
      events.push(...whole);
      for (const event of whole)
        if (event.type === 'tool-call') this.#calls.set(this.#calls.size, { index: event.index, said: true });
    }
    const status = type === 'response.incomplete' ? 'incomplete' : (response['status'] ?? 'completed');
    const reason = readEnd({ ...response, status }, this.#calls.size);
    if (reason !== undefined) events.push({ type: 'finish', reason, choice: 0 });
    return { frame, events: [...events, ...use], ...named, only: 'terminal' };
  }

  #readPiece(type: string, value: JsonObject): ChatEvent[] {
    const place = numberOf(value['output_index']);
    switch (type) {
      case 'response.output_text.delta':
      case 'response.refusal.delta':
        return this.#speech('text', textOf(value['delta']), place);
      case 'response.output_text.done':
      case 'response.refusal.done':
        return this.#said.has(place)
          ? []
          : this.#speech('text', textOf(value['text']) || textOf(value['refusal']), place);
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        return this.#speech('reasoning', textOf(value['delta']), place);
      case 'response.reasoning_summary_part.added':
        return numberOf(value['summary_index']) > 0 ? this.#speech('reasoning', PART_GAP, place) : [];
      case 'response.output_item.added':
        return this.#callBegins(objectOf(value['item']) ?? {}, place);
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return this.#callGoesOn(place, textOf(value['delta']));
      case 'response.output_item.done': {
        const item = objectOf(value['item']) ?? {};
        if (!isCall(item)) return [];
        const begun = this.#calls.get(place);
        if (begun === undefined) return this.#callBegins(item, place);
        return begun.said ? [] : this.#callGoesOn(place, argumentsOf(item));
      }
      default:
        return [];
    }
  }

  #speech(type: 'text' | 'reasoning', text: string, place: number): ChatEvent[] {
    if (text === '') return [];
    this.#said.add(place);
    return [{ type, text, choice: 0 }];
  }

  #callBegins(item: JsonObject, place: number): ChatEvent[] {
    if (!isCall(item)) return [];
    const begun = argumentsOf(item);
    const index = this.#calls.size;
    this.#calls.set(place, { index, said: begun !== '' });
    const [id, name] = [textOf(item['call_id']), textOf(item['name'])];
    return [{ type: 'tool-call', index, id, name, arguments: begun, choice: 0 }];
  }

  #callGoesOn(place: number, piece: string): ChatEvent[] {
    const call = this.#calls.get(place);
    if (call === undefined || piece === '') return [];
    call.said = true;
    return [{ type: 'tool-call', index: call.index, arguments: piece, choice: 0 }];
  }
}

const ENDS: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete']);

/** Events that carry the whole response, and with it the model. */
export const LIFECYCLE: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.failed',
  ...ENDS,
]);

/** The upstream's frame for a client of the same dialect, with the model that served. */
export function forward(chunk: Chunk, options: ForwardOptions): Buffer {
  if (chunk.model === undefined || chunk.model === options.model) return chunk.frame;
  return renameFrame(chunk.frame, options.model, (bytes, object) => {
    const response = topLevelFields(bytes, object)?.get('response');
    return response && topLevelFields(bytes, response.start)?.get('model');
  });
}
