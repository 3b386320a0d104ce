/** Ollama, on this machine unless another address is given. It asks for no secret; its models are those that were pulled. */

import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const ollama: Provider = createOpenAICompatible({
  id: 'ollama',
  name: 'Ollama',
  baseUrl: 'http://127.0.0.1:11434/v1',
  addressForms: ['https://ollama.com/v1'],
  speaksToo: { 'anthropic-messages': '/messages' },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  quirks: [
    {
      what: 'Thoughts come as `reasoning`: they are read as reasoning.',
      source: 'https://docs.ollama.com/api/openai-compatibility',
    },
  ],
  sources: [
    'https://docs.ollama.com/api/openai-compatibility',
    'https://docs.ollama.com/api/anthropic-compatibility',
  ],
});
