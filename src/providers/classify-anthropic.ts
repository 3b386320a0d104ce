/**
 * Anthropic's refusals, in its own envelope or in OpenAI's.
 * Sources: https://www.developersdigest.tech/errors/api/anthropic-api , https://docs.llmgateway.io ,
 * anthropics/claude-code#71279 (headers), anthropics/claude-code#33352 (spend limit, long context).
 */

import type { Rule } from './refusal-rule.ts';

const RATE = ['rate_limit_error', 'rate_limit_exceeded'];

export const ANTHROPIC_RULES: readonly Rule[] = [
  [{ named: ['enforced_spend_limit_reached', 'billing_error'] }, 'balance'],
  [{ status: [400, 402, 403, 429], words: /^your credit balance is too low/i }, 'balance'],
  [{ status: [0, 429], words: /\benforced_spend_limit_reached\b/ }, 'balance'],
  // The spend limit that the customer set, with the day on which it starts anew.
  [
    { status: [400, 403, 429], words: /^you have reached your specified (?:workspace )?api usage limits/i },
    'plan',
    { until: 'printed-utc' },
  ],
  // anthropics/claude-code#9384
  [{ status: [400, 401, 403], words: /^this organization has been disabled/i }, 'banned'],
  [{ status: 429, words: /extra usage is required for long context/i }, 'too_large'],
  // The window of a subscription, five hours or a week.
  [
    { status: 429, header: ['anthropic-ratelimit-unified-status', /^rejected$/i] },
    'plan',
    { until: 'stamp' },
  ],
  [{ named: ['overloaded_error'] }, 'overload'],
  // nraiden/cofounder#40
  [{ named: RATE, words: /\bdaily rate limit\b/i }, 'day'],
  [{ named: RATE, words: /concurrent/i }, 'concurrency'],
  [{ named: RATE, words: /acceleration/i }, 'burst'],
  [{ named: RATE, words: /tokens per minute/i }, 'tpm'],
  [{ named: RATE, header: ['anthropic-ratelimit-tokens-remaining', /^0$/] }, 'tpm'],
  [{ named: RATE, header: ['anthropic-ratelimit-input-tokens-remaining', /^0$/] }, 'tpm'],
  [{ named: RATE, header: ['anthropic-ratelimit-output-tokens-remaining', /^0$/] }, 'tpm'],
  [{ named: RATE }, 'rpm', { confidence: 'medium' }],
  [{ named: ['authentication_error'] }, 'auth'],
];
