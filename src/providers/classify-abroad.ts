/**
 * Codes of providers without a file of their own that mean one thing wherever they turn up: on a plain
 * OpenAI-compatible account, or passed on by a relay. A new such provider is a block here and its fixtures.
 */

import type { Rule } from './refusal-rule.ts';

/** https://www.volcengine.com/docs/82379/1299023 */
const VOLCENGINE: readonly Rule[] = [
  [{ named: ['AccountOverdueError', 'OperationDenied.ServiceOverdue'] }, 'balance'],
  [{ named: ['SetLimitExceeded'] }, 'free_tier', { say: "the model's safe-experience limit is reached" }],
  [{ named: ['RateLimitExceeded.FoundationModelTPDExceeded'] }, 'day', { until: 'midnight-beijing' }],
  [
    {
      named: [
        'RateLimitExceeded.EndpointTPMExceeded',
        'RateLimitExceeded.EndpointFlexTPMExceeded',
        'RateLimitExceeded.FoundationModelTPMExceeded',
        'ModelAccountTpmRateLimitExceeded',
        'ModelAccountFlexTpmRateLimitExceeded',
        'EndpointAccountTpmRateLimitExceeded',
      ],
    },
    'tpm',
  ],
  [
    {
      named: [
        'RateLimitExceeded.EndpointRPMExceeded',
        'RateLimitExceeded.FoundationModelRPMExceeded',
        'ModelAccountRpmRateLimitExceeded',
        'EndpointAccountRpmRateLimitExceeded',
      ],
    },
    'rpm',
  ],
  [{ named: ['APIAccountRpmRateLimitExceeded', 'AccountRateLimitExceeded'] }, 'rpm', { scope: 'account' }],
  [{ named: ['RequestBurstTooFast'] }, 'burst'],
  [{ named: ['InflightBatchsizeExceeded'] }, 'concurrency'],
  // A plan's window of hours, a week or a month: anomalyco/opencode#44099.
  [
    { status: [0, 429], words: /^you have exceeded the [\w-]{1,20} usage quota\. It will reset at/i },
    'plan',
    { until: 'printed-beijing' },
  ],
  [{ named: ['ServerOverloaded'] }, 'overload'],
  [{ named: ['ModelNotOpen', 'OperationDenied.ServiceNotOpen'] }, 'no_access'],
  [{ named: ['InvalidEndpointOrModel.*'] }, 'model_missing'],
  [
    {
      named: [
        'SensitiveContentDetected*',
        'InputTextSensitiveContentDetected*',
        'OutputTextSensitiveContentDetected*',
        'InputImageSensitiveContentDetected*',
      ],
    },
    'content_refused',
  ],
];

/** https://cloud.baidu.com/doc/qianfan-api/s/Om9b4yj3w */
const QIANFAN: readonly Rule[] = [
  [{ named: ['account_overdue'] }, 'balance'],
  [
    {
      named: ['tpm_rate_limit_exceeded', 'input_tpm_rate_limit_exceeded', 'output_tpm_rate_limit_exceeded'],
    },
    'tpm',
  ],
  [{ named: ['rpm_rate_limit_exceeded'] }, 'rpm'],
  [{ named: ['user_rate_limit_exceeded'] }, 'rps'],
  [{ named: ['cluster_*', 'preemptible_rate_limit_exceeded'] }, 'overload'],
  // A missing model answers 401 there, and no secret is at fault.
  [{ status: 401, named: ['invalid_model'] }, 'model_missing'],
  [{ named: ['model_offline'] }, 'model_missing'],
  [{ named: ['unsafe_request'] }, 'content_refused'],
];

/** Codes of the SDK: https://cloud.tencent.com/document/product/1729/97732 */
const HUNYUAN: readonly Rule[] = [
  [{ named: ['FailedOperation.ServiceStopArrears', 'FailedOperation.ResourcePackExhausted'] }, 'balance'],
  [{ named: ['FailedOperation.FreeResourcePackExhausted'] }, 'free_tier'],
  [{ named: ['FailedOperation.EngineServerLimitExceeded'] }, 'overload'],
  [
    { named: ['FailedOperation.EngineServerError', 'FailedOperation.EngineRequestTimeout'] },
    'upstream_error',
  ],
];

/**
 * MiniMax writes its own code behind the text, with any HTTP status before it: modelscope/modelscope#1691,
 * MiniMax-AI/MiniMax-M2#62, MiniMax-AI/MiniMax-M2.7#36, MiniMax-AI/MiniMax-01#45.
 */
const MINIMAX: readonly Rule[] = [
  [{ status: [0, 402, 429, 500], words: /^insufficient balance \(1008\)/ }, 'balance'],
  [{ status: [0, 429], words: /^usage limit exceeded\b.{0,200}\(2056\)/ }, 'plan', { until: 'printed-utc' }],
  [{ status: [0, 429], words: /\(1002\)/ }, 'rpm'],
  [{ named: ['insufficient_balance_error'] }, 'balance'],
];

/** Flat, without a code: AIDotNet/OpenDeepWiki#269, jxq1997216/AITranslator#32. */
const SILICONFLOW: readonly Rule[] = [
  [{ status: 429, words: /^Request was rejected due to rate limiting\. Details: TPM/ }, 'tpm'],
  [{ status: 429, words: /^Request was rejected due to rate limiting\. Details: (?:RPM|IPM)/ }, 'rpm'],
];

export const RULES_ABROAD: readonly Rule[] = [
  ...VOLCENGINE,
  ...QIANFAN,
  ...HUNYUAN,
  ...MINIMAX,
  ...SILICONFLOW,
];
