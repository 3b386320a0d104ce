/**
 * Anthropic, through its OpenAI-compatible endpoint.
 * Source: https://docs.claude.com/en/api/openai-sdk
 */

import { ANTHROPIC_RULES } from './classify-anthropic.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const anthropic: Provider = createOpenAICompatible({
  id: 'anthropic',
  name: 'Anthropic',
  variables: ['ANTHROPIC_API_KEY'],
  baseUrl: 'https://api.anthropic.com/v1',
  forwardHeaders: ['anthropic-beta'],
  rules: ANTHROPIC_RULES,
  models: ['claude-opus-4-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'],
});
