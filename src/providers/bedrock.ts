/**
 * Amazon Bedrock through its compatible endpoint (`bedrock-mantle`), with an API key of Bedrock's. One key speaks OpenAI's
 * dialects for the open and OpenAI's models and Anthropic's messages for Claude. Models that only Converse serves (Nova,
 * Llama) are not reached this way.
 */

import { BEDROCK_RULES } from './classify-bedrock.ts';
import { authorizeMessagesByKey, createOpenAICompatible } from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';

const REGIONS = [
  'us-east-1',
  'us-east-2',
  'us-west-2',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'eu-north-1',
  'eu-south-1',
  'ap-northeast-1',
  'ap-south-1',
  'ap-southeast-3',
  'sa-east-1',
] as const;

const CLAUDE = /(?:^|\.)anthropic\./;

export const bedrock: Provider = createOpenAICompatible({
  id: 'bedrock',
  name: 'Amazon Bedrock',
  variables: ['AWS_BEARER_TOKEN_BEDROCK'],
  chatWays: { thinkers: /(?:^|\.)openai\./ },
  regionVariables: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  baseUrl: Object.fromEntries(
    REGIONS.map((region) => [region, `https://bedrock-mantle.${region}.api.aws/v1`]),
  ),
  addressForms: ['https://bedrock-runtime.{region}.amazonaws.com/openai/v1'],
  speaksToo: {
    'openai-responses': '/responses',
    'anthropic-messages': beside(
      /^(https:\/\/bedrock-mantle\.[a-z0-9-]+\.api\.aws)\/v1$/,
      '$1/anthropic/v1/messages',
    ),
  },
  serves: (dialect, model) => (dialect === 'anthropic-messages') === CLAUDE.test(model),
  authorize: authorizeMessagesByKey,
  forwardHeaders: ['anthropic-version'],
  rules: BEDROCK_RULES,
  models: [
    'anthropic.claude-opus-5',
    'anthropic.claude-sonnet-5',
    'anthropic.claude-haiku-4-5',
    'openai.gpt-oss-120b',
    'openai.gpt-oss-20b',
    'mistral.mistral-large-3-675b-instruct',
  ],
  quirks: [
    {
      what: 'Claude is asked by Anthropic’s messages, all other models by OpenAI’s dialects.',
      source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/models-endpoint-availability.html',
    },
  ],
  sources: [
    'https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html',
    'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html',
    'https://platform.claude.com/docs/en/build-with-claude/claude-in-amazon-bedrock',
    'https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html',
  ],
});
