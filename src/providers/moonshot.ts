/** Moonshot (Kimi). Accounts of the two regions are separate. */

import { MOONSHOT_RULES } from './classify-moonshot.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const moonshot: Provider = createOpenAICompatible({
  id: 'moonshot',
  name: 'Moonshot',
  variables: ['MOONSHOT_API_KEY', 'KIMI_API_KEY'],
  baseUrl: { china: 'https://api.moonshot.cn/v1', international: 'https://api.moonshot.ai/v1' },
  // Both fields at once are refused, and turns of tools without a thought:
  // https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model
  chatWays: { thinks: 'thinking', thinkers: /^kimi-k2\.[5-9]/, wantsThoughts: true },
  rules: MOONSHOT_RULES,
  models: ['kimi-k2.5', 'kimi-k2-thinking', 'kimi-k2-turbo-preview', 'kimi-latest'],
});
