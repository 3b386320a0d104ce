/** Zhipu, abroad Z.ai. Accounts of the two regions are separate. */

import { ZHIPU_RULES } from './classify-zhipu.ts';
import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

export const zhipu: Provider = createOpenAICompatible({
  id: 'zhipu',
  name: 'Zhipu',
  variables: ['ZAI_API_KEY', 'ZHIPU_API_KEY'],
  regionByVariable: { ZAI_API_KEY: 'international' },
  // https://docs.z.ai/guides/capabilities/thinking-mode
  chatWays: { thinks: 'thinking', thinkers: /^glm-(?:4\.[5-9]|[5-9])/ },
  baseUrl: {
    china: 'https://open.bigmodel.cn/api/paas/v4',
    international: 'https://api.z.ai/api/paas/v4',
    'coding-plan-china': 'https://open.bigmodel.cn/api/coding/paas/v4',
    'coding-plan': 'https://api.z.ai/api/coding/paas/v4',
  },
  speaksToo: {
    'anthropic-messages': beside(
      /^(https:\/\/(?:open\.bigmodel\.cn|api\.z\.ai)\/api)(?:\/coding)?\/paas\/v4$/,
      '$1/anthropic/v1/messages',
    ),
  },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  rules: ZHIPU_RULES,
  models: [
    'glm-5.3',
    'glm-5.3-flash',
    'glm-5.2',
    'glm-5.1',
    'glm-5',
    'glm-5-turbo',
    'glm-4.7',
    'glm-4.6',
    'glm-4.5-air',
  ],
  quirks: [
    {
      what: '`sensitive` and `network_error` as reasons of an end are read as a content filter and as a break.',
      source: 'https://docs.z.ai/api-reference/llm/chat-completion',
    },
  ],
  sources: [
    'https://docs.z.ai/guides/develop/openai/python',
    'https://docs.z.ai/devpack/tool/claude',
    'https://docs.bigmodel.cn/cn/api/api-code',
  ],
});
