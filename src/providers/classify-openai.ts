/**
 * OpenAI's refusals, and with them those of Azure and of the many that speak OpenAI's way. Here
 * `insufficient_quota` is money and final.
 * Sources: https://help.openai.com/en/articles/5955604 , https://help.openai.com/en/articles/6614457 ,
 * https://developers.openai.com (error codes), https://learn.microsoft.com (azure-openai-429-token-rate-limit).
 */

import type { Rule } from './refusal-rule.ts';

export const OPENAI_RULES: readonly Rule[] = [
  // No wait helps one call that is larger than the whole minute: agent0ai/agent-zero#711, DrShushen/climb#13.
  [
    { status: [400, 413, 429], words: /^request too large\b[\s\S]*\bLimit:? \d+, Requested:? ~?\d+/i },
    'too_large',
  ],
  // Groq said so with other words: danielmiessler/Fabric#364.
  [{ status: [0, 413, 429], isOversized: true }, 'too_large'],
  [
    {
      named: [
        'insufficient_quota',
        'credit_balance_exhausted',
        'organization_spend_limit_exceeded',
        'project_spend_limit_exceeded',
        'organization_usage_limit_exceeded',
        'billing_hard_limit_reached',
        'billing_not_active',
      ],
    },
    'balance',
  ],
  [{ named: ['rate_limit_exceeded'], words: /\bper day\b|\b[RT]PD\b/i }, 'day'],
  [{ status: 429, named: ['tokens'] }, 'tpm'],
  [{ named: ['rate_limit_exceeded'], words: /\btokens? per min|\bTPM\b/i }, 'tpm'],
  [{ status: 429, named: ['requests'] }, 'rpm'],
  [{ named: ['slow_down'] }, 'burst'],
  [{ named: ['server_is_overloaded'] }, 'overload'],
  [{ named: ['invalid_api_key'] }, 'auth'],
  [{ named: ['content_filter', 'ResponsibleAIPolicyViolation'] }, 'content_refused'],
  [{ named: ['DeploymentNotFound'] }, 'model_missing'],
  // Azure, in its newer words: pollinations/pollinations#6260, Azure-Samples/azure-search-openai-demo#177.
  [{ status: 429, words: /^The system is currently experiencing high demand/ }, 'overload'],
  [{ status: 429, words: /^Rate limit is exceeded\. Try again in/ }, 'rpm'],
];
