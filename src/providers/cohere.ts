/** Cohere, through its interface for OpenAI's clients. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

export const cohere: Provider = createOpenAICompatible({
  id: 'cohere',
  name: 'Cohere',
  variables: ['COHERE_API_KEY', 'CO_API_KEY'],
  chatWays: { thinks: 'never' },
  baseUrl: 'https://api.cohere.ai/compatibility/v1',
  // https://docs.cohere.com/reference/rerank
  speaksToo: { rerank: beside(/^(https:\/\/api\.cohere\.(?:ai|com))\/compatibility\/v1$/, '$1/v2/rerank') },
  rules: OPENAI_RULES,
  models: ['command-a-03-2025', 'command-r-plus-08-2024', 'command-r-08-2024'],
  sources: ['https://docs.cohere.com/docs/compatibility-api'],
});
