/** Mistral. Its errors are flat objects; its rates are told per second. */

import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { noDeveloper } from './quirks.ts';

export const mistral: Provider = createOpenAICompatible({
  id: 'mistral',
  name: 'Mistral',
  variables: ['MISTRAL_API_KEY'],
  baseUrl: 'https://api.mistral.ai/v1',
  // Fields that it does not know are refused: https://docs.mistral.ai/api
  chatWays: { thinks: 'never', functionsOnly: true },
  rules: [
    [{ status: 429, named: ['service_tier_capacity_exceeded', '3505'] }, 'overload'],
    [{ status: 429, words: /service tier capacity exceeded/i }, 'overload'],
    [{ status: 429, words: /\b(?:per month|monthly)\b/i }, 'plan'],
    [{ status: 429, words: /\btokens\b/i }, 'tpm'],
    [{ status: 429, named: ['rate_limited', '1300'] }, 'rpm'],
    [{ status: 429 }, 'rpm', { confidence: 'medium' }],
  ],
  models: [
    'mistral-large-latest',
    'mistral-medium-latest',
    'mistral-small-latest',
    'magistral-medium-latest',
    'codestral-latest',
    'devstral-2512',
  ],
  quirks: [
    {
      what: 'It refuses a body with a field that it does not know (422): OpenAI’s fields that it lacks are dropped.',
      source:
        'dnakov/anon-kode#53, charmbracelet/crush#1590, Gage-Technologies/mistral-go#2, mistralai/platform-docs-public#7',
      rules: {
        // Use is told at the end of every stream anyway.
        omit: ['stream_options'],
        drop: [
          'logprobs',
          'top_logprobs',
          'logit_bias',
          'user',
          'store',
          'service_tier',
          'modalities',
          'audio',
          'verbosity',
          'web_search_options',
          'safety_identifier',
          'messages[].name',
          'messages[].reasoning_content',
        ],
      },
    },
    {
      what: '`max_completion_tokens` and `seed` have other names there: `max_tokens` and `random_seed`.',
      source: 'editor-code-assistant/eca#231, https://docs.mistral.ai/api/',
      rules: { rename: { max_completion_tokens: 'max_tokens', seed: 'random_seed' } },
    },
    {
      what: 'Ids of tool calls have nine letters or digits: others are replaced in the call and in its result alike.',
      source: 'anomalyco/opencode#1680, editor-code-assistant/eca#233',
      rules: { nine: ['messages[].tool_calls[].id', 'messages[].tool_call_id'] },
    },
    noDeveloper('bramses/chatgpt-md#189'),
    {
      what: 'Reasoning comes as parts of the content: it is read as reasoning.',
      source: 'https://docs.mistral.ai/capabilities/reasoning/',
    },
  ],
  sources: ['https://docs.mistral.ai/api/', 'https://docs.mistral.ai/resources/known-limitations'],
});
