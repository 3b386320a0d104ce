/** Moonshot (Kimi). Accounts of the two regions are separate. */

import { MOONSHOT_RULES } from './classify-moonshot.ts';
import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

export const moonshot: Provider = createOpenAICompatible({
  id: 'moonshot',
  name: 'Moonshot',
  variables: ['MOONSHOT_API_KEY', 'KIMI_API_KEY'],
  baseUrl: { china: 'https://api.moonshot.cn/v1', international: 'https://api.moonshot.ai/v1' },
  // Both fields at once are refused, and turns of tools without a thought:
  // https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model
  chatWays: { thinks: 'thinking', thinkers: /^kimi-k2\.[5-9]/, wantsThoughts: true, functionsOnly: true },
  speaksToo: {
    'anthropic-messages': beside(/^(https:\/\/api\.moonshot\.(?:ai|cn))\/v1$/, '$1/anthropic/v1/messages'),
  },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  rules: MOONSHOT_RULES,
  models: ['kimi-k3', 'kimi-k2.7-code', 'kimi-k2.6', 'kimi-k2.5'],
  quirks: [
    {
      what: 'It refuses a turn of tools without its `reasoning_content`: between dialects it is put back, or said to be empty.',
      source:
        'continuedev/continue#11600, https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model',
    },
    {
      what: 'The Kimi models have one `temperature`, `top_p`, `n` and one of each penalty, and refuse any other: they are dropped.',
      source: 'anomalyco/opencode#27796, https://platform.kimi.ai/docs/api/chat',
      rules: { drop: ['temperature', 'top_p', 'n', 'presence_penalty', 'frequency_penalty'] },
      models: /^kimi-/,
    },
    {
      what: 'It has refused `store` and `max_completion_tokens`: the one is dropped, the other sent as `max_tokens`.',
      source: 'https://platform.kimi.ai/docs/api/chat',
      rules: { drop: ['store'], rename: { max_completion_tokens: 'max_tokens' } },
    },
    {
      what: 'A stream tells its use in its last choice: it is read there.',
      source: 'earendil-works/pi#2017',
    },
  ],
  sources: [
    'https://platform.kimi.ai/docs/api/overview',
    'https://platform.moonshot.ai/docs/guide/agent-support',
  ],
});
