/** MiniMax. Accounts of the two regions are separate. It tells errors as a status of its own, with any HTTP status before it. */

import { MINIMAX_RULES } from './classify-minimax.ts';
import { authorizeMessagesToo, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider, type PublishedLimits } from './provider.ts';
import { foldsSystem } from './quirks.ts';

const LIMITS = 'https://platform.minimax.io/docs/guides/rate-limits';

function limits(model: string): PublishedLimits | undefined {
  if (model === 'MiniMax-M3') return { limits: { rpm: 200, tpm: 10_000_000 }, source: LIMITS };
  return /^MiniMax-M2(?:\.\d)?(?:-highspeed)?$/.test(model)
    ? { limits: { rpm: 500, tpm: 20_000_000 }, source: LIMITS }
    : undefined;
}

export const minimax: Provider = createOpenAICompatible({
  id: 'minimax',
  name: 'MiniMax',
  variables: ['MINIMAX_API_KEY'],
  // Its models think or do not, whatever the client wishes in this dialect.
  chatWays: { thinks: 'never' },
  baseUrl: { international: 'https://api.minimax.io/v1', china: 'https://api.minimaxi.com/v1' },
  speaksToo: {
    'anthropic-messages': beside(/^(https:\/\/api\.minimaxi?\.(?:io|com))\/v1$/, '$1/anthropic/v1/messages'),
  },
  authorize: authorizeMessagesToo,
  forwardHeaders: ['anthropic-version'],
  foldsSystem: true,
  rules: MINIMAX_RULES,
  limits,
  models: [
    'MiniMax-M3',
    'MiniMax-M2.7',
    'MiniMax-M2.7-highspeed',
    'MiniMax-M2.5',
    'MiniMax-M2.1',
    'MiniMax-M2',
  ],
  quirks: [
    foldsSystem('MiniMax-AI/MiniMax-M2.7#43'),
    {
      what: 'An error may come under a 200, in `base_resp`: it is read as one, and moves the call.',
      source: 'https://platform.minimax.io/docs/api-reference/errorcode',
    },
    {
      what: 'The last chunk of a stream repeats the whole answer as a message: it is not read twice.',
      source: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
    },
  ],
  sources: [
    'https://platform.minimax.io/docs/api-reference/text-openai-api',
    'https://platform.minimax.io/docs/api-reference/text-anthropic-api',
    LIMITS,
  ],
});
