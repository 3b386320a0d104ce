/** Cerebras. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const cerebras: Provider = createOpenAICompatible({
  id: 'cerebras',
  name: 'Cerebras',
  variables: ['CEREBRAS_API_KEY'],
  // https://inference-docs.cerebras.ai/capabilities/reasoning
  chatWays: { thinkers: /gpt-oss/ },
  baseUrl: 'https://api.cerebras.ai/v1',
  rules: OPENAI_RULES,
  // Counted when a call arrives: the input and `max_completion_tokens`: https://inference-docs.cerebras.ai/support/rate-limits
  prepaid: true,
  models: ['gpt-oss-120b', 'gemma-4-31b'],
  quirks: [
    {
      what: 'It refuses `frequency_penalty`, `presence_penalty` and `logit_bias`: they are dropped.',
      source: 'https://inference-docs.cerebras.ai/resources/openai',
      rules: { drop: ['frequency_penalty', 'presence_penalty', 'logit_bias'] },
    },
  ],
  sources: [
    'https://inference-docs.cerebras.ai/resources/openai',
    'https://inference-docs.cerebras.ai/support/rate-limits',
  ],
});
