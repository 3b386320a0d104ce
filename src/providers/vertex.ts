/**
 * Google's Vertex AI through its OpenAI-compatible endpoint. A secret is an access token, which lasts an hour: somebody
 * has to renew it. Models carry their publisher: `google/gemini-2.5-flash`.
 */

import { GEMINI_RULES } from './classify-gemini.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';

export const vertex: Provider = createOpenAICompatible({
  id: 'vertex',
  name: 'Google Vertex AI',
  variables: ['VERTEX_ACCESS_TOKEN'],
  addressForms: [
    'https://aiplatform.googleapis.com/v1/projects/{project}/locations/global/endpoints/openapi',
    'https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/endpoints/openapi',
  ],
  rules: GEMINI_RULES,
  models: ['google/gemini-3-pro-preview', 'google/gemini-2.5-pro', 'google/gemini-2.5-flash'],
  quirks: [
    {
      what: 'Grok there tells its reasoning beside the completion: it is counted once.',
      source:
        'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning',
    },
  ],
  sources: ['https://docs.cloud.google.com/vertex-ai/generative-ai/docs/start/openai'],
});
