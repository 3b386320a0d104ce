/**
 * MiniMax's refusals: a number of its own, under `base_resp` or behind the text in brackets.
 * Source: https://platform.minimax.io/docs/api-reference/errorcode
 */

import type { Rule } from './refusal-rule.ts';

export const MINIMAX_RULES: readonly Rule[] = [
  [{ named: ['1008'] }, 'balance'],
  [{ named: ['2056'] }, 'plan', { until: 'printed-utc' }],
  [{ named: ['1002'] }, 'rpm'],
  [{ named: ['1039'] }, 'tpm'],
  [{ named: ['1041'] }, 'concurrency'],
  [{ named: ['2045'] }, 'burst'],
  [{ named: ['1004', '2049'] }, 'auth'],
  [{ named: ['1026', '1027'] }, 'content_refused'],
  [{ named: ['2013', '1042'] }, 'upstream_rejected'],
  [{ named: ['1000', '1001', '1013', '1024', '1033'] }, 'upstream_error'],
];
