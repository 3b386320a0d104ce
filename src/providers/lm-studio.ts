/** LM Studio, on this machine unless another address is given. It asks for no secret unless told to. */

import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const lmStudio: Provider = createOpenAICompatible({
  id: 'lm-studio',
  name: 'LM Studio',
  baseUrl: 'http://127.0.0.1:1234/v1',
  speaksToo: { 'anthropic-messages': '/messages' },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  sources: [
    'https://lmstudio.ai/docs/developer/openai-compat',
    'https://lmstudio.ai/docs/developer/anthropic-compat',
  ],
});
