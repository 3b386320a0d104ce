/**
 * The input for an account of another provider than the one before: thoughts that the first has encrypted mean nothing to
 * it, and it refuses them. Every other byte stays as it came.
 */

import { asBuffer } from '../../base/fetch.ts';
import { isJsonObject, splice, topLevelFields, valueAt } from '../../base/json.ts';
import { textOf } from '../openai-chat/wire.ts';

export type Adapted = { readonly body: Uint8Array; readonly dropped: readonly string[] };

export function withoutThoughts(body: Uint8Array): Adapted {
  const bytes = asBuffer(body);
  const span = topLevelFields(bytes)?.get('input');
  const items = valueAt(bytes, span);
  if (span === undefined || !Array.isArray(items)) return { body, dropped: [] };
  const kept = items.filter((item: unknown) => !isSealed(item));
  if (kept.length === items.length) return { body, dropped: [] };
  return {
    body: splice(bytes, [{ ...span, text: JSON.stringify(kept) }]),
    dropped: ['encrypted_content'],
  };
}

const isSealed = (item: unknown): boolean =>
  isJsonObject(item) && item['type'] === 'reasoning' && textOf(item['encrypted_content']) !== '';
