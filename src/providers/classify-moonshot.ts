/**
 * Moonshot's refusals. The wording about a "current quota" is nearly Model Studio's but means money, and limits
 * belong to the organisation, so all channels of the account wait.
 * Source: https://platform.moonshot.cn/docs/api/chat ; continuedev/continue#11443, MoonshotAI/Kimi-K2#5 (403).
 */

import type { Rule } from './refusal-rule.ts';

const RATE = ['rate_limit_reached_error'];

export const MOONSHOT_RULES: readonly Rule[] = [
  [{ named: ['exceeded_current_quota_error'] }, 'balance'],
  [{ status: [403, 429], words: /exceeded (?:your )?current (?:token )?quota/i }, 'balance'],
  [{ named: RATE, words: /\bTPD\b/ }, 'day', { scope: 'account', until: 'midnight-beijing' }],
  [{ named: RATE, words: /concurrency/i }, 'concurrency', { scope: 'account' }],
  [{ named: RATE, words: /\bTPM\b/ }, 'tpm', { scope: 'account' }],
  [{ named: RATE, words: /\bRPM\b/ }, 'rpm', { scope: 'account' }],
  [{ named: RATE }, 'rpm', { scope: 'account', confidence: 'medium' }],
  [{ named: ['engine_overloaded_error'] }, 'overload'],
  [{ named: ['invalid_authentication_error'] }, 'auth'],
];
