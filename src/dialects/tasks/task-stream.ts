/**
 * Answers that come in pieces whose meaning nobody here needs: events of pictures and of speech, and bare bytes. Each
 * piece is passed on as it came; of the events the usage, an error and the end are seen.
 */

import { asBuffer } from '../../base/fetch.ts';
import { readSseEvent } from '../../base/sse.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, StreamReader } from '../dialect.ts';
import { errorStatusOf, textOf } from '../openai-chat/wire.ts';
import { SseChunks } from '../sse-chunks.ts';
import { fieldsOf } from './fields.ts';
import { readTaskUsage } from './task-usage.ts';

/** A picture in base64, as one event. */
const EVENT_LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * Languages that say their end: https://platform.openai.com/docs/api-reference/images-streaming ,
 * https://platform.openai.com/docs/api-reference/audio/transcript-text-done-event
 */
const SAYS_ITS_END = /^(?:speech\.audio|transcript\.text|image_generation|image_edit)\./;
const IS_END = /\.(?:done|completed)$/;

/** Of the answers that come in events. Where their language has no word for the end, they end with the body. */
export class TaskStreamReader implements StreamReader {
  readonly #chunks = new SseChunks((frame) => this.#read(frame), EVENT_LIMIT_BYTES);
  #awaitsEnd = false;
  #sawEnd = false;
  #began = false;
  #isOver = false;

  get ended(): boolean {
    return this.#sawEnd || (this.#isOver && this.#began && !this.#awaitsEnd);
  }

  push(bytes: Uint8Array): Chunk[] {
    return this.#chunks.push(bytes);
  }

  finish(): Chunk[] {
    this.#isOver = true;
    return this.#chunks.finish();
  }

  #read(frame: Buffer): Chunk {
    const { data } = readSseEvent(frame);
    if (data === undefined) return { frame, events: [] };
    if (data === '[DONE]') {
      this.#sawEnd = true;
      return { frame, events: [] };
    }
    const fields = fieldsOf(Buffer.from(data));
    if (fields === undefined)
      throw new Failure('malformed', { message: 'The provider sent an event that is not a JSON object.' });
    const error = fields.read('error');
    if (error !== undefined && error !== null)
      return { frame, events: [{ type: 'error', status: errorStatusOf({ error }), body: data }] };
    const type = textOf(fields.read('type'));
    this.#began = true;
    if (SAYS_ITS_END.test(type)) {
      this.#awaitsEnd = true;
      if (IS_END.test(type)) this.#sawEnd = true;
    }
    const usage = readTaskUsage(fields.read);
    return { frame, untold: true, events: usage === undefined ? [] : [{ type: 'usage', usage }] };
  }
}

/** Of answers that are no JSON and no events: they end with the body. */
export class BytesReader implements StreamReader {
  #isOver = false;

  get ended(): boolean {
    return this.#isOver;
  }

  push(bytes: Uint8Array): Chunk[] {
    return bytes.length === 0 ? [] : [{ frame: asBuffer(bytes), untold: true, events: [] }];
  }

  finish(): Chunk[] {
    this.#isOver = true;
    return [];
  }
}
