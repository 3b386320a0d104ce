/** Streams of the old completions: the pieces of a text, read and written. */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { readSseEvent, writeSseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, ReplyHead, StreamReader, StreamWriter, WriteOptions } from '../dialect.ts';
import {
  errorStatusOf,
  numberOf,
  objectOf,
  readFinishReason,
  readUsage,
  tellsError,
  textOf,
  writeUsage,
} from '../openai-chat/wire.ts';
import { SseChunks } from '../sse-chunks.ts';
import { OBJECT, reasonWord } from './reply.ts';

export class CompletionsStreamReader implements StreamReader {
  readonly #chunks = new SseChunks((frame) => this.#read(frame));
  /** The choices that have begun, and whether each is finished. */
  readonly #choices = new Map<number, boolean>();
  #started = false;
  #done = false;

  get ended(): boolean {
    return this.#done || (this.#choices.size > 0 && [...this.#choices.values()].every(Boolean));
  }

  push(bytes: Uint8Array): Chunk[] {
    return this.#chunks.push(bytes);
  }

  finish(): Chunk[] {
    return this.#chunks.finish();
  }

  #read(frame: Buffer): Chunk {
    const { data, name } = readSseEvent(frame);
    if (data === undefined || data === '') return { frame, events: [] };
    if (data === '[DONE]') {
      this.#done = true;
      return { frame, events: [], only: 'terminal' };
    }
    const value = parseJson(data);
    if (name === 'error' || (isJsonObject(value) && tellsError(value)))
      return { frame, events: [{ type: 'error', status: errorStatusOf(value), body: data }] };
    if (!isJsonObject(value))
      throw new Failure('malformed', {
        message: 'The provider sent a stream event that is not a JSON object.',
      });
    return this.#chunkOf(frame, value);
  }

  #chunkOf(frame: Buffer, value: JsonObject): Chunk {
    const events: ChatEvent[] = [];
    const model = textOf(value['model']);
    if (!this.#started && textOf(value['id']) !== '') {
      this.#started = true;
      events.push({ type: 'start', id: textOf(value['id']), model, created: numberOf(value['created']) });
    }
    const choices = Array.isArray(value['choices']) ? value['choices'] : [];
    for (const entry of choices) {
      const choice = objectOf(entry) ?? {};
      const index = numberOf(choice['index']);
      if (!this.#choices.has(index)) this.#choices.set(index, false);
      const text = textOf(choice['text']);
      if (text !== '') events.push({ type: 'text', text, choice: index });
      const reason = readFinishReason(choice['finish_reason']);
      if (reason === undefined) continue;
      this.#choices.set(index, true);
      events.push({ type: 'finish', reason, choice: index });
    }
    const usage = readUsage(value['usage']);
    if (usage !== undefined) events.push({ type: 'usage', usage });
    return {
      frame,
      events,
      ...(model === '' ? {} : { model }),
      ...(usage !== undefined && choices.length === 0 ? { only: 'usage' } : {}),
    };
  }
}

const NOTHING = Buffer.alloc(0);

export class CompletionsStreamWriter implements StreamWriter {
  readonly #head: ReplyHead;
  readonly #wantsUsage: boolean;

  constructor(head: ReplyHead, { wantsUsage }: WriteOptions) {
    this.#head = head;
    this.#wantsUsage = wantsUsage;
  }

  /** Thoughts have no place in it, and tools were not offered. */
  write(event: ChatEvent): Buffer {
    switch (event.type) {
      case 'text':
        return this.#piece(event.choice, event.text, null);
      case 'finish':
        return this.#piece(event.choice, '', reasonWord(event.reason));
      case 'usage':
        return this.#wantsUsage ? this.#frame({ choices: [], usage: writeUsage(event.usage) }) : NOTHING;
      case 'error':
        return writeSseEvent(event.body, 'error');
      case 'start':
      case 'reasoning':
      case 'tool-call':
        return NOTHING;
    }
  }

  end(): Buffer {
    return writeSseEvent('[DONE]');
  }

  #piece(index = 0, text: string, finish: string | null): Buffer {
    return this.#frame({
      choices: [{ text, index, logprobs: null, finish_reason: finish }],
      ...(this.#wantsUsage ? { usage: null } : {}),
    });
  }

  #frame(rest: JsonObject): Buffer {
    const { id, created, model } = this.#head;
    return writeSseEvent(JSON.stringify({ id, object: OBJECT, created, model, ...rest }));
  }
}
