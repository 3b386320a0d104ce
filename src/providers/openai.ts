/** OpenAI. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { tasksAt } from './task-paths.ts';

export const openai: Provider = createOpenAICompatible({
  id: 'openai',
  name: 'OpenAI',
  variables: ['OPENAI_API_KEY'],
  baseUrl: 'https://api.openai.com/v1',
  // https://platform.openai.com/docs/api-reference ; it ranks nothing.
  speaksToo: {
    'openai-responses': '/responses',
    ...tasksAt(
      'openai-embeddings',
      'openai-images',
      'openai-speech',
      'openai-moderations',
      ...(['openai-completions', 'openai-transcriptions', 'openai-translations'] as const),
      ...(['openai-image-edits', 'openai-image-variations'] as const),
    ),
  },
  // Its newer models refuse `max_tokens`: https://platform.openai.com/docs/api-reference/chat/create
  outputField: 'max_completion_tokens',
  forwardHeaders: ['openai-beta'],
  rules: OPENAI_RULES,
  // Counted is the greater of max_tokens and an estimate of the input: https://platform.openai.com/docs/guides/rate-limits
  prepaid: true,
  models: [
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
});
