/**
 * Anthropic. It is asked in its own messages alone: its endpoint for clients of OpenAI chat is meant for trying out, and
 * has neither thoughts nor a cache for prompts.
 * Sources: https://docs.claude.com/en/api/overview , https://docs.claude.com/en/api/openai-sdk
 */

import { ANTHROPIC_RULES } from './classify-anthropic.ts';
import { authorizeMessagesByKey, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

const compatible = createOpenAICompatible({
  id: 'anthropic',
  name: 'Anthropic',
  variables: ['ANTHROPIC_API_KEY'],
  baseUrl: 'https://api.anthropic.com/v1',
  authorize: authorizeMessagesByKey,
  forwardHeaders: ['anthropic-version'],
  // Its newest models refuse it: https://platform.claude.com/docs/en/build-with-claude/prefill-claudes-response
  continues: { 'anthropic-messages': {} },
  rules: ANTHROPIC_RULES,
  models: [
    'claude-opus-5-5',
    'claude-opus-5',
    'claude-sonnet-5',
    'claude-opus-4-5',
    'claude-sonnet-4-5',
    'claude-haiku-4-5',
  ],
  sources: ['https://docs.claude.com/en/api/overview', 'https://docs.claude.com/en/api/openai-sdk'],
});

export const anthropic: Provider = { ...compatible, speaks: { 'anthropic-messages': '/messages' } };
