/**
 * The client's own bytes for an upstream of the same dialect, where only the model is spliced, or, for a plain call whose
 * answer shall come as a stream, what turns it into one. Everything else is as it came, byte for byte.
 */

import { asBuffer } from '../base/fetch.ts';
import { type JsonEdit, type JsonSpan, splice, topLevelFields } from '../base/json.ts';
import type { RequestHead } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { TWICE } from './openai-chat/request.ts';

/** Throws `invalid_request` when the model stands twice. */
export function withModel(body: Uint8Array, head: RequestHead, upstreamModel: string): Uint8Array {
  if (head.model === upstreamModel) return body;
  const bytes = asBuffer(body);
  const model = topLevelFields(bytes)?.get('model');
  if (model === undefined) throw new Failure('invalid_request', { message: TWICE });
  return splice(bytes, [{ ...model, text: JSON.stringify(upstreamModel) }]);
}

/** Undefined where a field stands twice. */
export function asStream(body: Uint8Array, head: RequestHead, upstreamModel: string): Uint8Array | undefined {
  const bytes = asBuffer(body);
  const spans = topLevelFields(bytes);
  const model = spans?.get('model');
  if (spans === undefined || model === undefined) return undefined;
  const edits: JsonEdit[] = [streamEdit(spans, model)];
  if (head.model !== upstreamModel) edits.push({ ...model, text: JSON.stringify(upstreamModel) });
  return splice(bytes, edits);
}

/** `stream` is true where it stands, else behind the model. */
export function streamEdit(spans: ReadonlyMap<string, JsonSpan>, model: JsonSpan): JsonEdit {
  const stream = spans.get('stream');
  return stream === undefined
    ? { start: model.end, end: model.end, text: ',"stream":true' }
    : { ...stream, text: 'true' };
}
