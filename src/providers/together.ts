/** Together, host of open models. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const together: Provider = createOpenAICompatible({
  id: 'together',
  name: 'Together AI',
  variables: ['TOGETHER_API_KEY'],
  // https://docs.together.ai/docs/gpt-oss
  chatWays: { thinkers: /gpt-oss/, knows: ['top_k', 'repetition_penalty'] },
  baseUrl: 'https://api.together.xyz/v1',
  rules: OPENAI_RULES,
  models: [
    'meta-llama/Llama-3.3-70B-Instruct-Turbo',
    'moonshotai/Kimi-K2.5',
    'zai-org/GLM-5',
    'Qwen/Qwen3.5-397B-A17B',
    'openai/gpt-oss-120b',
    'openai/gpt-oss-20b',
  ],
  sources: [
    'https://docs.together.ai/docs/openai-api-compatibility',
    'https://docs.together.ai/docs/rate-limits',
  ],
});
