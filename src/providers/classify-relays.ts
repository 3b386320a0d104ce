/**
 * What relays in front of a provider say of themselves, whatever provider the account is configured as; looked at
 * before the provider's own rules, because a relay rewrites the text and leaves a code that is no longer true.
 * What is overloaded there is that relay alone, so only the channel waits.
 * Sources: songquanpeng/one-api#544 #1061 #330 #2340 #1270, QuantumNous/new-api#991 #6310, WEIFENG2333/VideoCaptioner#1120,
 * 666ghj/BettaFish#579; https://doc.tokendog.io/zh/api-reference/guide/error-codes (new-api's codes).
 */

import type { Rule, Then } from './refusal-rule.ts';

const CHANNEL = { scope: 'channel' } as const;

const sluice = (kinds: string): readonly [name: string, value: RegExp] => [
  'x-sluice-failure',
  new RegExp(`^(?:${kinds})$`),
];

const POOL: Then = { scope: 'channel', say: "that Sluice's pool has nothing free now" };

/** Another Sluice names its failure in a header, by the word of the table of failures (older ones by its code). */
const SLUICE: readonly Rule[] = [
  // Its key is our secret: the rate of that key is used up, and no account is out of money.
  [
    { header: sluice('key_limit') },
    'rpm',
    { scope: 'channel', say: 'the limit of our key there is reached' },
  ],
  [{ header: sluice('pool_exhausted') }, 'overload', { ...POOL, until: 'sluice-reset' }],
  [
    { header: sluice('wait_over|queue_timeout|queue_full|pool_limit|draining|shutting_down|overload') },
    'overload',
    POOL,
  ],
  [{ header: sluice('rpm|tpm|rps|tps|burst|concurrency|day|plan|unknown') }, 'overload', POOL],
  [{ header: sluice('invalid_key') }, 'auth'],
  [{ header: sluice('model_forbidden') }, 'no_access'],
  [{ header: sluice('model_not_found|route_not_found') }, 'model_missing'],
  [{ header: sluice('exceeds_limits|too_large') }, 'too_large'],
  [{ header: sluice('content_refused') }, 'content_refused'],
  [{ header: sluice('request_too_large') }, 'upstream_rejected', { status: 413 }],
  [
    { header: sluice('invalid_request|upstream_rejected|request_refused|idempotency_conflict') },
    'upstream_rejected',
  ],
  // Its own accounts are its own trouble: money and secrets there are not ours.
  [{ header: sluice('[a-z_]{1,40}') }, 'upstream_error'],
];

/** A client's words may be echoed by an answer about a wrong request, hence never 400. */
const BUSY = [0, 429, 500, 502, 503, 504];

const ONE_API: readonly Rule[] = [
  // The text replaces that of any 429 behind; code and type stay, and may even speak of money.
  [{ status: BUSY, words: /当前分组(?:上游)?负载已饱和/ }, 'overload', CHANNEL],
  [
    {
      status: BUSY,
      words: /^当前分组 ?\S{0,64} ?下对于模型|^No available channels? for model .{0,128} under group/i,
    },
    'model_missing',
    { say: 'the relay has no channel for this model' },
  ],
  [
    { status: BUSY, words: /^No available channels? for model .{0,128} in group/i },
    'model_missing',
    { say: 'the relay has no channel for this model' },
  ],
  [{ named: ['all_accounts_limited'] }, 'overload', CHANNEL],
  [{ status: BUSY, words: /\ball_accounts_limited\b/ }, 'overload', CHANNEL],
  [{ named: ['insufficient_user_quota'] }, 'balance', { say: 'the account at the relay is out of credit' }],
  // A relay's token is our secret: others of the account may have credit left.
  [
    { named: ['pre_consume_token_quota_failed'] },
    'balance',
    { scope: 'secret', say: "the relay's token is out of credit" },
  ],
  [
    { status: [401, 403, 429], words: /^该令牌额度已用尽/ },
    'balance',
    { scope: 'secret', say: "the relay's token is out of credit" },
  ],
  // What fails behind a relay is not our secret, even where it passes a 401 on.
  [{ status: 429, named: ['bad_response_status_code', 'channel:*'] }, 'overload', CHANNEL],
  [
    {
      named: [
        'bad_response_status_code',
        'bad_response',
        'bad_response_body',
        'channel:*',
        'do_request_failed',
        'empty_response',
        'get_channel_failed',
        'read_response_body_failed',
      ],
    },
    'upstream_error',
  ],
];

export const RELAY_RULES: readonly Rule[] = [...SLUICE, ...ONE_API];
