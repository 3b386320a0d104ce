/** OpenAI. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { MAX_COMPLETION_TOKENS } from './quirks.ts';

export const openai: Provider = createOpenAICompatible({
  id: 'openai',
  name: 'OpenAI',
  variables: ['OPENAI_API_KEY'],
  baseUrl: 'https://api.openai.com/v1',
  speaksToo: { 'openai-responses': '/responses' },
  // Its newer models refuse `max_tokens`: https://platform.openai.com/docs/api-reference/chat/create
  outputField: 'max_completion_tokens',
  // Models that do not reason refuse it: https://platform.openai.com/docs/guides/reasoning
  chatWays: { thinks: 'reasoning_effort', thinkers: /^(?:o\d|gpt-(?:[5-9]|oss)|codex)(?!.*-chat)/ },
  forwardHeaders: ['openai-beta'],
  rules: OPENAI_RULES,
  // Counted is the greater of max_tokens and an estimate of the input: https://platform.openai.com/docs/guides/rate-limits
  prepaid: true,
  models: [
    'gpt-6-astra',
    'gpt-6-sol',
    'gpt-6-luna',
    'gpt-5.5',
    'gpt-5.4',
    'gpt-5.4-mini',
    'gpt-5.2',
    'gpt-5.1',
    'gpt-5',
    'gpt-5-mini',
    'gpt-5-nano',
    'gpt-4.1',
    'gpt-4.1-mini',
    'gpt-4o',
    'gpt-4o-mini',
  ],
  quirks: [MAX_COMPLETION_TOKENS],
  sources: [
    'https://platform.openai.com/docs/api-reference/introduction',
    'https://platform.openai.com/docs/guides/rate-limits',
  ],
});
