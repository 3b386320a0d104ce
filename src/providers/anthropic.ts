/**
 * Anthropic: its own messages, and an endpoint for the clients of OpenAI chat.
 * Sources: https://docs.claude.com/en/api/overview , https://docs.claude.com/en/api/openai-sdk
 */

import { ANTHROPIC_RULES } from './classify-anthropic.ts';
import { authorizeMessagesByKey, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const anthropic: Provider = createOpenAICompatible({
  id: 'anthropic',
  name: 'Anthropic',
  variables: ['ANTHROPIC_API_KEY'],
  baseUrl: 'https://api.anthropic.com/v1',
  speaksToo: { 'anthropic-messages': '/messages' },
  authorize: authorizeMessagesByKey,
  forwardHeaders: ['anthropic-beta', 'anthropic-version'],
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
