/**
 * What a call needs of whoever answers it, read off its bytes when the question comes up: on the way to another model,
 * never on the way of a call that is served at once.
 */

import { asBuffer } from '../base/fetch.ts';
import { topLevelFields } from '../base/json.ts';
import type { Needs } from '../domain/model-facts.ts';

/** A picture as a part of a message, in the words of each dialect. In a text the quotes would be escaped. */
const PICTURE =
  /"type"\s*:\s*"(?:image_url|input_image|image)"|"(?:inlineData|inline_data)"\s*:\s*\{[^{}]{0,200}"image\//;

export function needsOf(body: Uint8Array, inputTokens: number): Needs {
  const bytes = asBuffer(body);
  const tools = topLevelFields(bytes)?.get('tools');
  return {
    tools:
      tools !== undefined && /^\[\s*[^\s\]]/.test(bytes.toString('latin1', tools.start, tools.start + 64)),
    images: PICTURE.test(bytes.toString('latin1')),
    inputTokens,
  };
}
