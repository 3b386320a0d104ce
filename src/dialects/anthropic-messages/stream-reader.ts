/**
 * Reads streams of Anthropic's wire format: bytes in, chunks of frame and meaning out. The state machine of an answer:
 * open until `message_stop` or a stop reason has come, whatever else was closed; an error is no end. Events of types that
 * are not known here mean nothing and are passed on.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { readSseEvent, type SseEvent } from '../../base/sse.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type { Chunk, StreamReader } from '../dialect.ts';
import { numberOf, objectOf, textOf } from '../openai-chat/wire.ts';
import { SseChunks } from '../sse-chunks.ts';
import { errorStatusOf, laterUsage, readStopReason, readUsage } from './wire.ts';

const NO_EVENTS: readonly ChatEvent[] = [];

export class AnthropicStreamReader implements StreamReader {
  readonly #chunks = new SseChunks((frame) => this.#read(frame));
  /** The position among the answer's tool calls, by the index of the block. */
  readonly #calls = new Map<number, number>();
  #usage: JsonObject | undefined;
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
    const event = readSseEvent(frame);
    const { data, name } = event;
    // What some providers of another dialect's habits send last.
    if (data === undefined || data === '' || data === '[DONE]') return { frame, events: NO_EVENTS };
    const value = parseJson(data);
    if (name === 'error' || (isJsonObject(value) && value['type'] === 'error'))
      return { frame, events: [{ type: 'error', status: statusOf(event, value), body: data }] };
    if (!isJsonObject(value))
      throw new Failure('malformed', {
        message: 'The provider sent a stream event that is not a JSON object.',
      });
    switch (value['type']) {
      case 'message_start':
        return this.#started(frame, objectOf(value['message']) ?? {});
      case 'content_block_start':
        return { frame, events: this.#opened(value) };
      case 'content_block_delta':
        return { frame, events: this.#delta(value) };
      case 'message_delta':
        return { frame, events: this.#closing(value) };
      case 'message_stop':
        this.#ended = true;
        return { frame, events: NO_EVENTS, only: 'terminal' };
      default:
        return { frame, events: NO_EVENTS };
    }
  }

  #started(frame: Buffer, message: JsonObject): Chunk {
    const model = textOf(message['model']);
    this.#usage = objectOf(message['usage']);
    const usage = readUsage(this.#usage);
    return {
      frame,
      events: [
        { type: 'start', id: textOf(message['id']), model, created: 0 },
        ...(usage === undefined ? [] : [{ type: 'usage' as const, usage }]),
      ],
      ...(model === '' ? {} : { model }),
    };
  }

  /** Some providers say something with the opening already. */
  #opened(value: JsonObject): readonly ChatEvent[] {
    const block = objectOf(value['content_block']) ?? {};
    if (block['type'] === 'text') return saidText(textOf(block['text']));
    if (block['type'] === 'thinking') return thought(block['thinking'], block['signature']);
    if (block['type'] === 'redacted_thinking') return sealedThought(block['data']);
    if (block['type'] !== 'tool_use') return NO_EVENTS;
    const index = this.#calls.size;
    this.#calls.set(numberOf(value['index']), index);
    const input = objectOf(block['input']) ?? {};
    return [
      {
        type: 'tool-call',
        index,
        id: textOf(block['id']),
        name: textOf(block['name']),
        arguments: Object.keys(input).length === 0 ? '' : JSON.stringify(input),
        choice: 0,
      },
    ];
  }

  #delta(value: JsonObject): readonly ChatEvent[] {
    const delta = objectOf(value['delta']) ?? {};
    switch (delta['type']) {
      case 'text_delta':
        return saidText(textOf(delta['text']));
      case 'thinking_delta':
        return thought(delta['thinking'], undefined);
      case 'signature_delta':
        return thought(undefined, delta['signature']);
      case 'input_json_delta': {
        const index = this.#calls.get(numberOf(value['index']));
        const piece = textOf(delta['partial_json']);
        // A tool of the provider's own is no call of the client's.
        if (index === undefined || piece === '') return NO_EVENTS;
        return [{ type: 'tool-call', index, arguments: piece, choice: 0 }];
      }
      default:
        return NO_EVENTS;
    }
  }

  #closing(value: JsonObject): readonly ChatEvent[] {
    const events: ChatEvent[] = [];
    const reason = readStopReason(objectOf(value['delta'])?.['stop_reason']);
    if (reason !== undefined) {
      this.#ended = true;
      events.push({ type: 'finish', reason, choice: 0 });
    }
    const told = objectOf(value['usage']);
    if (told === undefined) return events;
    this.#usage = laterUsage(this.#usage, told);
    const usage = readUsage(this.#usage);
    if (usage !== undefined) events.push({ type: 'usage', usage });
    return events;
  }
}

const saidText = (text: string): readonly ChatEvent[] =>
  text === '' ? NO_EVENTS : [{ type: 'text', text, choice: 0 }];

function thought(thinking: unknown, seal: unknown): readonly ChatEvent[] {
  const text = textOf(thinking);
  const signature = textOf(seal);
  if (text === '' && signature === '') return NO_EVENTS;
  return [{ type: 'reasoning', text, ...(signature === '' ? {} : { signature }), choice: 0 }];
}

function sealedThought(data: unknown): readonly ChatEvent[] {
  const signature = textOf(data);
  if (signature === '') return NO_EVENTS;
  return [{ type: 'reasoning', text: '', signature, redacted: true, choice: 0 }];
}

/** Model Studio tells the status as a comment (`:HTTP_STATUS/429`), Anthropic the type that stands for it. */
function statusOf(event: SseEvent, value: unknown): number {
  for (const comment of event.comments) {
    const told = /^\s*HTTP_STATUS\/(\d{3})/.exec(comment);
    if (told?.[1] !== undefined) return Number(told[1]);
  }
  return errorStatusOf(value);
}
