/**
 * Models called `claude…` think as Anthropic's do: their thoughts carry a seal, a request that gives them back is refused
 * when the seal is not theirs, and so is what their document forbids while they think.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking
 */

import { hash } from 'node:crypto';
import { isJsonObject } from '../base/json.ts';
import type { ChatMessage, ChatRequest } from '../domain/chat.ts';

export const sealsThoughts = ({ model }: ChatRequest): boolean => model.startsWith('claude');

export const sealOf = (thought: string): string => hash('sha256', `simulated ${thought}`, 'base64');

const LEAST_BUDGET_TOKENS = 1_024;

/** Anthropic's message, or undefined when all is well. */
export function sealFault(request: ChatRequest): string | undefined {
  if (!sealsThoughts(request)) return undefined;
  const { messages, extra, maxOutputTokens = Infinity } = request;
  const wrong = messages.findIndex(
    ({ reasoning, reasoningSignature }) =>
      reasoningSignature !== undefined && reasoningSignature !== sealOf(reasoning ?? ''),
  );
  if (wrong >= 0) return `messages.${wrong}.content.0: Invalid \`signature\` in \`thinking\` block`;
  const wish = extra['thinking'];
  if (!isJsonObject(wish) || wish['type'] === 'disabled') return undefined;
  const { temperature } = extra;
  if (temperature !== undefined && temperature !== 1)
    return '`temperature` may only be set to 1 when thinking is enabled or in adaptive mode.';
  if (wish['type'] !== 'enabled') return undefined;
  const budget = Number(wish['budget_tokens']);
  if (!(budget >= LEAST_BUDGET_TOKENS))
    return `thinking.enabled.budget_tokens: Input should be greater than or equal to ${LEAST_BUDGET_TOKENS}`;
  if (budget >= maxOutputTokens) return '`max_tokens` must be greater than `thinking.budget_tokens`.';
  return lacksThought(messages)
    ? 'Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking` is enabled, a final ' +
        '`assistant` message must start with a thinking block.'
    : undefined;
}

function lacksThought(messages: readonly ChatMessage[]): boolean {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const goesOn = messages.slice(last + 1).some(({ role }) => role === 'tool');
  return last >= 0 && goesOn && messages[last]?.reasoningSignature === undefined;
}
