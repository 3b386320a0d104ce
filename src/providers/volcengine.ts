/** Volcengine's Ark (Doubao). Upstream models are model ids or the `ep-…` of an endpoint of one's own. */

import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

const HOST = 'https://ark\\.[a-z0-9-]+\\.(?:volces|bytepluses)\\.com/api';
const plain = beside(new RegExp(`^(${HOST})/v3$`), '$1/compatible/v1/messages');
const plan = beside(new RegExp(`^(${HOST}/coding)/v3$`), '$1/v1/messages');

export const volcengine: Provider = createOpenAICompatible({
  id: 'volcengine',
  name: 'Volcengine Ark',
  variables: ['ARK_API_KEY', 'VOLCENGINE_API_KEY'],
  baseUrl: {
    beijing: 'https://ark.cn-beijing.volces.com/api/v3',
    'coding-plan': 'https://ark.cn-beijing.volces.com/api/coding/v3',
    international: 'https://ark.ap-southeast.bytepluses.com/api/v3',
  },
  speaksToo: { 'anthropic-messages': (baseUrl) => plan(baseUrl) ?? plain(baseUrl) },
  authorize: authorizeMessagesToo,
  // https://www.volcengine.com/docs/82379/1449737
  chatWays: { thinks: 'thinking', thinkers: /seed|deepseek-v3|glm-4|kimi/ },
  forwardHeaders: ['anthropic-version'],
  // Its codes mean one thing wherever they turn up: they stand in classify-abroad.ts.
  rules: [],
  models: [
    'doubao-seed-2-1-pro-260628',
    'doubao-seed-2-0-pro-260215',
    'doubao-seed-1-8-251228',
    'doubao-seed-1-6-251015',
    'doubao-seed-1-6-flash-250828',
  ],
  quirks: [
    {
      what: 'Limits of a model, of an endpoint and of the account have a code each: they bench what they mean.',
      source: 'https://www.volcengine.com/docs/82379/1299023',
    },
  ],
  sources: [
    'https://www.volcengine.com/docs/82379/1330626',
    'https://www.volcengine.com/docs/82379/1928262',
    'https://www.volcengine.com/docs/82379/1299023',
  ],
});
