/**
 * Streams of events, for every dialect whose stream is one: bytes cut anywhere to chunks, and a frame under another
 * model's name. What an event means, and where its model stands, is left to the dialect.
 */

import { asBuffer } from '../base/fetch.ts';
import { type JsonSpan, splice } from '../base/json.ts';
import { readSseEvent, SseSplitter, writeSseEvent } from '../base/sse.ts';
import { Failure } from '../domain/failure.ts';
import type { Chunk } from './dialect.ts';

const BLANK_LINE = Buffer.from('\n\n');

export class SseChunks {
  readonly #splitter: SseSplitter;
  readonly #read: (frame: Buffer) => Chunk;

  constructor(read: (frame: Buffer) => Chunk, limitBytes?: number) {
    this.#splitter = new SseSplitter(limitBytes);
    this.#read = read;
  }

  push(bytes: Uint8Array): Chunk[] {
    try {
      return this.#splitter.push(asBuffer(bytes)).map(this.#read);
    } catch (error) {
      if (error instanceof RangeError)
        throw new Failure('malformed', {
          message: `The provider sent an event over the size limit: ${error.message}.`,
        });
      throw error;
    }
  }

  finish(): Chunk[] {
    const rest = this.#splitter.finish();
    if (rest === undefined) return [];
    try {
      // Whole but for its blank line, it gets one: something may be written behind it.
      return [this.#read(Buffer.concat([rest, BLANK_LINE]))];
    } catch (error) {
      // Cut in the middle: no event, and no fault of its own. `ended` tells whether the answer was complete.
      if (error instanceof Failure) return [];
      throw error;
    }
  }
}

/** Where the model stands in the object at this index, which is -1 where there is none. */
export type ModelSpan = (bytes: Buffer, object: number) => JsonSpan | undefined;

/** The frame with another model's name and every other byte as it was. */
export function renameFrame(frame: Buffer, model: string, spanOf: ModelSpan): Buffer {
  const inPlace = renamed(frame, model, spanOf(frame, frame.indexOf('{', dataStart(frame))));
  if (inPlace !== undefined) return inPlace;
  // The object spans several data lines: it is renamed as the text that they make together.
  const { name, data } = readSseEvent(frame);
  const bytes = Buffer.from(data ?? '');
  const whole = renamed(bytes, model, spanOf(bytes, 0));
  return whole === undefined ? frame : writeSseEvent(whole.toString('utf8'), name || undefined);
}

const renamed = (bytes: Buffer, model: string, span: JsonSpan | undefined): Buffer | undefined =>
  span === undefined ? undefined : splice(bytes, [{ ...span, text: JSON.stringify(model) }]);

/** Where the data begins: a comment before it may hold braces too. */
function dataStart(frame: Buffer): number {
  if (frame[0] === 0x64) return 0;
  return Math.max(0, /(?:^|[\r\n])data:/.exec(frame.toString('latin1'))?.index ?? 0);
}
