/** SiliconFlow, host of open models. Accounts of the two regions are separate. */

import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

export const siliconflow: Provider = createOpenAICompatible({
  id: 'siliconflow',
  name: 'SiliconFlow',
  variables: ['SILICONFLOW_API_KEY'],
  baseUrl: { china: 'https://api.siliconflow.cn/v1', international: 'https://api.siliconflow.com/v1' },
  speaksToo: {
    'anthropic-messages': beside(/^(https:\/\/api\.siliconflow\.(?:cn|com)\/v1)$/, '$1/messages'),
  },
  authorize: authorizeMessagesToo,
  // https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions
  chatWays: {
    thinks: 'enable_thinking',
    thinkers: /Qwen3-\d+(?:\.\d)?B$|GLM-4\.[56]|DeepSeek-V3\.[12]/,
    knows: ['top_k'],
  },
  forwardHeaders: ['anthropic-version'],
  // Its texts mean one thing wherever they turn up: they stand in classify-abroad.ts.
  rules: [
    [{ named: ['30001'] }, 'balance'],
    [{ named: ['20012'] }, 'model_missing'],
  ],
  models: [
    'deepseek-ai/DeepSeek-V4-Pro',
    'deepseek-ai/DeepSeek-V4-Flash',
    'deepseek-ai/DeepSeek-V3.2',
    'zai-org/GLM-5.1',
    'moonshotai/Kimi-K2.6',
    'Qwen/Qwen3.6-27B',
    'Qwen/Qwen3-32B',
  ],
  quirks: [
    {
      what: 'Every chunk of a stream tells the use so far: the last word counts.',
      source: 'https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions',
    },
  ],
  sources: [
    'https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions',
    'https://docs.siliconflow.cn/cn/docs/api/messages-post',
    'https://docs.siliconflow.com/en/faqs/error-code',
  ],
});
