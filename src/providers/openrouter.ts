/**
 * OpenRouter, itself a relay: the refusal of the provider behind it stands in `error.metadata.raw`.
 * Source: https://openrouter.ai/docs/api-reference/errors
 */

import { OPENAI_RULES } from './classify-openai.ts';
import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const openrouter: Provider = createOpenAICompatible({
  id: 'openrouter',
  name: 'OpenRouter',
  variables: ['OPENROUTER_API_KEY'],
  baseUrl: 'https://openrouter.ai/api/v1',
  // https://openrouter.ai/docs/api/reference/parameters , https://openrouter.ai/docs/guides/best-practices/prompt-caching
  chatWays: { knows: ['top_k', 'repetition_penalty', 'cache_control'] },
  speaksToo: { 'openai-responses': '/responses', 'anthropic-messages': '/messages' },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['http-referer', 'x-title', 'anthropic-version'],
  rules: [
    // Avarok-Cybersecurity/atlas#543, Gitlawb/openclaude#936
    [{ named: ['openrouter_free_tier_daily'] }, 'day', { scope: 'account', until: 'stamp' }],
    [{ status: 429, words: /\bfree-models-per-day\b/ }, 'day', { scope: 'account', until: 'stamp' }],
    [{ status: 429, words: /\bfree-models-per-min\b/ }, 'rpm', { scope: 'account' }],
    [{ status: 429, words: /rate-limited upstream|^provider returned error/i }, 'overload'],
    [{ status: 403, words: /moderation|flagged/i }, 'content_refused'],
    [{ status: 404, words: /^no endpoints/i }, 'model_missing'],
    ...OPENAI_RULES,
  ],
  models: ['openrouter/auto'],
  quirks: [
    {
      what: 'Comments come while it waits for the provider behind it: they keep the connection and mean nothing.',
      source: 'https://openrouter.ai/docs/api-reference/streaming',
    },
    {
      what: 'Thoughts come as `reasoning`, beside `reasoning_details`: they are read as reasoning.',
      source: 'https://openrouter.ai/docs/use-cases/reasoning-tokens',
    },
  ],
  sources: [
    'https://openrouter.ai/docs/api-reference/overview',
    'https://openrouter.ai/docs/api-reference/errors',
    'https://openrouter.ai/docs/api-reference/limits',
  ],
});
