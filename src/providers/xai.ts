/** xAI. Its errors are strings; money comes as 403 or 429, a wrong secret as 400. */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const xai: Provider = createOpenAICompatible({
  id: 'xai',
  name: 'xAI',
  variables: ['XAI_API_KEY'],
  baseUrl: { global: 'https://api.x.ai/v1', us: 'https://us.api.x.ai/v1' },
  speaksToo: { 'openai-responses': '/responses' },
  rules: [
    [{ status: [403, 429], words: /used all available credits|spending limit|have any credits/i }, 'balance'],
    ...OPENAI_RULES,
  ],
  // Grok 4, its fast forms and the coding model are answered no more: https://docs.x.ai/docs/migration/may-15-retirement
  models: ['grok-4.6', 'grok-4.5', 'grok-4.3', 'grok-4.20'],
  quirks: [
    {
      what: 'Its reasoning models refuse `presence_penalty`, `frequency_penalty` and `stop`: they are dropped.',
      source: 'https://docs.x.ai/docs/guides/reasoning',
      rules: { drop: ['presence_penalty', 'frequency_penalty', 'stop'] },
      models: /^grok-(?:3-mini|4|build|code)(?!.*non-reasoning)/,
    },
    {
      what: 'Grok 4, its fast forms, 4.20 and the coding model refuse `reasoning_effort`: it is dropped.',
      source: 'https://docs.x.ai/docs/guides/reasoning, vercel/ai @ai-sdk/xai 4.0.8',
      rules: { drop: ['reasoning_effort'] },
      models: /^grok-(?:4(?:-|$)|4\.20(?!-multi)|code-)/,
    },
    {
      what: 'It tells its reasoning beside the completion, and its use again and again: counted once, by the last word.',
      source:
        'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning',
    },
  ],
  sources: ['https://docs.x.ai/docs/api-reference', 'https://docs.x.ai/docs/key-information/regions'],
});
