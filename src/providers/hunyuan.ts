/** Tencent's Hunyuan. It limits what is in flight per account, not a rate. */

import { authorizeMessagesByKey, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

export const hunyuan: Provider = createOpenAICompatible({
  id: 'hunyuan',
  name: 'Tencent Hunyuan',
  variables: ['HUNYUAN_API_KEY'],
  // No field is known that all of its models take.
  chatWays: { thinks: 'never' },
  baseUrl: 'https://api.hunyuan.cloud.tencent.com/v1',
  speaksToo: {
    'anthropic-messages': beside(
      /^(https:\/\/api\.hunyuan\.cloud\.tencent\.com)\/v1$/,
      '$1/anthropic/v1/messages',
    ),
  },
  authorize: authorizeMessagesByKey,
  forwardHeaders: ['anthropic-version'],
  // Its codes mean one thing wherever they turn up: they stand in classify-abroad.ts.
  rules: [],
  // Five calls in flight, as long as nobody buys more: https://cloud.tencent.com/document/product/1729/105701
  limits: (model) =>
    model.startsWith('hunyuan-')
      ? { limits: { concurrency: 5 }, source: 'https://cloud.tencent.com/document/product/1729/105701' }
      : undefined,
  models: [
    'hunyuan-2.0-thinking-20251109',
    'hunyuan-2.0-instruct-20251111',
    'hunyuan-turbos-latest',
    'hunyuan-t1-latest',
    'hunyuan-lite',
  ],
  quirks: [
    {
      what: 'Every chunk of a stream tells the use so far: the last word counts.',
      source: 'https://cloud.tencent.com/document/product/1729/111007',
    },
  ],
  sources: [
    'https://cloud.tencent.com/document/product/1729/111006',
    'https://cloud.tencent.com/document/product/1729/111007',
    'https://cloud.tencent.com/document/product/1729/105701',
  ],
});
