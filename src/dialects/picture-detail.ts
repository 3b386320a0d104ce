/** How closely a model shall look at a picture: a word of OpenAI's, which others have no place for. */

import { objectOf } from './openai-chat/wire.ts';

/** `dropped` is told where it says more than what happens anyway. */
export function nameDetail(part: unknown, dropped: Set<string>): void {
  const detail = objectOf(objectOf(part)?.['image_url'])?.['detail'];
  if (typeof detail === 'string' && detail !== 'auto') dropped.add('detail');
}
