/** Perplexity: answers with searches of the web behind them. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const perplexity: Provider = createOpenAICompatible({
  id: 'perplexity',
  name: 'Perplexity',
  variables: ['PERPLEXITY_API_KEY'],
  baseUrl: 'https://api.perplexity.ai',
  rules: OPENAI_RULES,
  models: ['sonar', 'sonar-pro', 'sonar-reasoning-pro', 'sonar-deep-research'],
  quirks: [
    {
      what: 'Every chunk of a stream repeats the answer so far as a message, with citations and use: none is read twice.',
      source: 'https://docs.perplexity.ai/guides/streaming-responses',
    },
  ],
  sources: ['https://docs.perplexity.ai/api-reference/chat-completions-post'],
});
