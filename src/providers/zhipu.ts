/** Zhipu, abroad Z.ai. Accounts of the two regions are separate. */

import { ZHIPU_RULES } from './classify-zhipu.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { tasksAt } from './task-paths.ts';

export const zhipu: Provider = createOpenAICompatible({
  id: 'zhipu',
  name: 'Zhipu',
  variables: ['ZAI_API_KEY', 'ZHIPU_API_KEY'],
  baseUrl: { china: 'https://open.bigmodel.cn/api/paas/v4', international: 'https://api.z.ai/api/paas/v4' },
  // https://docs.bigmodel.cn/openapi/openapi-en.json
  speaksToo: tasksAt(
    'openai-embeddings',
    'rerank',
    'openai-images',
    'openai-speech',
    'openai-moderations',
    'openai-transcriptions',
  ),
  rules: ZHIPU_RULES,
  models: ['glm-5', 'glm-4.7', 'glm-4.6', 'glm-4.5-air', 'glm-4.5-flash'],
});
