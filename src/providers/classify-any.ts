/**
 * What refusals mean everywhere, after a provider's own rules found nothing: words of bans and of relays in front,
 * names that many providers share, and last the bare HTTP status.
 */

import type { Rule } from './refusal-rule.ts';

const BANNED =
  /access was terminated|account (?:has been|was|is) (?:deactivated|banned|terminated|disabled)/i;

/** A refused content is quoted by some, and a client may write there what it likes. */
const UNQUOTED = /^(?:(?!\s')[^"“”「」`]){0,400}/;

const BY_WORDS: readonly Rule[] = [
  // `moderation_blocked` is said of pictures: ucx0204/CarrotMangaTranslator#122, jeffstric/ZJT#480.
  [
    {
      named: ['content_filter', 'content_policy_violation', 'moderation_blocked', 'data_inspection_failed'],
    },
    'content_refused',
  ],
  // A ban dressed as a rate limit: QuantumNous/new-api#462. A 400 may echo a client's words, but not as its first.
  [{ status: [401, 403, 429], words: new RegExp(`${UNQUOTED.source}(?:${BANNED.source})`, 'i') }, 'banned'],
  [{ status: 400, words: new RegExp(`^(?:your|this|the) (?:${BANNED.source})`, 'i') }, 'banned'],
  [
    { named: ['account_deactivated', 'account_suspended', 'consumer_suspended', 'access_terminated_error'] },
    'banned',
  ],
  [{ named: ['insufficient_balance'] }, 'balance'],
  // Some answer 400 to a wrong secret.
  [
    { status: [400, 401, 403], words: /^(?:incorrect|invalid) api[- ]key|^api key not (?:valid|found)/i },
    'auth',
  ],
];

const BY_NAME: readonly Rule[] = [
  [{ named: ['billing_error', 'payment_required'] }, 'balance'],
  // The one status that nobody sends for anything else.
  [{ status: 402 }, 'balance', { confidence: 'medium' }],
  [{ named: ['invalid_api_key', 'authentication_error', 'unauthenticated'] }, 'auth'],
  [{ status: [401, 407] }, 'auth'],
  [{ named: ['model_not_found', 'model_not_supported'] }, 'model_missing'],
  [{ named: ['unsupported_country_region_territory'] }, 'no_access', { scope: 'account' }],
  [{ named: ['context_length_exceeded', 'string_above_max_length'] }, 'upstream_rejected'],
  [{ named: ['request_too_large'] }, 'upstream_rejected', { status: 413 }],
  [
    {
      named: ['overloaded_error', 'server_is_overloaded', 'service_unavailable*', 'engine_overloaded_error'],
    },
    'overload',
  ],
  [{ named: ['slow_down'] }, 'burst'],
];

const PER_DAY = /\bper[- ]day\b|\b[RT]PD\b/i;
const TOKENS_PER_MINUTE = /\btokens?[- ]per[- ]min|\btoken rate limit|\bTPM\b/i;
const REQUESTS_PER_MINUTE = /\brequests?[- ]per[- ]min|\b(?:requests?|call) rate limit|\bRPM\b/i;

const BY_LIMIT: readonly Rule[] = [
  [{ status: 429, words: PER_DAY }, 'day'],
  [{ status: 429, words: TOKENS_PER_MINUTE }, 'tpm'],
  [{ status: 429, words: REQUESTS_PER_MINUTE }, 'rpm'],
  [{ status: 429, words: /concurren/i }, 'concurrency'],
  [{ named: ['rate_limit_exceeded', 'rate_limit_error', 'rate_limited', 'too_many_requests'] }, 'rpm'],
  [{ status: 429 }, 'unknown', { say: 'refused for now' }],
];

const REDIRECT = 'answered with a redirect; check the base URL';
const NOT_FOUND = 'no such model, or a wrong base URL';

const BY_STATUS: readonly Rule[] = [
  [{ status: 403 }, 'no_access'],
  [{ status: 404 }, 'model_missing', { say: NOT_FOUND }],
  [{ status: 408 }, 'upstream_error'],
  // Any gateway on the way says 503; 529 only a provider that means itself.
  [{ status: 503 }, 'overload', { scope: 'channel' }],
  [{ status: 529 }, 'overload'],
  [{ status: [500, 501, 502, 504, 505, 507, 520, 521, 522, 523, 524, 525, 526, 530] }, 'upstream_error'],
  [{ status: [300, 301, 302, 303, 304, 305, 307, 308] }, 'malformed', { say: REDIRECT }],
  [
    { named: ['server_error', 'api_error', 'internal_error', 'internal_server_error', 'internal'] },
    'upstream_error',
  ],
  [{ named: ['invalid_request_error', 'invalid_parameter_error', 'bad_request'] }, 'upstream_rejected'],
  [{ status: [400, 405, 406, 409, 410, 411, 413, 414, 415, 416, 422, 431] }, 'upstream_rejected'],
];

export const RULES_FOR_ANY: readonly Rule[] = [...BY_WORDS, ...BY_NAME, ...BY_LIMIT, ...BY_STATUS];
