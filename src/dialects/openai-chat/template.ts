/**
 * Most frames of a stream differ only in the text of one delta. Once such a frame has been parsed, the next that has
 * the same bytes before and after a plain JSON string means the same with another text, and need not be parsed. What
 * does not fit exactly is parsed as ever.
 */

import { isJsonObject, parseJson } from '../../base/json.ts';
import { readSseEvent } from '../../base/sse.ts';
import type { Chunk } from '../dialect.ts';
import { objectOf } from './wire.ts';

const KEY = Buffer.from('"content":');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

/** Streams whose frames carry something new each time (a random padding) are not worth learning again and again. */
const MAX_VAIN_LESSONS = 8;

type Lesson = {
  readonly prefix: Buffer;
  readonly suffix: Buffer;
  readonly choice: number;
  readonly model: string | undefined;
};

export class TextTemplate {
  #lesson: Lesson | undefined;
  #vainLessons = 0;

  /** The chunk that this frame is, if it fits the last lesson. */
  read(frame: Buffer): Chunk | undefined {
    const lesson = this.#lesson;
    if (lesson === undefined) return undefined;
    const { prefix, suffix, choice, model } = lesson;
    const end = frame.length - suffix.length;
    if (end <= prefix.length) return undefined;
    if (prefix.compare(frame, 0, prefix.length) !== 0 || suffix.compare(frame, end) !== 0) return undefined;
    for (let i = prefix.length; i < end; i++) {
      const byte = frame[i] as number;
      if (byte === QUOTE || byte === BACKSLASH || byte < SPACE) return undefined;
    }
    this.#vainLessons = 0;
    const text = frame.toString('utf8', prefix.length, end);
    return { frame, events: [{ type: 'text', text, choice }], ...(model === undefined ? {} : { model }) };
  }

  /** Learns from a frame that was parsed, when it is nothing but one delta of plain text. */
  learn(chunk: Chunk): void {
    const [event] = chunk.events;
    if (chunk.events.length !== 1 || event?.type !== 'text' || this.#vainLessons >= MAX_VAIN_LESSONS) return;
    const { frame } = chunk;
    const key = frame.indexOf(KEY);
    if (key < 0) return;
    const start = frame.indexOf(QUOTE, key + KEY.length) + 1;
    const end = frame.indexOf(QUOTE, start);
    if (start === 0 || end < 0 || frame.toString('utf8', start, end) !== event.text) return;
    const prefix = frame.subarray(0, start);
    const suffix = frame.subarray(end);
    // Is it this string that is the text, and not another that reads the same?
    if (textIn(Buffer.concat([prefix, Buffer.from('?'), suffix])) !== '?') return;
    this.#vainLessons += 1;
    this.#lesson = { prefix, suffix, choice: event.choice ?? 0, model: chunk.model };
  }
}

function textIn(frame: Buffer): unknown {
  const value = parseJson(readSseEvent(frame).data ?? '');
  const choices = isJsonObject(value) ? value['choices'] : undefined;
  const only = Array.isArray(choices) && choices.length === 1 ? objectOf(choices[0]) : undefined;
  return objectOf(only?.['delta'])?.['content'];
}
