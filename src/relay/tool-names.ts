/**
 * Names of tools and ids of their calls as the dialect of the provider takes them. The client has them from elsewhere: a
 * longer name, a colon in an id. Names are changed for the way there and changed back in the answer; an id is only
 * changed to the same one each time, for the client is never told of it again.
 */

import { hash } from 'node:crypto';
import type { ChatDialectId } from '../domain/call.ts';
import type { ChatMessage, ChatRequest, ToolCall } from '../domain/chat.ts';

/**
 * https://platform.openai.com/docs/api-reference/chat/create, https://docs.claude.com/en/api/messages,
 * https://ai.google.dev/api/caching#FunctionDeclaration; of an id OpenAI says no more than its length.
 */
const TAKEN: Readonly<
  Record<ChatDialectId, { readonly name: RegExp; readonly id: RegExp; longest: number }>
> = {
  'openai-chat': { name: /^[\w-]{1,64}$/, id: /^.{1,64}$/, longest: 64 },
  'openai-responses': { name: /^[\w-]{1,64}$/, id: /^.{1,64}$/, longest: 64 },
  'anthropic-messages': { name: /^[\w-]{1,128}$/, id: /^[\w-]{1,128}$/, longest: 64 },
  gemini: { name: /^[A-Za-z_][\w.:-]{0,63}$/, id: /^/, longest: 64 },
};

export type Renamed = {
  readonly request: ChatRequest;
  /** The client's names, by those that the provider is told; undefined where they are the same. */
  readonly names?: ReadonlyMap<string, string>;
};

export function withTakenNames(request: ChatRequest, dialect: ChatDialectId): Renamed {
  const taken = TAKEN[dialect];
  const names = new Map<string, string>();
  const nameOf = (name: string): string => {
    if (taken.name.test(name)) return name;
    const other = marked(name, taken.longest);
    names.set(other, name);
    return other;
  };
  const idOf = (id: string): string => (id === '' || taken.id.test(id) ? id : marked(id, taken.longest));
  const { messages, tools, toolChoice } = request;
  const renamed: ChatRequest = {
    ...request,
    messages: messages.map((message) => renamedIn(message, { nameOf, idOf })),
    ...(tools === undefined ? {} : { tools: tools.map((tool) => ({ ...tool, name: nameOf(tool.name) })) }),
    ...(typeof toolChoice === 'object' ? { toolChoice: { name: nameOf(toolChoice.name) } } : {}),
  };
  return { request: renamed, ...(names.size === 0 ? {} : { names }) };
}

type Rename = { readonly nameOf: (name: string) => string; readonly idOf: (id: string) => string };

function renamedIn(message: ChatMessage, { nameOf, idOf }: Rename): ChatMessage {
  const { toolCalls, toolCallId } = message;
  if (toolCalls === undefined && toolCallId === undefined) return message;
  const renamed = (call: ToolCall): ToolCall => ({ ...call, id: idOf(call.id), name: nameOf(call.name) });
  return {
    ...message,
    ...(toolCalls === undefined ? {} : { toolCalls: toolCalls.map(renamed) }),
    ...(toolCallId === undefined ? {} : { toolCallId: idOf(toolCallId) }),
  };
}

const MARK_LENGTH = 8;

/** As much of it as can be read, and a mark that tells it from others that would read the same. */
const marked = (text: string, longest: number): string =>
  `${text.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, longest - MARK_LENGTH - 1)}_${hash('sha256', text, 'hex').slice(0, MARK_LENGTH)}`;
