/** Ways that several providers share, each with where it was seen. */

import type { Quirk } from './provider.ts';

/** It names where a provider refuses the role by which OpenAI's newer clients tell what stood in `system` before. */
export const noDeveloper = (source: string): Quirk => ({
  what: 'It does not know the role `developer`: its messages are sent as `system`.',
  source,
  rules: { swap: { 'messages[].role': { developer: 'system' } } },
});

/** OpenAI's reasoning models, wherever they are served under their own names. */
export const MAX_COMPLETION_TOKENS: Quirk = {
  what: 'Its reasoning models refuse `max_tokens`: it is sent as `max_completion_tokens`.',
  source: 'https://platform.openai.com/docs/api-reference/chat/create',
  rules: { rename: { max_tokens: 'max_completion_tokens' } },
  models: /^(?:o\d|gpt-[5-9])/,
};

/** Anthropic's newer clients tell so what changed meanwhile; `foldsSystem` goes with it. */
export const foldsSystem = (source: string): Quirk => ({
  what: 'It refuses turns of the system in the middle of messages: the user tells them, as reminders.',
  source,
  dialect: 'anthropic-messages',
});
