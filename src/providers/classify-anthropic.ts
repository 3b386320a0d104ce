/**
 * Anthropic's refusals, in its own envelope or in OpenAI's.
 * Sources: https://www.developersdigest.tech/errors/api/anthropic-api , https://docs.llmgateway.io ,
 * anthropics/claude-code#71279 (headers), anthropics/claude-code#33352 (spend limit, long context).
 */

import type { Rule } from './refusal-rule.ts';

const RATE = ['rate_limit_error', 'rate_limit_exceeded'];

export const ANTHROPIC_RULES: readonly Rule[] = [
  [{ named: ['enforced_spend_limit_reached', 'billing_error'] }, 'balance'],
  [{ words: /credit balance is too low|enforced_spend_limit_reached/i }, 'balance'],
  [{ status: 429, words: /extra usage is required for long context/i }, 'exceeds_limits'],
  // The window of a subscription, five hours or a week.
  [
    { status: 429, header: ['anthropic-ratelimit-unified-status', /^rejected$/i] },
    'plan',
    { until: 'stamp' },
  ],
  [{ named: RATE, words: /concurrent/i }, 'concurrency'],
  [{ named: RATE, words: /acceleration/i }, 'burst'],
  [{ named: RATE, words: /tokens per minute/i }, 'tpm'],
  [{ named: RATE, header: ['anthropic-ratelimit-tokens-remaining', /^0$/] }, 'tpm'],
  [{ named: RATE, header: ['anthropic-ratelimit-input-tokens-remaining', /^0$/] }, 'tpm'],
  [{ named: RATE, header: ['anthropic-ratelimit-output-tokens-remaining', /^0$/] }, 'tpm'],
];
