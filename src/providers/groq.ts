/**
 * Groq. Source: https://console.groq.com/docs/errors , https://console.groq.com/docs/rate-limits
 */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { toldPerDay } from './told.ts';

export const groq: Provider = createOpenAICompatible({
  id: 'groq',
  name: 'Groq',
  variables: ['GROQ_API_KEY'],
  baseUrl: 'https://api.groq.com/openai/v1',
  // Of what it serves, only these take an effort: https://console.groq.com/docs/reasoning
  chatWays: { thinkers: /gpt-oss/, functionsOnly: true },
  rules: [[{ status: 498 }, 'overload', { say: 'the flex tier is at its capacity' }], ...OPENAI_RULES],
  // Its x-ratelimit-…-requests are of the day, its …-tokens of the minute: https://console.groq.com/docs/rate-limits
  readTold: toldPerDay,
  models: [
    'openai/gpt-oss-120b',
    'openai/gpt-oss-20b',
    'qwen/qwen3.8-27b',
    'qwen/qwen3.6-27b',
    'groq/compound',
    'groq/compound-mini',
  ],
  quirks: [
    {
      what: 'It refuses `logprobs`, `top_logprobs`, `logit_bias` and a `name` in messages: they are dropped.',
      source: 'https://console.groq.com/docs/openai',
      rules: { drop: ['logprobs', 'top_logprobs', 'logit_bias', 'messages[].name'] },
    },
    {
      what: 'A stream tells its use in `x_groq.usage`, thoughts in `reasoning`: both are read.',
      source: 'https://console.groq.com/docs/reasoning',
    },
  ],
  sources: [
    'https://console.groq.com/docs/openai',
    'https://console.groq.com/docs/rate-limits',
    'https://console.groq.com/docs/errors',
  ],
});
