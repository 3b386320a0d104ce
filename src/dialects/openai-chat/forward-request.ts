/**
 * The client's own bytes for an upstream of the same dialect: only model and usage option are spliced, or, for a plain
 * call whose answer shall come as a stream, what turns it into one. Everything else is as it came, byte for byte.
 */

import { asBuffer } from '../../base/fetch.ts';
import { type JsonEdit, type JsonSpan, splice, topLevelFields, valueAt } from '../../base/json.ts';
import type { RequestHead } from '../../domain/call.ts';
import { Failure } from '../../domain/failure.ts';
import { streamEdit } from '../splice-request.ts';
import { TWICE } from './request.ts';
import { objectOf } from './wire.ts';

/** Throws `invalid_request` when a field to be spliced stands twice. */
export function forwardRequest(body: Uint8Array, head: RequestHead, upstreamModel: string): Uint8Array {
  const asksUsage = head.stream && !head.wantsUsage;
  if (head.model === upstreamModel && !asksUsage) return body;
  const bytes = asBuffer(body);
  const spans = topLevelFields(bytes);
  const model = spans?.get('model');
  if (spans === undefined || model === undefined) throw new Failure('invalid_request', { message: TWICE });
  const edits: JsonEdit[] = [];
  if (head.model !== upstreamModel) edits.push({ ...model, text: JSON.stringify(upstreamModel) });
  if (asksUsage) edits.push(usageEdit(bytes, spans, model.end));
  return splice(bytes, edits);
}

/** Its streams tell in every event all that was said so far: https://help.aliyun.com/zh/model-studio/qwen-mt-api */
const REPEATS_ITSELF = /^qwen-mt-(?!flash|lite)/;

export function forwardAsStream(
  body: Uint8Array,
  head: RequestHead,
  upstreamModel: string,
): Uint8Array | undefined {
  if (REPEATS_ITSELF.test(upstreamModel)) return undefined;
  const bytes = asBuffer(body);
  const spans = topLevelFields(bytes);
  const model = spans?.get('model');
  if (spans === undefined || model === undefined || wantsSound(bytes, spans)) return undefined;
  const edits: JsonEdit[] = [streamEdit(spans, model), usageEdit(bytes, spans, model.end)];
  if (head.model !== upstreamModel) edits.push({ ...model, text: JSON.stringify(upstreamModel) });
  return splice(bytes, edits);
}

/** Sound comes in another format in pieces than as a whole. */
function wantsSound(bytes: Buffer, spans: ReadonlyMap<string, JsonSpan>): boolean {
  const modalities = valueAt(bytes, spans.get('modalities'));
  return (
    objectOf(valueAt(bytes, spans.get('audio'))) !== undefined ||
    (Array.isArray(modalities) && modalities.includes('audio'))
  );
}

/** Asks for usage and keeps the stream's other options. Where there are none it stands behind the model. */
function usageEdit(bytes: Buffer, spans: ReadonlyMap<string, JsonSpan>, modelEnd: number): JsonEdit {
  const options = spans.get('stream_options');
  if (options === undefined)
    return { start: modelEnd, end: modelEnd, text: ',"stream_options":{"include_usage":true}' };
  return {
    ...options,
    text: JSON.stringify({ ...objectOf(valueAt(bytes, options)), include_usage: true }),
  };
}
