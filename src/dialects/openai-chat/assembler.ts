/**
 * A stream of OpenAI's chat wire format put together again as the plain answer it would have been: pieces of text are
 * joined, tool calls merged by their index, everything else kept as it was told last. Invents nothing: what no chunk
 * said is not in the answer, and a choice that never finished has no reason to have finished.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { readSseEvent } from '../../base/sse.ts';
import type { Assembler, Chunk } from '../dialect.ts';
import { TextTemplate } from './template.ts';
import { numberOf, objectOf, REPLY_OBJECT, readFinishReason, textOf } from './wire.ts';

type Fields = Map<string, unknown>;
type Merge = (old: unknown, value: unknown) => unknown;

/** The first that says something. */
const first: Merge = (old, value) => old || (value ?? old);

/** The last that says something. */
const last: Merge = (old, value) => value ?? old ?? value;

export class OpenAIChatAssembler implements Assembler {
  readonly #fields: Fields = new Map();
  readonly #choices = new Map<number, Choice>();
  readonly #template = new TextTemplate();
  #usageElsewhere: unknown;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(chunk: Chunk): void {
    if (chunk.only === 'terminal' || this.#pushText(chunk)) return;
    const value = parseJson(readSseEvent(chunk.frame).data ?? '');
    if (!isJsonObject(value)) return;
    if (addsOnlyText(value)) this.#template.learn(chunk);
    fold(this.#fields, value, mergeOfField);
    this.#usageElsewhere = last(this.#usageElsewhere, objectOf(value['x_groq'])?.['usage']);
    if (!Array.isArray(value['choices'])) return;
    for (const entry of value['choices'] as unknown[]) {
      const told = objectOf(entry);
      if (told === undefined) continue;
      const index = numberOf(told['index']);
      const choice = this.#choices.get(index) ?? new Choice(this.#joined);
      this.#choices.set(index, choice);
      choice.push(told);
      // Moonshot tells it there, Groq in its own corner; a plain answer has it at the top.
      this.#usageElsewhere = last(this.#usageElsewhere, told['usage']);
    }
  }

  /** True when the chunk was like one before it but for the text. */
  #pushText({ frame }: Chunk): boolean {
    const event = this.#template.read(frame)?.events[0];
    if (event?.type !== 'text') return false;
    this.#choices.get(event.choice ?? 0)?.pushText(event.text);
    return true;
  }

  finish(): Chunk {
    const { id, created, model, usage, ...rest } = Object.fromEntries(this.#fields);
    const body = {
      id,
      object: REPLY_OBJECT,
      created,
      model,
      choices: byIndex(this.#choices).map(([index, choice]) => choice.written(index)),
      usage: usage ?? this.#usageElsewhere,
      // A plain answer always has it, and strict clients miss it.
      system_fingerprint: null,
      ...rest,
    };
    const name = textOf(model);
    return { frame: Buffer.from(JSON.stringify(body)), events: [], ...(name === '' ? {} : { model: name }) };
  }

  /** Pieces of one value, one behind the other. What grows this way is counted. */
  readonly #joined: Merge = (old, value) => {
    if (typeof value === 'string') {
      this.#size += value.length;
      if (Array.isArray(old)) return value === '' ? old : [...(old as unknown[]), textPart(value)];
      return typeof old === 'string' ? old + value : value;
    }
    if (!Array.isArray(value)) return last(old, value);
    this.#size += JSON.stringify(value).length;
    if (typeof old === 'string' && old !== '') return [textPart(old), ...(value as unknown[])];
    if (!Array.isArray(old)) return value;
    for (const item of value as unknown[]) old.push(item);
    return old;
  };
}

/** Mistral tells content as text and as parts, in one stream. */
const textPart = (text: string): JsonObject => ({ type: 'text', text });

function mergeOfField(name: string): Merge | undefined {
  switch (name) {
    case 'object':
    case 'choices':
    // Pads chunks against listeners on the wire; a plain answer has none.
    case 'obfuscation':
      return undefined;
    // Told with every chunk; Azure's first chunk has them empty.
    case 'id':
    case 'created':
    case 'model':
      return first;
    default:
      return last;
  }
}

class Choice {
  readonly #joined: Merge;
  readonly #fields: Fields = new Map<string, unknown>([['finish_reason', null]]);
  readonly #message: Fields = new Map();
  readonly #calls = new Map<number, Fields>();

  constructor(joined: Merge) {
    this.#joined = joined;
  }

  push(told: JsonObject): void {
    fold(this.#fields, told, this.#mergeOfField);
    const delta = objectOf(told['delta']);
    if (delta === undefined) return;
    fold(this.#message, delta, this.#mergeOfDelta);
    if (!Array.isArray(delta['tool_calls'])) return;
    (delta['tool_calls'] as unknown[]).forEach((entry, position) => {
      const { index, ...call } = objectOf(entry) ?? {};
      const place = typeof index === 'number' ? index : position;
      const known = this.#calls.get(place) ?? new Map<string, unknown>();
      this.#calls.set(place, known);
      fold(known, call, this.#mergeOfCall);
    });
  }

  pushText(text: string): void {
    this.#message.set('content', this.#joined(this.#message.get('content'), text));
  }

  written(index: number): JsonObject {
    const { role, content, ...rest } = Object.fromEntries(this.#message);
    const { finish_reason, logprobs, ...others } = Object.fromEntries(this.#fields);
    const calls = byIndex(this.#calls).map(([, call]) => writtenCall(Object.fromEntries(call)));
    const saysElse = calls.length > 0 || rest['function_call'] || rest['refusal'];
    return {
      index,
      message: {
        role: role ?? 'assistant',
        content: content || (saysElse ? null : ''),
        ...rest,
        ...(calls.length === 0 ? {} : { tool_calls: calls }),
      },
      logprobs,
      finish_reason,
      ...others,
    };
  }

  readonly #mergeOfField = (name: string): Merge | undefined => {
    // MiniMax and Perplexity repeat as a message what the deltas have said.
    if (name === 'index' || name === 'delta' || name === 'usage' || name === 'message') return undefined;
    if (name === 'finish_reason') return (old, value) => (readFinishReason(value) ? value : old);
    if (name === 'logprobs') return (old, value) => merged(old, value, () => this.#joined);
    // The content filter of Azure tells with each piece what it has looked at.
    return (old, value) => merged(old, value, () => last);
  };

  readonly #mergeOfDelta = (name: string): Merge | undefined => {
    if (name === 'tool_calls') return undefined;
    if (name === 'role') return first;
    return name === 'function_call' ? this.#mergedFunction : this.#joined;
  };

  readonly #mergeOfCall = (name: string): Merge => (name === 'function' ? this.#mergedFunction : first);

  /** The name comes once, the arguments in pieces. */
  readonly #mergedFunction: Merge = (old, value) =>
    merged(old, value, (name) => (name === 'arguments' ? this.#joined : first));
}

/** Nothing in the chunk but its text makes the answer longer: told again, the rest changes nothing. */
function addsOnlyText(value: JsonObject): boolean {
  const choice = objectOf(Array.isArray(value['choices']) ? value['choices'][0] : undefined);
  if (choice === undefined || objectOf(choice['logprobs']) !== undefined) return false;
  return Object.entries(objectOf(choice['delta']) ?? {}).every(
    ([name, each]) => name === 'content' || name === 'role' || each === null || each === '',
  );
}

function writtenCall({ id, type, ...rest }: JsonObject): JsonObject {
  return { id, type: type ?? 'function', ...rest };
}

function fold(fields: Fields, told: JsonObject, mergeOf: (name: string) => Merge | undefined): void {
  for (const [name, value] of Object.entries(told)) {
    const merge = mergeOf(name);
    if (merge !== undefined) fields.set(name, merge(fields.get(name), value));
  }
}

/** Two objects field by field; of other values the last. */
function merged(old: unknown, value: unknown, mergeOf: (name: string) => Merge): unknown {
  const told = objectOf(value);
  if (told === undefined) return last(old, value);
  const fields: Fields = new Map(Object.entries(objectOf(old) ?? {}));
  fold(fields, told, mergeOf);
  return Object.fromEntries(fields);
}

const byIndex = <T>(items: ReadonlyMap<number, T>): [number, T][] => [...items].toSorted(([a], [b]) => a - b);
