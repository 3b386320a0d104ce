/**
 * Anthropic: its own messages, and an endpoint for the clients of OpenAI chat.
 * Sources: https://docs.claude.com/en/api/overview , https://docs.claude.com/en/api/openai-sdk
 */

import { ANTHROPIC_RULES } from './classify-anthropic.ts';
import { authorizeByBearer, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

/** Demanded of every call, for clients that name none. */
const VERSION = '2023-06-01';

export const anthropic: Provider = createOpenAICompatible({
  id: 'anthropic',
  name: 'Anthropic',
  variables: ['ANTHROPIC_API_KEY'],
  baseUrl: 'https://api.anthropic.com/v1',
  speaksToo: { 'anthropic-messages': '/messages' },
  authorize(headers, secret, dialect) {
    if (dialect !== 'anthropic-messages') return authorizeByBearer(headers, secret);
    if (secret !== '') headers['x-api-key'] = secret;
    headers['anthropic-version'] ??= VERSION;
  },
  forwardHeaders: ['anthropic-beta', 'anthropic-version'],
  // Its newest models refuse it: https://platform.claude.com/docs/en/build-with-claude/prefill-claudes-response
  continues: { 'anthropic-messages': {} },
  rules: ANTHROPIC_RULES,
  models: ['claude-opus-4-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'],
});
