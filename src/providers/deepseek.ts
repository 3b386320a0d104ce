/**
 * DeepSeek. It limits what is in flight per account, not a rate.
 * Sources: https://api-docs.deepseek.com/quick_start/error_codes , https://api-docs.deepseek.com/quick_start/rate_limit
 */

import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider, type PublishedLimits } from './provider.ts';
import { foldsSystem, noDeveloper } from './quirks.ts';

const LIMITS = 'https://api-docs.deepseek.com/quick_start/rate_limit';

/** Calls in flight per account and model; the old names are served by the flash model. */
const limits = (model: string): PublishedLimits | undefined => {
  if (model === 'deepseek-v4-pro') return { limits: { concurrency: 500 }, source: LIMITS };
  return /^deepseek-(?:v4-)?flash$/.test(model)
    ? { limits: { concurrency: 2_500 }, source: LIMITS }
    : undefined;
};

export const deepseek: Provider = createOpenAICompatible({
  id: 'deepseek',
  name: 'DeepSeek',
  variables: ['DEEPSEEK_API_KEY'],
  baseUrl: 'https://api.deepseek.com/v1',
  // Without the field of a thought, a turn of tools is refused: https://api-docs.deepseek.com/guides/thinking_mode
  chatWays: { thinks: 'thinking', effortToo: true, wantsThoughts: true, functionsOnly: true },
  foldsSystem: true,
  speaksToo: {
    'anthropic-messages': beside(/^(https:\/\/api\.deepseek\.com)(?:\/v1)?$/, '$1/anthropic/v1/messages'),
  },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  limits,
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
  // `deepseek-chat` and `deepseek-reasoner` are answered no more since 2026-07-24: https://api-docs.deepseek.com/news/news260424
  models: ['deepseek-flash', 'deepseek-v4-pro'],
  quirks: [
    noDeveloper('earendil-works/pi#1048, losesky/ai-auto-trading#14'),
    foldsSystem('deepseek-ai/awesome-deepseek-integration#639'),
    {
      what: 'It refuses a turn of tools without its `reasoning_content`: between dialects it is put back, or said to be empty.',
      source: 'https://api-docs.deepseek.com/guides/thinking_mode',
    },
    {
      what: 'While a call waits there, blank lines and comments come: they keep the connection and mean nothing.',
      source: LIMITS,
    },
    {
      what: 'An answer that broke off goes on below `/beta`, its beginning marked `prefix`.',
      source: 'https://api-docs.deepseek.com/guides/chat_prefix_completion',
    },
  ],
  sources: [
    'https://api-docs.deepseek.com/',
    'https://api-docs.deepseek.com/guides/anthropic_api',
    'https://api-docs.deepseek.com/quick_start/error_codes',
    LIMITS,
  ],
});
