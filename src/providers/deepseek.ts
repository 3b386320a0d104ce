/**
 * DeepSeek. It limits what is in flight per account, not a rate.
 * Sources: https://api-docs.deepseek.com/quick_start/error_codes , https://api-docs.deepseek.com/quick_start/rate_limit
 */

import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const deepseek: Provider = createOpenAICompatible({
  id: 'deepseek',
  name: 'DeepSeek',
  variables: ['DEEPSEEK_API_KEY'],
  baseUrl: 'https://api.deepseek.com/v1',
  // Without the field of a thought, a turn of tools is refused: https://api-docs.deepseek.com/guides/thinking_mode
  chatWays: { thinks: 'thinking', effortToo: true, wantsThoughts: true },
  // https://github.com/deepseek-ai/awesome-deepseek-integration/issues/639
  foldsSystem: true,
  // Only below another path: https://api-docs.deepseek.com/guides/chat_prefix_completion
  continues: {
    'openai-chat': {
      mark: 'prefix',
      baseUrl: (usual) =>
        /^https:\/\/api\.deepseek\.com(?:\/v1)?$/.test(usual) ? 'https://api.deepseek.com/beta' : undefined,
    },
  },
  rules: [
    [{ status: 400, words: /^content exists risk/i }, 'content_refused'],
    [{ status: 429, words: /access was terminated/i }, 'banned'],
    // Its document gives each status one meaning.
    [{ status: 402 }, 'balance', { confidence: 'high' }],
    [{ status: 429 }, 'concurrency', { scope: 'account', confidence: 'high' }],
    [{ status: [500, 503] }, 'overload', { confidence: 'medium' }],
  ],
  models: ['deepseek-chat', 'deepseek-reasoner'],
});
