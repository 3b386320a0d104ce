/** Baidu's Qianfan, in its second interface, which is OpenAI's. */

import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

export const qianfan: Provider = createOpenAICompatible({
  id: 'qianfan',
  name: 'Baidu Qianfan',
  variables: ['QIANFAN_API_KEY'],
  // No field is known that all of its models take.
  chatWays: { thinks: 'never' },
  baseUrl: {
    beijing: 'https://qianfan.baidubce.com/v2',
    'coding-plan': 'https://qianfan.baidubce.com/v2/coding',
  },
  speaksToo: {
    'anthropic-messages': beside(
      /^(https:\/\/qianfan\.baidubce\.com)\/v2(\/coding)?$/,
      '$1/anthropic$2/v1/messages',
    ),
  },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  // Its codes mean one thing wherever they turn up: they stand in classify-abroad.ts.
  rules: [],
  models: [
    'ernie-5.1',
    'ernie-5.0-thinking-latest',
    'ernie-4.5-turbo-128k',
    'ernie-x1.1-preview',
    'deepseek-v3.2',
  ],
  quirks: [
    {
      what: 'A missing model is answered with 401: no secret is switched off for it.',
      source: 'https://cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w',
    },
  ],
  sources: [
    'https://cloud.baidu.com/doc/qianfan/s/qmh4sv5vi',
    'https://cloud.baidu.com/doc/qianfan/s/rmh4stn9m',
    'https://cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w',
  ],
});
