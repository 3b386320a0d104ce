/** Mistral. Its errors are flat objects; its rates are told per second. */

import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { tasksAt } from './task-paths.ts';

export const mistral: Provider = createOpenAICompatible({
  id: 'mistral',
  name: 'Mistral',
  variables: ['MISTRAL_API_KEY'],
  baseUrl: 'https://api.mistral.ai/v1',
  // https://docs.mistral.ai/api/endpoint/embeddings , https://docs.mistral.ai/api/endpoint/classifiers
  speaksToo: tasksAt('openai-embeddings', 'openai-moderations', 'openai-transcriptions'),
  rules: [
    [{ status: 429, named: ['service_tier_capacity_exceeded', '3505'] }, 'overload'],
    [{ status: 429, words: /service tier capacity exceeded/i }, 'overload'],
    [{ status: 429, words: /\b(?:per month|monthly)\b/i }, 'plan'],
    [{ status: 429, words: /\btokens\b/i }, 'tpm'],
    [{ status: 429, named: ['rate_limited', '1300'] }, 'rpm'],
    [{ status: 429 }, 'rpm', { confidence: 'medium' }],
  ],
  models: ['mistral-large-latest', 'mistral-medium-latest', 'mistral-small-latest', 'codestral-latest'],
});
