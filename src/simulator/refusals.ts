/**
 * How Model Studio says no: status, code, wording and envelope, in the variety seen in the wild, so that no
 * classifier passes on one exact string. Sources: https://help.aliyun.com/zh/model-studio/error-code and public
 * captures. There are no rate-limit headers, and no Retry-After but on exhausted plans.
 */

import { googleRefusal } from './google-refusals.ts';
import type { RefusalKind } from './refusal-kind.ts';

type RefusalRow = {
  readonly status: number;
  /** On the native and the Anthropic path. */
  readonly native: string;
  /** On the OpenAI-compatible path, where it is also the `type`. */
  readonly compatible: string;
  readonly messages: readonly string[];
  /** The paragraph of the vendor's page that a message may point to. */
  readonly anchor?: string;
};

const requests: RefusalRow = {
  status: 429,
  native: 'Throttling.RateQuota',
  compatible: 'limit_requests',
  messages: [
    'You have exceeded your request limit.',
    'Requests rate limit exceeded, please try again later.',
    'You exceeded your current requests list.',
    'You have exceeded your current request limit.',
  ],
  anchor: 'rate-limit',
};

const tokens: RefusalRow = {
  status: 429,
  native: 'Throttling.AllocationQuota',
  compatible: 'insufficient_quota',
  messages: [
    'Allocated quota exceeded, please increase your quota limit.',
    'You exceeded your current quota, please check your plan and billing details.',
  ],
  anchor: 'token-limit',
};

const secret: RefusalRow = {
  status: 401,
  native: 'InvalidApiKey',
  compatible: 'invalid_api_key',
  messages: ['Incorrect API key provided.', 'Invalid API-key provided.'],
  anchor: 'apikey-error',
};

const invalid: RefusalRow = {
  status: 400,
  native: 'InvalidParameter',
  compatible: 'invalid_parameter_error',
  messages: ['Required parameter missing or invalid.'],
};

/** A row's own message gives way to the one told with the refusal (`RefusalOptions.message`). */
const ROWS = {
  rps: requests,
  rpm: requests,
  rpd: requests,
  tps: tokens,
  tpm: tokens,
  tpd: tokens,
  burst: {
    status: 429,
    native: 'Throttling.BurstRate',
    compatible: 'limit_burst_rate',
    messages: [
      'Request rate increased too quickly. To ensure system stability, please adjust your client logic to scale requests more smoothly over time.',
    ],
  },
  // The wording is unverified.
  concurrency: {
    status: 429,
    native: 'Throttling.Concurrency',
    compatible: 'Throttling.Concurrency',
    messages: ['Too many concurrent requests'],
  },
  arrears: {
    status: 400,
    native: 'Arrearage',
    compatible: 'Arrearage',
    messages: ['Access denied, please make sure your account is in good standing.'],
    anchor: 'overdue-payment',
  },
  overdue: {
    status: 429,
    native: 'PostpaidBillOverdue',
    compatible: 'PostpaidBillOverdue',
    messages: ['The postpaid bill is overdue.'],
  },
  'free-tier': {
    status: 403,
    native: 'AllocationQuota.FreeTierOnly',
    compatible: 'AllocationQuota.FreeTierOnly',
    messages: [
      'The free tier of the model has been exhausted. If you wish to continue access the model on a paid basis, please disable the "use free tier only" mode in the management console.',
      'The free quota has been exhausted. To continue accessing the model on a paid basis, please disable the "use free tier only" mode in the management console.',
      'Free quota exhausted. Please disable the "use free tier only" mode in the management console.',
    ],
  },
  'free-allocated': { ...tokens, messages: ['Free allocated quota exceeded.'] },
  plan: { ...tokens, messages: ['Your token-plan 1-week quota has been exhausted.'] },
  'wrong-region': secret,
  'bad-secret': secret,
  'no-secret': { ...secret, messages: ['No API-key provided.'] },
  overload: {
    status: 503,
    native: 'ModelServingError',
    compatible: 'ModelServingError',
    messages: [
      'Too many requests. Your requests are being throttled due to system capacity limits. Please try again later.',
    ],
  },
  'no-model': {
    status: 404,
    native: 'ModelNotFound',
    compatible: 'model_not_found',
    messages: ['Model can not be found.'],
  },
  'no-route': { ...invalid, status: 404, messages: ['url error, please check url！'] },
  parameter: invalid,
  'too-large': {
    status: 413,
    native: 'BadRequest.TooLarge',
    compatible: 'BadRequest.TooLarge',
    messages: ['Payload Too Large'],
  },
  internal: {
    status: 500,
    native: 'InternalError',
    compatible: 'internal_error',
    messages: [
      'An internal error has occured, please try again later or contact service support.',
      'inference internal error.',
    ],
  },
} as const satisfies Record<RefusalKind, RefusalRow>;

/** `compatible`: `{"error":{…},"request_id"}`. `flat`: `{"code","message","request_id"}`. `google`: as Gemini does it. */
export type Envelope = 'compatible' | 'flat' | 'google';

export type RefusalOptions = {
  readonly requestId: string;
  readonly envelope: Envelope;
  readonly random: () => number;
  /** Share (0-1) of refusals in an odd shape: other key order, no request_id, `error` as a string. */
  readonly oddShare: number;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

export type WrittenRefusal = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

export function writeRefusal(kind: RefusalKind, options: RefusalOptions): WrittenRefusal {
  const headers = { 'content-type': 'application/json', ...options.headers };
  if (options.envelope === 'google') {
    const { status, body } = googleRefusal(kind, { random: options.random, fault: options.message });
    return { status, headers, body: Buffer.from(JSON.stringify(body)) };
  }
  const row: RefusalRow = ROWS[kind];
  const message = options.message ?? wordingOf(row, options.random);
  const body = options.envelope === 'flat' ? flat(row, message, options) : compatible(row, message, options);
  return {
    status: row.status,
    headers,
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** The same refusal inside a stream that began with 200: the status is a comment, the body flat whatever the path. */
export function writeStreamRefusal(
  kind: RefusalKind,
  options: RefusalOptions & { position: number },
): Buffer {
  if (options.envelope === 'google') {
    const { body } = googleRefusal(kind, { random: options.random, fault: options.message });
    return Buffer.from(`data: ${JSON.stringify(body)}\r\n\r\n`);
  }
  const row: RefusalRow = ROWS[kind];
  const message = options.message ?? wordingOf(row, options.random);
  const data = { request_id: options.requestId, code: row.native, message };
  return Buffer.from(
    `id:${options.position}\nevent:error\n:HTTP_STATUS/${row.status}\ndata:${JSON.stringify(data)}\n\n`,
  );
}

/** "Your token-plan 1-week quota has been exhausted. …" as printed, with the seconds to the reset beside it. */
export function planRefusal(
  resetAtMs: number,
  nowMs: number,
): { readonly message: string; readonly headers: Record<string, string> } {
  const reset = new Date(resetAtMs).toISOString();
  const seconds = Math.max(0, Math.ceil((resetAtMs - nowMs) / 1_000));
  const plan = seconds > 7 * 86_400 ? '1-month' : '1-week';
  return {
    message:
      `Your token-plan ${plan} quota has been exhausted. ` +
      `The quota will reset at ${reset.slice(5, 10)} ${reset.slice(11, 19)} UTC.`,
    headers: { 'retry-after': String(seconds) },
  };
}

const PAGES = [
  'https://help.aliyun.com/zh/model-studio/error-code',
  'https://www.alibabacloud.com/help/en/model-studio/error-code',
] as const;

function wordingOf(row: RefusalRow, random: () => number): string {
  const message = pick(row.messages, random) ?? '';
  if (row.anchor === undefined) return message;
  const page = pick([undefined, ...PAGES], random);
  return page === undefined ? message : `${message} For details, see: ${page}#${row.anchor}`;
}

function compatible(row: RefusalRow, message: string, options: RefusalOptions): object {
  const { requestId, random } = options;
  const code = row.compatible;
  // The one code whose type is another word.
  const type = code === 'invalid_api_key' ? 'invalid_request_error' : code;
  const error = { message, type, param: null, code };
  const odd = random() < options.oddShare ? Math.floor(random() * 3) : -1;
  if (odd === 0) return { request_id: requestId, error: { code, message, param: null, type } };
  if (odd === 1) return { error };
  // Only where the status alone tells the class: a string has no code left.
  if (odd === 2 && row.status === 429) return { error: message, request_id: requestId };
  if (row.status === 403) return { error, id: `chatcmpl-${requestId}`, request_id: requestId };
  return { error, request_id: requestId };
}

function flat(row: RefusalRow, message: string, options: RefusalOptions): object {
  const { requestId, random } = options;
  if (random() < options.oddShare) return { request_id: requestId, code: row.native, message };
  return { code: row.native, message, request_id: requestId };
}

function pick<T>(choices: readonly T[], random: () => number): T | undefined {
  return choices[Math.floor(random() * choices.length)];
}
