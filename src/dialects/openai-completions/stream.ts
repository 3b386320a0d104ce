/** Streams of the old completions: the pieces of a text, read and written. */

import type { JsonObject } from '../../base/json.ts';
import { writeSseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import type { ReplyHead, StreamReader, StreamWriter, WriteOptions } from '../dialect.ts';
import { OpenAIChatStreamReader } from '../openai-chat/stream.ts';
import { writeUsage } from '../openai-chat/wire.ts';
import { OBJECT, reasonWord } from './reply.ts';

/** Those of a chat, but for the place of the text. */
export const completionsStreamReader = (): StreamReader =>
  new OpenAIChatStreamReader(({ text }) => ({ content: text }));

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
