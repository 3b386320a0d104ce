/**
 * OpenRouter, itself a relay: the refusal of the provider behind it stands in `error.metadata.raw`.
 * Source: https://openrouter.ai/docs/api-reference/errors
 */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { tasksAt } from './task-paths.ts';

export const openrouter: Provider = createOpenAICompatible({
  id: 'openrouter',
  name: 'OpenRouter',
  variables: ['OPENROUTER_API_KEY'],
  baseUrl: 'https://openrouter.ai/api/v1',
  // https://openrouter.ai/docs/api_reference/embeddings ; rerank beside it.
  speaksToo: tasksAt('openai-embeddings', 'rerank', 'openai-completions'),
  forwardHeaders: ['http-referer', 'x-title'],
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
});
