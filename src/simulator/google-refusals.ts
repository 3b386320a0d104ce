/**
 * How Gemini says no, where the simulator speaks its dialect: a status with a word, and details in Google's own types that
 * name the quota and when to come back. Sources: https://ai.google.dev/gemini-api/docs/troubleshooting and bodies in public
 * code.
 */

import type { RefusalKind } from './refusal-kind.ts';

type GoogleRow = {
  readonly code: number;
  readonly status: string;
  readonly message: string;
  /** Of `google.rpc.ErrorInfo`. */
  readonly reason?: string;
  /** Of `google.rpc.QuotaFailure`. */
  readonly quotaId?: string;
};

const quota = (quotaId: string): GoogleRow => ({
  code: 429,
  status: 'RESOURCE_EXHAUSTED',
  message:
    'You exceeded your current quota, please check your plan and billing details. For more information on this error, head over to: https://ai.google.dev/gemini-api/docs/rate-limits.',
  quotaId,
});

const crowded: GoogleRow = {
  code: 429,
  status: 'RESOURCE_EXHAUSTED',
  message: 'Resource exhausted. Please try again later.',
};

const denied = (message: string): GoogleRow => ({ code: 403, status: 'PERMISSION_DENIED', message });

const badSecret: GoogleRow = {
  code: 400,
  status: 'INVALID_ARGUMENT',
  message: 'API key not valid. Please pass a valid API key.',
  reason: 'API_KEY_INVALID',
};

const billing: GoogleRow = {
  code: 400,
  status: 'FAILED_PRECONDITION',
  message: 'Your plan does not cover this. Please enable billing on your project in Google AI Studio.',
};

const requestsPerMinute = quota('GenerateRequestsPerMinutePerProjectPerModel');
const tokensPerMinute = quota('GenerateContentInputTokensPerModelPerMinute');
const requestsPerDay = quota('GenerateRequestsPerDayPerProjectPerModel');

const ROWS = {
  rps: requestsPerMinute,
  rpm: requestsPerMinute,
  tps: tokensPerMinute,
  tpm: tokensPerMinute,
  rpd: requestsPerDay,
  tpd: quota('GenerateContentInputTokensPerModelPerDay'),
  plan: requestsPerDay,
  'free-tier': requestsPerDay,
  'free-allocated': requestsPerDay,
  burst: crowded,
  concurrency: crowded,
  arrears: billing,
  overdue: billing,
  'wrong-region': badSecret,
  'bad-secret': badSecret,
  'no-secret': denied(
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
  ),
  overload: {
    code: 503,
    status: 'UNAVAILABLE',
    message: 'The model is overloaded. Please try again later.',
  },
  'no-model': {
    code: 404,
    status: 'NOT_FOUND',
    message: 'The model is not found for API version v1beta, or is not supported for generateContent.',
  },
  'no-route': { code: 404, status: 'NOT_FOUND', message: 'Requested entity was not found.' },
  parameter: { code: 400, status: 'INVALID_ARGUMENT', message: 'Request contains an invalid argument.' },
  'too-large': {
    code: 400,
    status: 'INVALID_ARGUMENT',
    message: 'Request payload size exceeds the limit: 20971520 bytes.',
  },
  internal: { code: 500, status: 'INTERNAL', message: 'An internal error has occurred. Please retry.' },
} as const satisfies Record<RefusalKind, GoogleRow>;

/** How long it says to wait: to some seconds, and never the truth. */
const LONGEST_RETRY_S = 40;

export type GoogleRefusal = { readonly status: number; readonly body: object };

/** `fault` is what is wrong with a parameter. */
export function googleRefusal(
  kind: RefusalKind,
  { random, fault }: { readonly random: () => number; readonly fault: string | undefined },
): GoogleRefusal {
  const { code, status, message, reason, quotaId }: GoogleRow = ROWS[kind];
  const retryS = random() * LONGEST_RETRY_S;
  const details = [
    ...(reason === undefined ? [] : [detail('ErrorInfo', { reason, domain: 'googleapis.com' })]),
    ...(quotaId === undefined
      ? []
      : [
          detail('QuotaFailure', { violations: [{ quotaId }] }),
          detail('RetryInfo', { retryDelay: `${Math.floor(retryS)}s` }),
        ]),
  ];
  const told = kind === 'parameter' ? (fault ?? message) : message;
  const more = quotaId === undefined ? '' : `\nPlease retry in ${retryS.toFixed(9)}s.`;
  return {
    status: code,
    body: {
      error: { code, message: told + more, status, ...(details.length === 0 ? {} : { details }) },
    },
  };
}

const detail = (type: string, fields: object): object => ({
  '@type': `type.googleapis.com/google.rpc.${type}`,
  ...fields,
});
