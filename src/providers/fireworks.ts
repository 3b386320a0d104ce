/** Fireworks, host of open models: `accounts/fireworks/models/…`. */

import { OPENAI_RULES } from './classify-openai.ts';
import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const fireworks: Provider = createOpenAICompatible({
  id: 'fireworks',
  name: 'Fireworks AI',
  variables: ['FIREWORKS_API_KEY'],
  baseUrl: {
    global: 'https://api.fireworks.ai/inference/v1',
    us: 'https://us.api.fireworks.ai/inference/v1',
  },
  speaksToo: { 'anthropic-messages': '/messages' },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  rules: OPENAI_RULES,
  models: [
    'accounts/fireworks/models/kimi-k3',
    'accounts/fireworks/models/deepseek-v4-pro',
    'accounts/fireworks/models/glm-5p2',
    'accounts/fireworks/models/minimax-m3',
    'accounts/fireworks/models/gpt-oss-120b',
  ],
  sources: [
    'https://docs.fireworks.ai/tools-sdks/openai-compatibility',
    'https://docs.fireworks.ai/tools-sdks/anthropic-compatibility',
  ],
});
