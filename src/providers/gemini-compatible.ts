/** Any server that speaks Gemini's dialect and has no file of its own. Its address is given with the version. */

import { GEMINI_WAYS } from './gemini.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const geminiCompatible: Provider = {
  ...createOpenAICompatible({
    ...GEMINI_WAYS,
    id: 'gemini-compatible',
    name: 'Gemini-compatible server',
    addressForms: ['https://host/v1beta'],
    sources: ['https://ai.google.dev/api/generate-content'],
  }),
  speaks: { gemini: '/models' },
};
