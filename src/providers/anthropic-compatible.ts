/** Any server that speaks Anthropic's messages and has no file of its own. Its address is given with the version. */

import { ANTHROPIC_RULES } from './classify-anthropic.ts';
import { authorizeMessagesByKey, createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const anthropicCompatible: Provider = {
  ...createOpenAICompatible({
    id: 'anthropic-compatible',
    name: 'Anthropic-compatible server',
    addressForms: ['https://host/v1'],
    authorize: authorizeMessagesByKey,
    forwardHeaders: ['anthropic-version'],
    rules: ANTHROPIC_RULES,
    sources: ['https://docs.claude.com/en/api/messages'],
  }),
  speaks: { 'anthropic-messages': '/messages' },
};
