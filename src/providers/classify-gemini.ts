/**
 * Gemini's refusals. The quota's id decides, not the retry hint: a day that is used up comes with a hint of half a
 * minute.
 * Sources: diegosouzapw/OmniRoute#9504 and bodies in public code;
 * https://ai.google.dev/gemini-api/docs/api-errors
 */

import type { Rule } from './refusal-rule.ts';

export const GEMINI_RULES: readonly Rule[] = [
  [{ named: ['QUOTA_EXHAUSTED'] }, 'day', { until: 'stamp' }],
  [{ status: 429, quota: /=0$/ }, 'free_tier', { say: 'the tier has no quota for this model' }],
  [{ status: 429, words: /\blimit: 0\b/ }, 'free_tier', { say: 'the tier has no quota for this model' }],
  [{ quota: /PerDay/i }, 'day', { until: 'midnight-pacific' }],
  [{ quota: /token\w*PerMinute/i }, 'tpm'],
  [{ quota: /PerMinute/i }, 'rpm'],
  [{ status: 429, named: ['quota_exceeded'] }, 'day', { until: 'midnight-pacific' }],
  [{ status: 429, words: /PerDay|\bper day\b/i }, 'day', { until: 'midnight-pacific' }],
  [{ named: ['API_KEY_INVALID', 'API_KEY_EXPIRED', 'UNAUTHENTICATED', 'authentication'] }, 'auth'],
  [{ named: ['CONSUMER_SUSPENDED'] }, 'banned'],
  [{ status: 400, words: /^user location is not supported/i }, 'no_access', { scope: 'account' }],
  [{ named: ['FAILED_PRECONDITION'], words: /\benable billing\b/i }, 'balance'],
  [{ named: ['PERMISSION_DENIED'], words: /^your api key was reported as leaked/i }, 'auth'],
  [{ named: ['UNAVAILABLE'] }, 'overload'],
  // Vertex shares what it has: https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429
  [{ named: ['RESOURCE_EXHAUSTED'], words: /^resource exhausted\. please try again later/i }, 'overload'],
  // No details: the minute's limit is by far the most frequent.
  [{ named: ['RESOURCE_EXHAUSTED'] }, 'rpm', { confidence: 'medium' }],
];
