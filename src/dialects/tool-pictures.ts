/**
 * What tools show besides their text, for dialects in which the result of a tool is text alone: it is shown by the user,
 * behind all results.
 */

import type { ChatMessage, ChatPart } from '../domain/chat.ts';

export function picturesOfTools(messages: readonly ChatMessage[]): ChatMessage[] {
  const told: ChatMessage[] = [];
  let shown: ChatPart[] = [];
  for (const message of messages) {
    if (message.role === 'tool') {
      const text = message.parts.filter(({ type }) => type === 'text');
      shown.push(...message.parts.filter(({ type }) => type !== 'text'));
      told.push({ ...message, parts: text.length === 0 ? [{ type: 'text', text: '' }] : text });
      continue;
    }
    if (shown.length > 0 && message.role === 'user')
      told.push({ ...message, parts: [...shown, ...message.parts] });
    else if (shown.length > 0) told.push({ role: 'user', parts: shown }, message);
    else told.push(message);
    shown = [];
  }
  if (shown.length > 0) told.push({ role: 'user', parts: shown });
  return told;
}
