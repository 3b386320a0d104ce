/**
 * Azure OpenAI, and the other models of a Foundry resource. Upstream models are the names of deployments. Two forms of
 * address: the v1 one, where the model stands in the body, and the classic one, where the deployment and a version of the
 * interface stand in the address.
 */

import { OPENAI_RULES } from './classify-openai.ts';
import { authorizeByBearer, createOpenAICompatible, MESSAGES_VERSION } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';
import { MAX_COMPLETION_TOKENS } from './quirks.ts';

/** The last generally available one of the classic interface: https://learn.microsoft.com/azure/ai-services/openai/api-version-deprecation */
const CLASSIC_VERSION = '2024-10-21';

/** The resource alone, with `/openai` and the version or without: the classic form. */
const CLASSIC =
  /^(https:\/\/[\w.-]+\.(?:openai\.azure|cognitiveservices\.azure)\.(?:com|cn|us))(?:\/openai)?(?:\?api-version=([\w-]+))?$/;

const at =
  (path: string) =>
  (baseUrl: string): string => {
    const [, resource, version = CLASSIC_VERSION] = CLASSIC.exec(baseUrl) ?? [];
    return resource === undefined
      ? baseUrl + path
      : `${resource}/openai/deployments/{model}${path}?api-version=${version}`;
  };

/** A token of Microsoft Entra; a key has no dots. */
const TOKEN = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/;

const CLAUDE = /claude/i;

export const azure: Provider = {
  ...createOpenAICompatible({
    id: 'azure',
    name: 'Azure OpenAI',
    variables: ['AZURE_OPENAI_API_KEY'],
    chatWays: { thinks: 'reasoning_effort', thinkers: /^(?:o\d|gpt-(?:[5-9]|oss)|codex)(?!.*-chat)/ },
    addressForms: [
      'https://{resource}.openai.azure.com/openai/v1',
      'https://{resource}.services.ai.azure.com/openai/v1',
      'https://{resource}.openai.azure.com',
      'https://{resource}.openai.azure.com?api-version=2024-10-21',
    ],
    // What speaks OpenAI's way and what Anthropic's is told by the name of the deployment alone.
    serves: (dialect, model) => (dialect === 'anthropic-messages') === CLAUDE.test(model),
    authorize(headers, secret, dialect) {
      if (dialect === 'anthropic-messages') headers['anthropic-version'] ??= MESSAGES_VERSION;
      if (secret === '') return;
      if (TOKEN.test(secret)) authorizeByBearer(headers, secret);
      else headers['api-key'] = secret;
    },
    outputField: 'max_completion_tokens',
    forwardHeaders: ['anthropic-version'],
    rules: OPENAI_RULES,
    // "an estimate of … max_tokens" counts when a call arrives: https://learn.microsoft.com/azure/ai-services/openai/how-to/quota
    prepaid: true,
    quirks: [
      MAX_COMPLETION_TOKENS,
      {
        what: 'The first chunk of a stream tells of the content filter and has no choices: it is passed on and means nothing.',
        source: 'https://learn.microsoft.com/azure/ai-services/openai/concepts/content-streaming',
      },
      {
        what: 'The classic address holds the deployment: it is written there for every call.',
        source: 'https://learn.microsoft.com/azure/ai-services/openai/reference',
      },
      {
        what: 'Deployments with `claude` in their name are asked by Anthropic’s messages, all others by OpenAI’s dialects.',
        source:
          'https://learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/use-foundry-models-claude',
      },
    ],
    sources: [
      'https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle',
      'https://learn.microsoft.com/azure/ai-services/openai/how-to/quota',
    ],
  }),
  speaks: {
    'openai-chat': at('/chat/completions'),
    // https://learn.microsoft.com/azure/ai-services/openai/reference
    'openai-embeddings': at('/embeddings'),
    'openai-images': at('/images/generations'),
    'openai-speech': at('/audio/speech'),
    'openai-completions': at('/completions'),
    'openai-responses': (baseUrl) => (CLASSIC.test(baseUrl) ? undefined : `${baseUrl}/responses`),
    'anthropic-messages': beside(
      /^(https:\/\/[\w.-]+\.services\.ai\.azure\.com)\/openai\/v1$/,
      '$1/anthropic/v1/messages',
    ),
  },
};
