/**
 * Google's Vertex AI. Two forms of address: the OpenAI-compatible one, whose models carry their publisher
 * (`google/gemini-2.5-flash`), and Gemini's own below a publisher, whose models do not. A secret is an access token, which
 * lasts an hour: somebody has to renew it.
 */

import { GEMINI_RULES } from './classify-gemini.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

const PUBLISHER = /^(.+\/publishers\/[\w-]+)$/;
const geminiAt = beside(PUBLISHER, '$1/models');

const PLACE = 'https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}';
const EVERYWHERE = 'https://aiplatform.googleapis.com/v1/projects/{project}/locations/global';

export const vertex: Provider = {
  ...createOpenAICompatible({
    id: 'vertex',
    name: 'Google Vertex AI',
    variables: ['VERTEX_ACCESS_TOKEN'],
    addressForms: [
      `${EVERYWHERE}/endpoints/openapi`,
      `${PLACE}/endpoints/openapi`,
      `${EVERYWHERE}/publishers/google`,
      `${PLACE}/publishers/google`,
    ],
    rules: GEMINI_RULES,
    models: ['google/gemini-3.1-pro-preview', 'google/gemini-2.5-pro', 'google/gemini-2.5-flash'],
    quirks: [
      {
        what: 'Grok there tells its reasoning beside the completion: it is counted once.',
        source:
          'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/grok/capabilities/reasoning',
      },
    ],
    sources: [
      'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/start/openai',
      'https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
    ],
  }),
  speaks: {
    'openai-chat': (baseUrl) => (PUBLISHER.test(baseUrl) ? undefined : `${baseUrl}/chat/completions`),
    gemini: geminiAt,
  },
};
