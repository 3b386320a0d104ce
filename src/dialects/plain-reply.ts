/** What plain answers of every dialect have in common: one JSON object, of which passing on needs little. */

import { asBuffer } from '../base/fetch.ts';
import { isJsonObject, type JsonObject, parseJson, topLevelFields, valueAt } from '../base/json.ts';
import { Failure } from '../domain/failure.ts';
import type { Usage } from '../domain/usage.ts';
import type { Chunk } from './dialect.ts';
import { textOf } from './openai-chat/wire.ts';

/** Throws `malformed` where it is no object. */
export function parseReply(body: Uint8Array): { readonly frame: Buffer; readonly reply: JsonObject } {
  const frame = asBuffer(body);
  const reply = parseJson(frame.toString('utf8'));
  if (!isJsonObject(reply))
    throw new Failure('malformed', {
      message: 'The provider answered with something that is not a JSON object.',
    });
  return { frame, reply };
}

const OPEN_BRACKET = 0x5b;

export type Glance = {
  /** The field whose list holds what was said. */
  readonly list: string;
  readUsage(value: unknown): Usage | undefined;
  /** All of it, where the little is not plain to see. */
  readReply(body: Uint8Array): Chunk;
  /** What usage and model are called, where not so. */
  readonly names?: { readonly usage: string; readonly model: string };
  /** What else says that there is no answer. */
  isRefused?(field: (name: string) => unknown): boolean;
};

const USUAL = { usage: 'usage', model: 'model' } as const;

/** Finds usage and model by scanning, so that an answer of any size is not built up to be thrown away. */
export function glance(
  body: Uint8Array,
  { list, readUsage, readReply, isRefused, names = USUAL }: Glance,
): Chunk {
  const frame = asBuffer(body);
  const fields = topLevelFields(frame);
  const said = fields?.get(list);
  const field = (name: string): unknown => valueAt(frame, fields?.get(name));
  const isPlain = said !== undefined && frame[said.start] === OPEN_BRACKET && !field('error');
  const usage = isPlain && isRefused?.(field) !== true ? readUsage(field(names.usage)) : undefined;
  if (usage === undefined) return readReply(body);
  const model = textOf(field(names.model));
  return { frame, events: [{ type: 'usage', usage }], ...(model === '' ? {} : { model }) };
}
