/**
 * Tools that take a text instead of arguments, in a request of OpenAI chat. Many who speak that dialect know functions
 * alone and refuse such a request whole: theirs is written anew, as for a provider of another dialect.
 */

import { asBuffer } from '../base/fetch.ts';
import { isJsonObject, topLevelFields, valueAt } from '../base/json.ts';
import type { Call } from '../domain/call.ts';
import type { Provider } from '../providers/provider.ts';

/** Looked for before anything is read: in most calls it does not stand. */
const SIGN = Buffer.from('"custom"');

/** Must the call be written anew for the sake of its tools, although the provider speaks its dialect? */
export function needsFunctions(
  { dialect, body }: Pick<Call, 'dialect' | 'body'>,
  provider: Provider,
): boolean {
  if (dialect !== 'openai-chat' || provider.chatWays?.functionsOnly !== true) return false;
  const bytes = asBuffer(body);
  if (!bytes.includes(SIGN)) return false;
  const tools = valueAt(bytes, topLevelFields(bytes)?.get('tools'));
  return Array.isArray(tools) && tools.some((tool) => isJsonObject(tool) && tool['type'] === 'custom');
}
