/**
 * Model Studio's refusals, native codes and OpenAI-compatible ones alike. The trap: `insufficient_quota` with
 * OpenAI's billing words is the token limit of a minute here; only the rest of the text tells the three other
 * meanings apart.
 * Sources: https://help.aliyun.com/zh/model-studio/error-code ,
 * https://help.aliyun.com/en/model-studio/error-code-start , and bodies seen in public code.
 */

import type { Rule } from './refusal-rule.ts';

const HOUR_MS = 3_600_000;

/** `Throttling.AllocationQuota` and its OpenAI-compatible name. */
const ALLOCATION = ['insufficient_quota', 'Throttling.AllocationQuota'];

/** A Coding Plan's windows, five hours, a week and a month: https://www.alibabacloud.com/help/en/model-studio/coding-plan-faq */
const PLAN_WINDOW = /\b(?:hour|week|month) allocated quota exceeded/i;
const PLAN_CONCURRENCY = /\bconcurrency allocated quota exceeded/i;

const SECRET = 'the secret is not accepted: wrong, or of another region, plan or workspace than the base URL';

const QUOTAS: readonly Rule[] = [
  // Counts of voices and hot words, not a rate.
  [{ status: 400, named: ['Throttling.AllocationQuota'] }, 'upstream_rejected'],
  [{ named: ['AllocationQuota.FreeTierOnly'] }, 'free_tier'],
  [{ status: 403, named: ['insufficient_quota'] }, 'free_tier'],
  [{ named: ALLOCATION, words: /batch requests are being throttled|system capacity limits/i }, 'overload'],
  [{ named: ALLOCATION, words: /\bfree\b[\s\S]{0,40}\b(?:quota|tier)\b/i }, 'free_tier'],
  [
    { named: ALLOCATION, words: /quota has been exhausted|quota will reset at/i },
    'plan',
    { until: 'printed-utc' },
  ],
  [{ named: ALLOCATION, words: PLAN_WINDOW }, 'plan'],
  [{ named: ALLOCATION, words: PLAN_CONCURRENCY }, 'concurrency'],
  // A minute's limit never says when; a plan does.
  [{ named: ALLOCATION, hintOverMs: HOUR_MS }, 'plan'],
  [{ named: ALLOCATION }, 'tpm'],
  [{ named: ['limit_requests', 'Throttling.RateQuota', 'LimitRequests'] }, 'rpm'],
  [{ named: ['limit_burst_rate', 'Throttling.BurstRate'] }, 'burst'],
  [{ named: ['Throttling.Concurrency'] }, 'concurrency'],
  [
    {
      named: [
        'Throttling.ServiceOverloaded',
        'ResourceExhausted',
        'Throttling.ResourceExhausted',
        'ModelServingError',
        'ModelUnavailable',
        'ServiceUnavailable',
      ],
    },
    'overload',
  ],
  // Says neither what nor whose.
  [{ named: ['Throttling'] }, 'overload', { scope: 'channel' }],
];

const ACCOUNT: readonly Rule[] = [
  [
    {
      named: [
        'Arrearage',
        'PrepaidBillOverdue',
        'PostpaidBillOverdue',
        'CommodityNotPurchased',
        'BudgetLimitExceeded',
      ],
    },
    'balance',
  ],
  [
    // With or without the slip that stands in its document.
    {
      status: [0, 400, 403],
      words: /^access denied, ple(?:a|sa)se make sure your account is in good standing/i,
    },
    'balance',
  ],
  [{ named: ['InvalidApiKey', 'invalid_api_key', 'NOT AUTHORIZED'] }, 'auth', { say: SECRET }],
  [{ status: 401 }, 'auth', { say: SECRET }],
  [
    {
      named: [
        'AccessDenied*',
        'access_denied',
        'Model.AccessDenied',
        'Workspace.AccessDenied',
        'App.AccessDenied',
        'Endpoint.AccessDenied',
      ],
    },
    'no_access',
  ],
  [{ named: ['ModelNotFound', 'model_not_found', 'model_not_supported'] }, 'model_missing'],
  [{ named: ['InvalidParameter', 'invalid_parameter_error'], words: /^model not exist/i }, 'model_missing'],
];

const REQUEST: readonly Rule[] = [
  [{ named: ['DataInspectionFailed', 'data_inspection_failed'] }, 'content_refused'],
  [{ named: ['BadRequest.TooLarge'] }, 'upstream_rejected', { status: 413 }],
  [
    {
      status: [0, 400],
      named: [
        'InvalidParameter*',
        'invalid_parameter_error',
        'invalid_request_error',
        'BadRequest*',
        'InvalidURL',
      ],
    },
    'upstream_rejected',
  ],
  [
    {
      named: [
        'RequestTimeOut',
        'InternalError*',
        'internal_error',
        'SystemError',
        'ModelServiceFailed',
        'system_error',
      ],
    },
    'upstream_error',
  ],
];

/** Without a code (gateways drop it, or send the error as a string) only the words are left. */
const WORDS: readonly Rule[] = [
  [{ status: [0, 429], words: /free allocated quota/i }, 'free_tier'],
  [
    { status: [0, 403], words: /^(?:the )?free (?:tier|quota)\b[^"]{0,30}\b(?:exhausted|used up)/i },
    'free_tier',
  ],
  [{ status: [0, 429], words: /commodity has not purchased|p(?:re|ost)paid bill is overdue/i }, 'balance'],
  [{ status: [0, 429], words: /plan [\w-]+ quota has been exhausted/i }, 'plan', { until: 'printed-utc' }],
  [{ status: [0, 429], words: PLAN_WINDOW }, 'plan'],
  [{ status: [0, 429], words: PLAN_CONCURRENCY }, 'concurrency'],
  [{ status: [0, 429], words: /allocated quota exceeded|exceeded your current quota/i }, 'tpm'],
  [
    {
      status: [0, 429],
      words: /requests? rate limit exceeded|request limit\.|requests list|requests throttling/i,
    },
    'rpm',
  ],
  [{ status: [0, 429], words: /request rate increased too quickly/i }, 'burst'],
  [{ status: [0, 429, 503], words: /system capacity limits/i }, 'overload'],
  // Also the bare name of the status, on any gateway's page.
  [
    { status: [0, 429, 503], words: /too many (?:concurrent )?requests/i },
    'overload',
    { scope: 'channel', confidence: 'low' },
  ],
];

export const QWEN_RULES: readonly Rule[] = [...QUOTAS, ...ACCOUNT, ...REQUEST, ...WORDS];

/** What cannot be mistaken for another provider's refusal: for relays that pass Model Studio's answers on. */
export const QWEN_RULES_ABROAD: readonly Rule[] = [
  ...QUOTAS.filter(([{ named }]) => named !== ALLOCATION && !named?.includes('insufficient_quota')),
  [{ named: ALLOCATION, words: PLAN_WINDOW }, 'plan'],
  [{ named: ALLOCATION, words: PLAN_CONCURRENCY }, 'concurrency'],
  [{ named: ['insufficient_quota'], words: /^allocated quota exceeded|error-code#token-limit/i }, 'tpm'],
  [{ named: ['Throttling.AllocationQuota'] }, 'tpm'],
  [{ named: ['Arrearage', 'PrepaidBillOverdue', 'PostpaidBillOverdue', 'CommodityNotPurchased'] }, 'balance'],
];
