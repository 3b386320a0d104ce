/**
 * Candidates of an answer as they grow: pieces of one text become one part, every other part stands for itself, and what
 * else is told of a candidate is kept as it was told last.
 */

import type { JsonObject } from '../../base/json.ts';
import { textOf } from '../openai-chat/wire.ts';

export type Draft = { readonly parts: JsonObject[]; fields: JsonObject };

export class Drafts {
  readonly #candidates = new Map<number, Draft>();

  of(index: number): Draft {
    let draft = this.#candidates.get(index);
    if (draft === undefined) {
      draft = { parts: [], fields: {} };
      this.#candidates.set(index, draft);
    }
    return draft;
  }

  written(): JsonObject[] {
    return [...this.#candidates]
      .toSorted(([a], [b]) => a - b)
      .map(([index, { parts, fields }]) => ({ content: { parts, role: 'model' }, ...fields, index }));
  }
}

const TEXT_FIELDS = new Set(['text', 'thought', 'thoughtSignature']);

const isText = (part: JsonObject): boolean =>
  typeof part['text'] === 'string' && Object.keys(part).every((name) => TEXT_FIELDS.has(name));

/** What is sealed is whole: another text is another part. */
export function addPart({ parts }: Draft, part: JsonObject): void {
  if (!isText(part)) {
    parts.push(part);
    return;
  }
  const last = parts.at(-1);
  const text = textOf(part['text']);
  if (text === '' && part['thoughtSignature'] === undefined) return;
  const goesOn =
    last !== undefined &&
    isText(last) &&
    last['thoughtSignature'] === undefined &&
    (last['thought'] === true) === (part['thought'] === true);
  if (goesOn) parts[parts.length - 1] = { ...last, ...part, text: textOf(last['text']) + text };
  else parts.push(part);
}
