/**
 * What to tell somebody about each kind of failure: which limit it is, when it passes, what an operator can do. What
 * it means and what the relay does is in the table of failures; this one holds advice alone. The order of the steps
 * for limits is a decision: solved for good, a light case, a whole company, calls that are not critical, the long run.
 * Sources of the figures: https://www.alibabacloud.com/help/en/model-studio/rate-limit ,
 * https://help.aliyun.com/zh/model-studio/rate-limit
 */

import type { FailureKind } from '../../domain/failure.ts';
import { MODEL_STUDIO_ADVICE } from './advice-model-studio.ts';
import {
  ACCOUNTS,
  type Advice,
  FALLBACK,
  LIMITED,
  LOOK,
  POOL,
  RAISE,
  type Step,
  step,
} from './advice-steps.ts';

const NOT_BY_WAITING = 'not by waiting: the same request is refused again';
const UNTIL_ACTED = 'not by waiting: somebody must act';

const own = (limit: string | undefined, passes: string, ...steps: readonly Step[]): Advice => ({
  ...(limit === undefined ? {} : { limit }),
  passes,
  steps,
});

const request = (...steps: readonly Step[]): Advice => own(undefined, NOT_BY_WAITING, ...steps);

export const ADVICE = {
  invalid_request: request(step('the client', 'Correct the field that the message names.')),
  request_too_large: request(
    step('the client', 'Send less: fewer or smaller images and documents, a shorter history.'),
  ),
  body_encoding_unsupported: request(
    step('the client', 'Compress the body as gzip, br, zstd or deflate, or not at all.'),
  ),
  body_encoding_invalid: request(
    step('the client', 'Let `Content-Encoding` name what the body really is, and send all of it.'),
  ),
  body_too_large_decoded: request(
    step('the client', 'Send less: what counts is the size before compression.'),
  ),
  exceeds_limits: own(
    'the size of one call against a whole limit',
    'not by waiting: the call alone is larger than the limit',
    step('the client', 'Send a shorter prompt, or ask for fewer tokens (`max_tokens`).'),
    step('the pool', 'Add a channel with a larger limit: another model, or an account of a higher tier.'),
    RAISE,
  ),
  invalid_key: request(
    step('the client', 'Use one of the keys under `keys:` in the configuration of Sluice.'),
    step('the operator', '`sluice check` names the keys it knows by their ids.'),
  ),
  tenant_inactive: request(
    step('the operator', 'Make the organisation active again: `active` of its entry under `tenants`.'),
  ),
  address_forbidden: request(
    step('the operator', 'Add the address to `addresses` of this key.'),
    step('the operator', 'Behind a proxy: name the proxy in `server.trusted_proxies`.'),
  ),
  endpoint_forbidden: request(
    step('the operator', 'Add the endpoint to `endpoints` of this key, or use another key.'),
  ),
  model_forbidden: request(
    step('the operator', 'Add the model to `models` of this key, or use another key.'),
  ),
  model_not_found: request(
    step('the client', '`GET /v1/models` lists the names that are served.'),
    step('the operator', 'Give an account that model in the configuration.'),
  ),
  previous_response_not_found: request(
    step('the client', 'Send the whole input, or go on from an answer that was stored and is not old.'),
    step(
      'the operator',
      'Keep more of them, or longer: `memory.max_bytes`, `memory.ttl`. A restart forgets all.',
    ),
  ),
  response_not_found: request(
    step('the client', 'Ask with the key that the answer was given to, and do not set `store` to false.'),
    step(
      'the operator',
      'Keep more of them, or longer: `memory.max_bytes`, `memory.ttl`. A restart forgets all.',
    ),
  ),
  route_not_found: request(step('the client', 'Let `base_url` end in `/v1`; the SDK adds the rest.')),
  object_not_found: request(
    step(
      'the client',
      'Send the id as Sluice gave it, with the key it was given to; not the provider’s own.',
    ),
    step('the operator', 'Keep `data_dir` (or `SLUICE_MASTER_KEY`): with another secret older ids are void.'),
  ),
  objects_forbidden: request(
    step('the client', 'Keep the ids of your objects: lists are for a relay with a single key.'),
    step(
      'the operator',
      'Set `objects: true` on a key that may reach files and batches besides its `models`.',
    ),
  ),
  client_gone: own(
    undefined,
    'nothing to wait for: the client had left',
    step('the client', 'Allow it more time than the longest wait: `queue.max_wait`, and the model itself.'),
  ),
  content_refused: request(
    step('the client', 'Change the content. Another account of the provider judges it the same way.'),
    step('the pool', 'A model of another provider may judge otherwise.'),
  ),
  upstream_rejected: request(
    step('the client', 'Correct what the provider names. No account, wait or retry changes it.'),
  ),
  too_large: own(
    'the size of one call',
    'not by waiting: the call alone is larger than the limit',
    step('the client', 'Send a shorter prompt, or ask for fewer tokens (`max_tokens`).'),
    step('the pool', 'Add a channel with a larger context or a larger limit.'),
  ),
  request_refused: request(
    step('the client', 'Look at the request itself: two accounts refused it while they served others.'),
  ),
  idempotency_conflict: request(
    step(
      'the client',
      'Use a new `Idempotency-Key` for every new request; repeat it only with the same body.',
    ),
  ),

  key_limit: own(
    "the key's own limit in Sluice",
    "when the key's window has room: `Retry-After` says it",
    step('the operator', 'Raise `limits` of this key, or let it wait: `on_limit: queue`.'),
  ),
  pool_limit: own(
    'every channel of the model at once',
    'when the first channel is free: `Retry-After` says it',
    step('the client', 'Let it wait: leave out `x-sluice-on-limit: reject`.'),
    ACCOUNTS,
    FALLBACK,
  ),
  wait_over: own(
    'every channel of the model at once',
    'when more quota is free than is asked for',
    step('look first', '`sluice limits` shows which limit is full, and whether it is lower than configured.'),
    step('a short peak', 'Allow a longer wait: `queue.max_wait`, and the time-out of the client.'),
    ACCOUNTS,
    FALLBACK,
    RAISE,
  ),
  queue_full: own(
    'the bound of the line (`queue.max_length`)',
    'when the line is shorter',
    step('look first', 'More is asked for than the pool gives: `sluice limits` shows which limit is full.'),
    ACCOUNTS,
    FALLBACK,
    RAISE,
  ),
  pool_exhausted: own(
    'of every channel, to the end of a day or a plan',
    'at the reset time that the answer names',
    ACCOUNTS,
    FALLBACK,
  ),
  insufficient_funds: own(
    "what is left in the tenant's wallet",
    UNTIL_ACTED,
    step('the client', 'Bound the answer (`max_tokens`): a call holds what it may cost at most.'),
    step('the operator', 'Top up the wallet, or raise the credit limit of a postpaid one.'),
  ),
  budget_spent: own(
    'a budget of the key, its project or its tenant',
    'when its period ends; `retry-after` and the message say when',
    step('the client', 'Bound the answer (`max_tokens`): a call holds what it may cost at most.'),
    step('the operator', 'Raise the budget that the message names.'),
  ),
  unpriced_model: own(
    undefined,
    UNTIL_ACTED,
    step('the operator', 'Give the model a price, or let `money.unpriced` hold a ceiling for it.'),
  ),
  ledger_away: own(
    undefined,
    'within seconds, once the database answers',
    step('the client', 'Try again; its SDK does so by itself.'),
    step('the operator', 'Look at the database: only calls near the end of a wallet or a budget need it.'),
  ),
  draining: own(
    undefined,
    'within seconds: Sluice is being restarted',
    step('the client', 'Try again; its SDK does so by itself.'),
  ),
  ledger_full: own(
    undefined,
    'once the database takes entries again',
    step('the operator', 'Bring the database back, or make room on the disk and raise ledger.spill_limit.'),
  ),
  internal: own(
    undefined,
    'not known',
    step('the operator', 'This is a fault of Sluice: report it with the line of the log.'),
  ),

  rpm: own('requests per minute (RPM)', 'within a minute', ...LIMITED),
  tpm: own('tokens per minute (TPM)', 'within a minute', ...LIMITED),
  rps: own('requests per second (RPS)', 'within seconds', ...LIMITED),
  tps: own('tokens per second (TPS)', 'within seconds', ...LIMITED),
  burst: own(
    'the growth of the rate, not its height',
    'within about a minute, if the rate then rises slowly',
    step('for good', 'Let Sluice pace it: it starts slowly and raises the rate as the provider allows.'),
    step('light limiting', 'Ramp up over a minute after a start or a pause; back off with a random part.'),
    ACCOUNTS,
  ),
  concurrency: own(
    'calls in flight at once',
    'as soon as calls in flight end',
    step(
      'for good',
      'Set `limits: { concurrency: N }` of the account: Sluice then never sends more at once.',
    ),
    step('light limiting', 'Bound the parallel calls of your client.'),
    ACCOUNTS,
    RAISE,
  ),
  day: own(
    'the quota of a day',
    "at the end of the provider's day",
    step('for good', 'Set `limits: { rpd: N }` or `tpd`, so that the day is shared out beforehand.'),
    ACCOUNTS,
    FALLBACK,
    RAISE,
  ),
  plan: own(
    "the plan's window (hours, a week, a month)",
    "at the end of the plan's window",
    step('now', 'Wait for the reset, or use an account that pays by use.'),
    ACCOUNTS,
    FALLBACK,
  ),
  overload: own(
    "none of yours: the provider's capacity",
    'usually within seconds to minutes',
    step('for good', 'Other accounts hardly help; a model of another provider does (`fallbacks`).'),
    step('light limiting', 'Back off exponentially with a random part; do not retry at once.'),
    FALLBACK,
  ),

  balance: own(
    'no rate: money',
    UNTIL_ACTED,
    step('now', "Pay the bill, add credit or raise the spend limit in the provider's console."),
    step('until then', 'Other accounts serve; Sluice leaves this one alone.'),
  ),
  free_tier: own(
    'the free quota of this model',
    UNTIL_ACTED,
    step('now', 'Allow paid use of the model, or give it a billing account.'),
    step('until then', 'Use another model or account.'),
  ),
  auth: own(
    undefined,
    UNTIL_ACTED,
    step(
      'look first',
      'Is the secret whole, not revoked, and of this provider? Is the base URL the right one?',
    ),
    step('then', 'Replace it in the configuration; `sluice check --live` asks every account.'),
  ),
  banned: own(
    undefined,
    UNTIL_ACTED,
    step('now', "Ask the provider's support. Do not send its calls over another account to get around it."),
  ),

  no_access: own(
    undefined,
    'not by waiting: the account lacks a right',
    step(
      'now',
      "Ask for access to the model in the provider's console, or give the secret's project the right.",
    ),
    step('or', 'Take the model from this account in the configuration.'),
  ),
  model_missing: own(
    undefined,
    'not by waiting: the name is wrong here',
    step(
      'look first',
      'Is the model id written as the provider writes it, and is it offered in this region?',
    ),
    step('then', 'Correct it in the configuration: `models: { upstream-id: { name: public-name } }`.'),
  ),

  upstream_error: own(
    undefined,
    'usually within seconds',
    step('now', 'Nothing: another channel answers. If it stays, look at the status page of the provider.'),
  ),
  connection: own(
    undefined,
    'as soon as the network does',
    step('look first', 'Name, TLS, proxy and firewall between Sluice and the base URL.'),
  ),
  timeout: own(
    undefined,
    'usually within seconds',
    step('now', 'Long answers want streams; `timeouts` in the configuration sets how long silence may last.'),
  ),
  malformed: own(
    undefined,
    'not known',
    step('look first', "Does the base URL point to the API itself, and not to a page or a proxy's login?"),
  ),
  stream_died: own(
    undefined,
    'with the next call',
    step('the client', 'Ask again: half an answer cannot be continued by itself.'),
  ),
  unknown: own('not known', 'not known', LOOK, POOL),
} as const satisfies Record<FailureKind, Advice>;

/** The advice at a provider: its own where it has some. */
export function adviceOf(kind: FailureKind, provider: string | undefined): Advice {
  if (provider !== 'qwen' && provider !== 'simulator') return ADVICE[kind];
  return { ...ADVICE[kind], ...MODEL_STUDIO_ADVICE[kind] };
}
