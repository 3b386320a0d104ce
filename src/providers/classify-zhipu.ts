/**
 * Zhipu's refusals (Z.ai abroad): the number in `code` says it all; the HTTP status is 429 for most of them.
 * Sources: https://docs.bigmodel.cn/cn/api/api-code , https://docs.z.ai/api-reference/api-code
 */

import type { Rule } from './refusal-rule.ts';

export const ZHIPU_RULES: readonly Rule[] = [
  [{ named: ['1302'] }, 'concurrency'],
  [{ named: ['1303'] }, 'rpm'],
  [{ named: ['1304'] }, 'day', { until: 'midnight-beijing' }],
  // Of the interface for us; 1312 is the model's crowd.
  [{ named: ['1305'] }, 'overload', { scope: 'channel' }],
  [{ named: ['1312'] }, 'overload'],
  [{ named: ['1308', '1310'] }, 'plan', { until: 'printed-beijing' }],
  [{ named: ['1313'] }, 'rpm', { scope: 'account', say: 'slowed down for unfair use' }],
  [{ named: ['1113', '1309'] }, 'balance'],
  [{ named: ['1110', '1111'] }, 'auth', { scope: 'account', say: 'the account is inactive or unknown' }],
  [{ named: ['1112', '1121'] }, 'banned'],
  [{ named: ['1000', '1001', '1002', '1003', '1004'] }, 'auth'],
  [{ named: ['1220', '1311'] }, 'no_access'],
  [{ named: ['1211', '1221', '1222'] }, 'model_missing'],
  [{ named: ['1300', '1301'] }, 'content_refused'],
  [{ named: ['1210', '1212', '1213', '1214', '1215', '1231', '1261'] }, 'upstream_rejected'],
  [{ named: ['1120', '1200', '1230', '1234'] }, 'upstream_error'],
];
