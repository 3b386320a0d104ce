/**
 * Reads streams of Gemini's wire format: bytes in, chunks of frame and meaning out. Every event is an answer of its own
 * that goes on from the one before; the stream has no terminal but the reason that each candidate gives to have finished.
 */

import { isJsonObject, parseJson } from '../../base/json.ts';
import { readSseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, StreamReader } from '../dialect.ts';
import { errorStatusOf, textOf } from '../openai-chat/wire.ts';
import { SseChunks } from '../sse-chunks.ts';
import { AnswerReading } from './answer.ts';
import { errorIn } from './wire.ts';

const NO_EVENTS: readonly ChatEvent[] = [];

export class GeminiStreamReader implements StreamReader {
  readonly #chunks = new SseChunks((frame) => this.#read(frame));
  readonly #reading = new AnswerReading();

  get ended(): boolean {
    return this.#reading.ended;
  }

  push(bytes: Uint8Array): Chunk[] {
    return this.#chunks.push(bytes);
  }

  finish(): Chunk[] {
    return this.#chunks.finish();
  }

  #read(frame: Buffer): Chunk {
    const event = readSseEvent(frame);
    const data = event.data ?? nakedError(frame);
    // What some providers of another dialect's habits send last.
    if (data === undefined || data === '' || data === '[DONE]') return { frame, events: NO_EVENTS };
    const value = parseJson(data);
    const error = errorIn(value);
    if (error !== undefined || event.name === 'error')
      return { frame, events: [{ type: 'error', status: errorStatusOf(error), body: data }] };
    if (!isJsonObject(value))
      throw new Failure('malformed', {
        message: 'The provider sent a stream event that is not a JSON object.',
      });
    const model = textOf(value['modelVersion']);
    return { frame, events: this.#reading.read(value), ...(model === '' ? {} : { model }) };
  }
}

/** Google breaks a stream off with its error as it is, without `data:`. */
function nakedError(frame: Buffer): string | undefined {
  const text = frame.toString('utf8').trim();
  return text.startsWith('{') && errorIn(parseJson(text)) !== undefined ? text : undefined;
}
