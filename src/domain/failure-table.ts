/**
 * Every way a call can fail, in one table: whose fault, what the client sees, what the relay does next. The kind is
 * API: it is the metric's label, the log's word and the row of `docs/errors.md`, which is printed from here.
 */

/**
 * What an upstream refusal touches: nothing but this request, or ever more of the pool. A `channel` is account x model;
 * `model` is that model of the provider in every account.
 */
export type FailureScope = 'request' | 'secret' | 'channel' | 'account' | 'model';

/**
 * `stop`: the client gets it. `next`: another channel now. `wait`: back in line, any channel.
 * A failure after the first meaningful event always stops.
 */
export type FailureNext = 'stop' | 'next' | 'wait';

type FailureRow = {
  /** HTTP status the client sees when it ends the call. */
  readonly status: number;
  /** OpenAI's `error.type` and `error.code`. */
  readonly type: string;
  readonly code: string | null;
  readonly blame: 'client' | 'upstream' | 'sluice';
  readonly scope: FailureScope;
  readonly next: FailureNext;
  /**
   * First bench of the scope, doubled up to `benchMaxMs` while it repeats without a success. 0: nobody is benched
   * unless the provider says until when; for limits of rate admission learns the pause instead.
   */
  readonly benchMs: number;
  readonly benchMaxMs: number;
  /** What it touches is switched off when this is confirmed, until somebody acts. */
  readonly switchesOff?: true;
  /** Failures in a row before a bench, for a channel that has answered lately; 1 where not given. */
  readonly patience?: number;
  /** May the client's SDK try again by itself (`x-should-retry`)? */
  readonly retry: boolean;
  readonly meaning: string;
};

const s = 1_000;
const min = 60 * s;

const client = (status: number, type: string, code: string | null, meaning: string): FailureRow => ({
  status,
  type,
  code,
  blame: 'client',
  scope: 'request',
  next: 'stop',
  benchMs: 0,
  benchMaxMs: 0,
  retry: false,
  meaning,
});

const own = (status: number, type: string, code: string, retry: boolean, meaning: string): FailureRow => ({
  ...client(status, type, code, meaning),
  blame: 'sluice',
  retry,
});

/** Refused for now: the call waits or moves; the client only sees it when nothing else could serve in time. */
const busy = (scope: FailureScope, benchMs: number, benchMaxMs: number, meaning: string): FailureRow => ({
  status: 503,
  type: 'server_error',
  code: 'upstream_busy',
  blame: 'upstream',
  scope,
  next: 'wait',
  benchMs,
  benchMaxMs,
  patience: 2,
  retry: true,
  meaning,
});

/** A quota of hours or longer is used up: the provider's word is believed at once. */
const spent = (scope: FailureScope, benchMs: number, meaning: string): FailureRow => ({
  ...busy(scope, benchMs, 24 * 60 * min, meaning),
  patience: 1,
});

/** Unusable as it is configured: the call moves on. */
const broken = (scope: FailureScope, benchMs: number, meaning: string): FailureRow => ({
  status: 502,
  type: 'server_error',
  code: 'upstream_unusable',
  blame: 'upstream',
  scope,
  next: 'next',
  benchMs,
  benchMaxMs: 60 * min,
  retry: false,
  meaning,
});

/** Unusable until somebody acts: the call moves on, and what is touched is switched off once that is confirmed. */
const final = (scope: FailureScope, meaning: string): FailureRow => ({
  ...broken(scope, 15 * s, meaning),
  benchMaxMs: 15 * s,
  switchesOff: true,
});

/** The upstream failed: the call moves on. One failure among answers is not yet a sick channel. */
const faulty = (status: number, benchMs: number, meaning: string): FailureRow => ({
  ...busy('channel', benchMs, 60 * s, meaning),
  status,
  next: 'next',
  patience: 3,
});

export const FAILURES = {
  // the client's doing
  invalid_request: client(
    400,
    'invalid_request_error',
    null,
    'The request is malformed or a field is wrong.',
  ),
  request_too_large: client(
    413,
    'invalid_request_error',
    'request_too_large',
    'The request body is over the size limit.',
  ),
  // By Anthropic's codes: https://docs.claude.com/en/api/errors
  body_encoding_unsupported: client(
    415,
    'invalid_request_error',
    'request_body_encoding_unsupported',
    'The Content-Encoding of the request body is not understood.',
  ),
  body_encoding_invalid: client(
    400,
    'invalid_request_error',
    'request_body_encoding_invalid',
    'The request body is not what its Content-Encoding says.',
  ),
  body_too_large_decoded: client(
    413,
    'invalid_request_error',
    'request_body_too_large_after_decoding',
    'The request body is over the size limit once it is decompressed.',
  ),
  exceeds_limits: client(
    400,
    'invalid_request_error',
    'context_length_exceeded',
    'The call alone is larger than a limit of every channel that could serve it.',
  ),
  invalid_key: client(
    401,
    'invalid_request_error',
    'invalid_api_key',
    'The key is missing, unknown to Sluice, expired or revoked.',
  ),
  tenant_inactive: client(
    403,
    'permission_error',
    'tenant_inactive',
    'The organisation of the key is not active.',
  ),
  address_forbidden: client(
    403,
    'permission_error',
    'address_forbidden',
    'The key may not be used from this address.',
  ),
  endpoint_forbidden: client(
    403,
    'permission_error',
    'endpoint_forbidden',
    'The key may not ask at this endpoint.',
  ),
  model_forbidden: client(403, 'permission_error', 'model_forbidden', 'The key may not use this model.'),
  model_not_found: client(
    404,
    'invalid_request_error',
    'model_not_found',
    'No channel serves a model of that name.',
  ),
  previous_response_not_found: client(
    400,
    'invalid_request_error',
    'previous_response_not_found',
    'The answer that the call goes on from is not kept for this key, or not any more.',
  ),
  response_not_found: client(
    404,
    'invalid_request_error',
    null,
    'No answer of that id is kept for this key, or not any more.',
  ),
  route_not_found: client(404, 'invalid_request_error', 'route_not_found', 'Sluice has no such route.'),
  client_gone: client(499, 'invalid_request_error', 'client_gone', 'The client hung up before the answer.'),
  content_refused: client(
    400,
    'invalid_request_error',
    'content_filter',
    'The provider refused the content.',
  ),
  upstream_rejected: client(400, 'invalid_request_error', null, 'The provider calls the request wrong.'),
  too_large: {
    ...client(
      400,
      'invalid_request_error',
      'context_length_exceeded',
      'The provider says that the call is larger than its limit: only a channel with a larger one could serve it.',
    ),
    next: 'next',
  },
  request_refused: client(
    400,
    'invalid_request_error',
    'request_refused',
    'Two accounts refused this very request while they served others: the fault is its own.',
  ),
  object_not_found: client(
    404,
    'invalid_request_error',
    'object_not_found',
    'The id of a file, a batch or another object was not given to this key here.',
  ),
  objects_forbidden: client(
    403,
    'permission_error',
    'objects_forbidden',
    'The key may not do that with files, batches and other objects.',
  ),
  idempotency_conflict: client(
    422,
    'invalid_request_error',
    'idempotency_conflict',
    'The Idempotency-Key was used for another request.',
  ),

  // money: the words are OpenAI's, https://platform.openai.com/docs/guides/error-codes
  insufficient_funds: client(
    402,
    'insufficient_quota_error',
    'insufficient_quota',
    "What is left in the tenant's wallet is less than the call may cost.",
  ),
  budget_spent: client(
    402,
    'insufficient_quota_error',
    'insufficient_quota',
    'What is left of a budget of the key, its project or its tenant is less than the call may cost.',
  ),
  unpriced_model: client(
    402,
    'invalid_request_error',
    'unpriced_model',
    'The model has no known price, so that nobody can say what is to be held for it.',
  ),

  // Sluice's own refusals
  key_limit: own(429, 'rate_limit_error', 'rate_limit_exceeded', true, "The key's own limit is reached."),
  pool_limit: own(
    429,
    'rate_limit_error',
    'rate_limit_exceeded',
    true,
    'No channel is free now and the call asked not to wait.',
  ),
  wait_over: own(
    503,
    'server_error',
    'queue_timeout',
    true,
    'The call waited until its deadline without a free channel.',
  ),
  queue_full: own(
    503,
    'server_error',
    'queue_full',
    true,
    'The queue of this model is at its configured length.',
  ),
  pool_exhausted: own(
    503,
    'server_error',
    'pool_exhausted',
    false,
    'No channel can serve before the deadline.',
  ),
  ledger_away: own(
    503,
    'server_error',
    'ledger_away',
    true,
    'A purse near its end can only be asked for in the database, which does not answer.',
  ),
  draining: own(503, 'server_error', 'shutting_down', true, 'Sluice is shutting down.'),
  ledger_full: own(
    503,
    'server_error',
    'ledger_full',
    true,
    'The database is away, and there is no room on the disk for the entries of more calls.',
  ),
  internal: own(500, 'server_error', 'internal_error', true, 'A fault of Sluice itself.'),

  // refused by a limit of the upstream
  rpm: busy('channel', 0, 0, 'Requests per minute are used up.'),
  tpm: busy('channel', 0, 0, 'Tokens per minute are used up.'),
  rps: busy('channel', 0, 0, 'Requests per second are used up.'),
  tps: busy('channel', 0, 0, 'Tokens per second are used up.'),
  burst: busy('channel', 0, 0, 'The rate rose too quickly.'),
  concurrency: busy('channel', 1 * s, 10 * s, 'Too many calls in flight.'),
  day: spent('channel', 60 * min, "The day's quota is used up."),
  plan: spent('account', 15 * min, "The plan's window (hours, a week, a month) is used up."),
  overload: busy('model', 1 * s, 60 * s, 'The provider is overloaded.'),

  // the upstream is unusable until somebody acts
  balance: final('account', 'The account is in arrears or out of credit.'),
  free_tier: final('channel', 'The free quota is used up and paid use is off.'),
  auth: final('secret', 'The provider does not accept the secret (or not in this region or plan).'),
  banned: final('account', 'The provider has closed the account.'),

  // the channel is not what the configuration says
  no_access: broken('channel', 5 * min, 'The account may not use this model.'),
  model_missing: broken('channel', 5 * min, 'The provider has no model of that name.'),

  // the upstream failed
  upstream_error: faulty(502, 1 * s, 'The provider answered with a server error.'),
  connection: faulty(
    502,
    1 * s,
    'The provider could not be reached, or hung up without a byte. What it had taken in is not sent again (`retry_unknown`): the answer may have been generated.',
  ),
  timeout: { ...faulty(504, 5 * s, 'The provider stayed silent for too long.'), patience: 1 },
  malformed: faulty(502, 1 * s, 'The provider answered with something unreadable.'),
  stream_died: {
    ...busy('channel', 0, 0, 'The answer broke off before its end.'),
    status: 502,
    code: 'stream_died',
    next: 'stop',
  },
  unknown: busy('channel', 1 * s, 60 * s, 'A refusal that no rule knows.'),
} as const satisfies Record<string, FailureRow>;

export type FailureKind = keyof typeof FAILURES;
export type FailureRule = FailureRow;

export const ruleOf = (kind: FailureKind): FailureRule => FAILURES[kind];
