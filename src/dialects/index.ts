/** Every dialect that Sluice speaks. A new one is a folder here and a line below. */

import type { DialectId } from '../domain/call.ts';
import { anthropicMessages } from './anthropic-messages/anthropic-messages.ts';
import type { Dialect } from './dialect.ts';
import { gemini } from './gemini/gemini.ts';
import { openaiChat } from './openai-chat/openai-chat.ts';
import { openaiResponses } from './openai-responses/openai-responses.ts';

export const dialects = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
} as const satisfies Record<DialectId, Dialect>;

export const dialectOf = (id: DialectId): Dialect => dialects[id];
