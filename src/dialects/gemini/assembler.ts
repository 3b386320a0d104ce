/**
 * A stream of Gemini's wire format put together again as the plain answer it would have been: texts are joined, everything
 * else is kept as it was told last. Invents nothing: what no event said is not in the answer.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { readSseEvent } from '../../base/sse.ts';
import type { Assembler, Chunk } from '../dialect.ts';
import { numberOf, objectOf, textOf } from '../openai-chat/wire.ts';
import { addPart, Drafts } from './drafts.ts';
import { listOf, NO_REASON } from './wire.ts';

export class GeminiAssembler implements Assembler {
  readonly #drafts = new Drafts();
  #fields: JsonObject = {};
  #hasCandidates = false;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push({ frame }: Chunk): void {
    const value = parseJson(readSseEvent(frame).data ?? '');
    if (!isJsonObject(value)) return;
    const { candidates, ...rest } = value;
    this.#fields = { ...this.#fields, ...rest };
    for (const candidate of listOf(candidates)) this.#add(candidate);
  }

  #add({ content, index, finishReason, ...rest }: JsonObject): void {
    this.#hasCandidates = true;
    const draft = this.#drafts.of(numberOf(index));
    for (const part of listOf(objectOf(content)?.['parts'])) {
      const text = textOf(part['text']);
      this.#size += text === '' ? JSON.stringify(part).length : text.length;
      addPart(draft, part);
    }
    const isTold = finishReason !== undefined && finishReason !== NO_REASON;
    draft.fields = { ...draft.fields, ...(isTold ? { finishReason } : {}), ...rest };
  }

  finish(): Chunk {
    const { usageMetadata, modelVersion, responseId, ...rest } = this.#fields;
    const body = {
      ...(this.#hasCandidates ? { candidates: this.#drafts.written() } : {}),
      ...rest,
      ...{ usageMetadata, modelVersion, responseId },
    };
    const model = textOf(modelVersion);
    return { frame: Buffer.from(JSON.stringify(body)), events: [], ...(model === '' ? {} : { model }) };
  }
}
