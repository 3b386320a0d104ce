/**
 * OpenRouter, itself a relay: the refusal of the provider behind it stands in `error.metadata.raw`.
 * Source: https://openrouter.ai/docs/api-reference/errors
 */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const openrouter: Provider = createOpenAICompatible({
  id: 'openrouter',
  name: 'OpenRouter',
  variables: ['OPENROUTER_API_KEY'],
  baseUrl: 'https://openrouter.ai/api/v1',
  forwardHeaders: ['http-referer', 'x-title'],
  rules: [
    [{ status: 429, words: /free-models-per-day/i }, 'day', { scope: 'account' }],
    [{ status: 429, words: /rate-limited upstream/i }, 'overload'],
    [{ status: 403, words: /moderation|flagged/i }, 'content_refused'],
    ...OPENAI_RULES,
  ],
  models: ['openrouter/auto'],
});
