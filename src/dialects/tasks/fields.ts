/** The fields of a JSON object one by one, each read when it is asked for: what nobody asks for is never built. */

import { asBuffer } from '../../base/fetch.ts';
import { type JsonSpan, topLevelFields, valueAt } from '../../base/json.ts';

export type Fields = {
  readonly bytes: Buffer;
  readonly spans: ReadonlyMap<string, JsonSpan>;
  /** Undefined where there is no such field. */
  read(name: string): unknown;
};

/** Undefined where it is no object, or a field stands twice. `from`: where the object begins. */
export function fieldsOf(body: Uint8Array, from = 0): Fields | undefined {
  const bytes = asBuffer(body);
  const spans = topLevelFields(bytes, from);
  if (spans === undefined) return undefined;
  return {
    bytes,
    spans,
    read: (name) => valueAt(bytes, spans.get(name)),
  };
}
