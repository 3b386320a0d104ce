/** A plain request of the Responses format as a stream, where the plain answer would be made of it. */

import { asBuffer } from '../../base/fetch.ts';
import { topLevelFields } from '../../base/json.ts';
import type { RequestHead } from '../../domain/call.ts';
import { asStream } from '../splice-request.ts';

export function forwardAsStream(
  body: Uint8Array,
  head: RequestHead,
  upstreamModel: string,
): Uint8Array | undefined {
  const bytes = asBuffer(body);
  const background = topLevelFields(bytes)?.get('background');
  // A plain answer of this kind comes before the work is done.
  if (background !== undefined && bytes.toString('utf8', background.start, background.end) === 'true')
    return undefined;
  return asStream(body, head, upstreamModel);
}
