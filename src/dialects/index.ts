/** Every dialect that Sluice speaks. A new one is a folder here and a line below. */

import type { ChatDialectId, DialectId } from '../domain/call.ts';
import { anthropicMessages } from './anthropic-messages/anthropic-messages.ts';
import type { Dialect, Heard, Wire } from './dialect.ts';
import { gemini } from './gemini/gemini.ts';
import { openaiChat } from './openai-chat/openai-chat.ts';
import { openaiCompletions } from './openai-completions/openai-completions.ts';
import { openaiResponses } from './openai-responses/openai-responses.ts';
import { taskDialects } from './tasks/index.ts';

export const dialects = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
} as const satisfies Record<ChatDialectId, Dialect>;

/** All that a client may speak. */
export const wires = { ...dialects, ...taskDialects } as const satisfies Record<DialectId, Wire>;

export const dialectOf = (id: ChatDialectId): Dialect => dialects[id];

export const wireOf = (id: DialectId): Wire => wires[id];

/** Undefined where its clients can only be answered in their own words. */
export const heardOf = (id: DialectId): Heard | undefined => HEARD.get(id);

const HEARD: ReadonlyMap<DialectId, Heard> = new Map(
  [...Object.values(dialects), openaiCompletions].map((heard: Heard) => [heard.id, heard]),
);
