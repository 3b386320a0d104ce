/**
 * Bedrock's refusals: AWS's words for an exception, in OpenAI's envelope or in Anthropic's.
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
 */

import { OPENAI_RULES } from './classify-openai.ts';
import type { Rule } from './refusal-rule.ts';

export const BEDROCK_RULES: readonly Rule[] = [
  [{ status: 429, words: /^too many tokens per day/i }, 'day'],
  [{ status: 429, words: /^too many tokens/i }, 'tpm'],
  [{ status: 429, words: /^too many (?:requests|connections)/i }, 'rpm'],
  [{ named: ['ThrottlingException', 'throttling_exception'] }, 'rpm', { confidence: 'medium' }],
  [{ named: ['ModelNotReadyException', 'ServiceUnavailableException'] }, 'overload'],
  [{ named: ['AccessDeniedException'] }, 'no_access'],
  [{ named: ['UnrecognizedClientException', 'ExpiredTokenException'] }, 'auth'],
  [{ named: ['ModelTimeoutException', 'InternalServerException'] }, 'upstream_error'],
  [
    {
      status: [400, 404],
      words: /\bisn't supported on this route|^the (?:provided )?model identifier is invalid/i,
    },
    'model_missing',
  ],
  ...OPENAI_RULES,
];
