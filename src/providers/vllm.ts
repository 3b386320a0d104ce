/** vLLM, on this machine unless another address is given. It asks for no secret unless it was started with one. */

import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const vllm: Provider = createOpenAICompatible({
  id: 'vllm',
  name: 'vLLM',
  baseUrl: 'http://127.0.0.1:8000/v1',
  speaksToo: { 'anthropic-messages': '/messages' },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  quirks: [
    {
      what: 'Thoughts come as `reasoning`, `reasoning_content` or both: they are read once.',
      source: 'https://docs.vllm.ai/en/latest/features/reasoning_outputs.html',
    },
  ],
  sources: ['https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html'],
});
