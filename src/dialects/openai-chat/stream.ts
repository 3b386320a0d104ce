/**
 * Streams of OpenAI's chat wire format, as two synchronous state machines: bytes in, chunks of frame and meaning
 * out; and events in, bytes out. Tolerates what compatible providers send: comments, blank lines, missing or empty
 * choices, usage inside a choice, errors as an event, no `[DONE]`.
 */

import { isJsonObject, type JsonObject, parseJson, topLevelFields } from '../../base/json.ts';
import { readSseEvent, type SseEvent, writeSseEvent } from '../../base/sse.ts';
import type { AnswerTerms } from '../../domain/answer-terms.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import type {
  Chunk,
  ForwardOptions,
  ReplyHead,
  StreamReader,
  StreamWriter,
  WriteOptions,
} from '../dialect.ts';
import { renameFrame, SseChunks } from '../sse-chunks.ts';
import { CallDeltas, finishWord, functionDelta } from './call-forms.ts';
import { TextTemplate } from './template.ts';
import {
  errorStatusOf,
  numberOf,
  objectOf,
  readFinishReason,
  readUsage,
  STREAM_OBJECT,
  saidIn,
  tellsError,
  textOf,
  writeUsage,
} from './wire.ts';

const NO_EVENTS: readonly ChatEvent[] = [];

export class OpenAIChatStreamReader implements StreamReader {
  readonly #chunks = new SseChunks((frame) => this.#read(frame));
  /** The choices that have begun, and whether each is finished. */
  readonly #choices = new Map<number, boolean>();
  readonly #template = new TextTemplate();
  readonly #deltaOf: (choice: JsonObject) => JsonObject | undefined;
  #started = false;
  #done = false;

  /** `deltaOf`: where a choice says what is new, for those who say it elsewhere. */
  constructor(deltaOf: (choice: JsonObject) => JsonObject | undefined = ({ delta }) => objectOf(delta)) {
    this.#deltaOf = deltaOf;
  }

  get ended(): boolean {
    if (this.#done) return true;
    for (const finished of this.#choices.values()) if (!finished) return false;
    return this.#choices.size > 0;
  }

  push(bytes: Uint8Array): Chunk[] {
    return this.#chunks.push(bytes);
  }

  finish(): Chunk[] {
    return this.#chunks.finish();
  }

  #read(frame: Buffer): Chunk {
    const known = this.#template.read(frame);
    if (known !== undefined) return known;
    const event = readSseEvent(frame);
    const { data } = event;
    if (data === undefined || data === '') return { frame, events: NO_EVENTS };
    if (data === '[DONE]') {
      this.#done = true;
      return { frame, events: NO_EVENTS, only: 'terminal' };
    }
    const value = parseJson(data);
    if (event.name === 'error' || (isJsonObject(value) && tellsError(value)))
      return { frame, events: [{ type: 'error', status: statusOf(event, value), body: data }] };
    if (!isJsonObject(value))
      throw new Failure('malformed', {
        message: 'The provider sent a stream event that is not a JSON object.',
      });
    const chunk = this.#readChunk(frame, value);
    this.#template.learn(chunk);
    return chunk;
  }

  #readChunk(frame: Buffer, value: JsonObject): Chunk {
    const events: ChatEvent[] = [];
    const model = textOf(value['model']);
    if (!this.#started && textOf(value['id']) !== '') {
      this.#started = true;
      events.push({ type: 'start', id: textOf(value['id']), model, created: numberOf(value['created']) });
    }
    const choices = Array.isArray(value['choices']) ? value['choices'] : [];
    // Groq tells it in its own corner: https://console.groq.com/docs/api-reference#chat-create
    let usage = readUsage(value['usage']) ?? readUsage(objectOf(value['x_groq'])?.['usage']);
    for (const entry of choices) {
      const choice = objectOf(entry);
      if (choice === undefined) continue;
      this.#readChoice(choice, events);
      usage ??= readUsage(choice['usage']);
    }
    if (usage !== undefined) events.push({ type: 'usage', usage });
    return {
      frame,
      events,
      ...(model === '' ? {} : { model }),
      ...(usage !== undefined && choices.length === 0 ? { only: 'usage' } : {}),
    };
  }

  #readChoice(choice: JsonObject, events: ChatEvent[]): void {
    const index = numberOf(choice['index']);
    const delta = this.#deltaOf(choice);
    if (!this.#choices.has(index)) this.#choices.set(index, false);
    if (delta !== undefined) {
      const { reasoning, text } = saidIn(delta);
      if (reasoning !== '') events.push({ type: 'reasoning', text: reasoning, choice: index });
      if (text !== '') events.push({ type: 'text', text, choice: index });
      if (Array.isArray(delta['tool_calls']))
        delta['tool_calls'].forEach((call: unknown, i) => {
          events.push(readToolDelta(objectOf(call) ?? {}, i, index));
        });
    }
    const reason = readFinishReason(choice['finish_reason']);
    if (reason === undefined) return;
    this.#choices.set(index, true);
    events.push({ type: 'finish', reason, choice: index });
  }
}

/** Later deltas carry the id and name as null or '': only the first has them. */
function readToolDelta(call: JsonObject, position: number, choice: number): ChatEvent {
  const target = objectOf(call['function']) ?? objectOf(call['custom']);
  const id = textOf(call['id']);
  const name = textOf(target?.['name']);
  return {
    type: 'tool-call',
    index: typeof call['index'] === 'number' ? call['index'] : position,
    ...(id === '' ? {} : { id }),
    ...(name === '' ? {} : { name }),
    arguments: textOf(target?.['arguments']) || textOf(target?.['input']),
    choice,
  };
}

/** Model Studio tells the status as a comment (`:HTTP_STATUS/429`); others as a number in the error. 0: not told. */
function statusOf(event: SseEvent, value: unknown): number {
  for (const comment of event.comments) {
    const told = /^\s*HTTP_STATUS\/(\d{3})/.exec(comment);
    if (told?.[1] !== undefined) return Number(told[1]);
  }
  return errorStatusOf(value);
}

export class OpenAIChatStreamWriter implements StreamWriter {
  /** How every frame begins. */
  readonly #opening: string;
  readonly #wantsUsage: boolean;
  readonly #opened = new Set<number>();
  readonly #terms: AnswerTerms | undefined;
  readonly #calls: CallDeltas | undefined;

  constructor({ id, created, model }: ReplyHead, { wantsUsage, continues = false, terms }: WriteOptions) {
    this.#terms = terms;
    if (terms?.tools !== undefined || terms?.oldFunctions) this.#calls = new CallDeltas(terms);
    // Neither a fingerprint nor a usage that is null: clients that check what they read take no null for them.
    const head = { id, object: STREAM_OBJECT, created, model };
    this.#opening = `data: ${JSON.stringify(head).slice(0, -1)},`;
    this.#wantsUsage = wantsUsage;
    if (continues) this.#opened.add(0);
  }

  write(event: ChatEvent): Buffer {
    switch (event.type) {
      case 'start':
        return this.#delta(0, {});
      case 'text':
        return this.#delta(event.choice, { content: event.text });
      case 'reasoning':
        // The seal of another dialect has no place here.
        return event.text === ''
          ? Buffer.alloc(0)
          : this.#delta(event.choice, { content: null, reasoning_content: event.text });
      case 'tool-call':
        return this.#call(event);
      case 'finish':
        return this.#finish(event);
      case 'usage':
        return this.#wantsUsage
          ? this.#frame({ choices: [], usage: writeUsage(event.usage) })
          : Buffer.alloc(0);
      case 'error':
        return writeSseEvent(event.body, 'error');
    }
  }

  end(): Buffer {
    return writeSseEvent('[DONE]');
  }

  #call(event: Extract<ChatEvent, { type: 'tool-call' }>): Buffer {
    const delta =
      this.#calls === undefined ? { tool_calls: [functionDelta(event)] } : this.#calls.begun(event);
    return delta === undefined ? Buffer.alloc(0) : this.#delta(event.choice, delta);
  }

  #finish({ choice = 0, reason }: Extract<ChatEvent, { type: 'finish' }>): Buffer {
    const word = this.#terms === undefined ? reason : finishWord(reason, this.#terms);
    // A call that was cut off is none that anybody should carry out.
    const held = reason === 'tool_calls' || reason === 'stop' ? (this.#calls?.ended(choice) ?? []) : [];
    return Buffer.concat([...held.map((delta) => this.#delta(choice, delta)), this.#delta(choice, {}, word)]);
  }

  #delta(choice = 0, delta: JsonObject, finish: string | null = null): Buffer {
    const opening = this.#opened.has(choice)
      ? {}
      : { role: 'assistant', ...('content' in delta ? {} : { content: '' }) };
    this.#opened.add(choice);
    return this.#frame({
      choices: [{ index: choice, delta: { ...opening, ...delta }, logprobs: null, finish_reason: finish }],
    });
  }

  #frame(rest: JsonObject): Buffer {
    return Buffer.from(`${this.#opening}${JSON.stringify(rest).slice(1)}\n\n`);
  }
}

/** The upstream's frame for a client of the same dialect, with the model that served. */
export function forward(chunk: Chunk, options: ForwardOptions): Buffer | undefined {
  if (chunk.only === 'usage' && !options.wantsUsage) return undefined;
  if (chunk.model === undefined || chunk.model === options.model) return chunk.frame;
  return renameFrame(chunk.frame, options.model, (bytes, object) =>
    topLevelFields(bytes, object)?.get('model'),
  );
}
