/** xAI. Its errors are strings; money comes as 403 or 429, a wrong secret as 400. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { tasksAt } from './task-paths.ts';

export const xai: Provider = createOpenAICompatible({
  id: 'xai',
  name: 'xAI',
  variables: ['XAI_API_KEY'],
  baseUrl: 'https://api.x.ai/v1',
  // https://docs.x.ai/docs/api-reference
  speaksToo: tasksAt('openai-images'),
  rules: [
    [{ status: [403, 429], words: /used all available credits|spending limit|have any credits/i }, 'balance'],
    ...OPENAI_RULES,
  ],
  models: ['grok-4', 'grok-4-fast-reasoning', 'grok-4-fast-non-reasoning', 'grok-code-fast-1'],
});
