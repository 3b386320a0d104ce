// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are for the reader of a configuration

/**
 * `sluice.yaml`, key by key. Every description here is printed into `docs/configuration.md` and shown by editors, so
 * it speaks to the person who writes the file. Names that must exist elsewhere in the file are checked in
 * `references.ts`.
 */

import { z } from 'zod';
import { ALERT_TYPES } from '../domain/alert.ts';
import {
  addressBlock,
  anything,
  clientGone,
  duration,
  flag,
  identifier,
  listOf,
  mapOf,
  name,
  positiveNumber,
  ramp,
  secret,
  section,
  size,
  switchedDuration,
  text,
  url,
  webhookSecret,
  webhookUrl,
  wholeNumber,
  word,
} from './fields.ts';
import type { Known } from './known.ts';
import { ledgerSection } from './ledger-section.ts';
import { costFactor, money, priceSchema } from './money.ts';
import { keySchema, projectSchema, tenantSchema } from './people-schema.ts';
import { rateShape } from './rate-fields.ts';
import { storageSection } from './storage-section.ts';

const limits = () =>
  section({
    ...rateShape,
    ramp: ramp().optional().describe('How fast the rate may grow after a start or a pause.'),
    prepaid: flag()
      .optional()
      .describe('The provider charges max_tokens when the call arrives, not what it used.'),
  });

const weight = () =>
  positiveNumber().describe('Share of the traffic among channels of one tier, under the strategy weighted.');
const tier = () => wholeNumber().describe('Lower is tried first.');

const accountModel = section({
  name: text('the name of a model')
    .optional()
    .describe('Offers the model under this name instead of its own.'),
  limits: limits()
    .optional()
    .describe("Limits of this account for this model. They win over the account's and the published ones."),
  weight: weight().optional(),
  tier: tier().optional(),
  price: priceSchema()
    .optional()
    .describe(
      'What this account pays for this model, for a million tokens, where it is no share of the list price.',
    ),
});

/** A list of names is a mapping whose entries say nothing. */
const accountModels = z.union([mapOf(accountModel), z.array(text('the name of a model'))]);

export const accountSchema = (known?: Known) =>
  section({
    id: identifier().describe('Your name for the account. Shown in logs and metrics.'),
    provider: name(
      'provider',
      known?.providers.map(({ id }) => id),
    ).describe('Who answers: `qwen`, `openai`, `openai-compatible`, `simulator` …'),
    region: text('the name of a region').optional().describe('Where the provider has regions.'),
    base_url: url()
      .optional()
      .describe("Address instead of the provider's own, with the version: `https://host/v1`."),
    secrets: listOf(secret(1, 'a secret: visible characters without spaces'))
      .prefault([])
      .describe(
        "The account's API keys. Several of one account share its limits. Best written as `${VARIABLE}`.",
      ),
    weight: weight().prefault(1),
    tier: tier().prefault(0),
    limits: limits().prefault({}).describe('Limits of each model of the account that has none of its own.'),
    wait_timeout: switchedDuration({ onMs: 30_000, minMs: 3_000, maxMs: 120_000 })
      .prefault('off')
      .describe(
        'How long the provider may keep a call in a line of its own when the rate grows too quickly, where it offers that ' +
          '(Model Studio: `X-DashScope-Wait-Timeout`); `on` is 30s.',
      ),
    stream_upstream: word('choice', ['auto', 'on', 'off'])
      .prefault('auto')
      .describe(
        'Asks for plain answers as streams and puts them together; `auto` where the provider is better asked so.',
      ),
    passes: listOf(text('a path below the base URL, as in /files', /^(?:\/[\w-][\w.-]*)+$/))
      .optional()
      .describe(
        'Paths below the base URL that are passed through to this account, as in `[/files, /batches]`; ids in their ' +
          'answers stay bound to it. Not given: what the provider is known to have.',
      ),
    on_client_gone: clientGone()
      .prefault('cancel')
      .describe(
        'When a client hangs up: `cancel` closes the connection to the provider at once; `drain(30s)` reads the answer on ' +
          'for so long, for a provider that bills it all the same.',
      ),
    drop: listOf(text('the name of a field, such as user or messages[].name'))
      .prefault([])
      .describe(
        'Fields left out of every request to this account, in the body as it is sent: `user`, `messages[].name`. ' +
          'Answers name what was there in `x-sluice-dropped`.',
      ),
    rename: mapOf(text('the new name of a field'))
      .prefault({})
      .describe('Fields of the request sent under another name: `{ max_completion_tokens: max_tokens }`.'),
    set: mapOf(anything())
      .prefault({})
      .describe('Fields of the request that get this value, whatever the client said: `{ store: false }`.'),
    cost_factor: costFactor()
      .prefault('1')
      .describe(
        'What this account pays of the list price: 0.9 with a discount of ten percent, 0 where it is free.',
      ),
    models: accountModels
      .prefault({})
      .describe("Upstream models to use, as a mapping or a list of names. None: the provider's usual ones."),
  });

/** What the database says of one channel; in the file it stands at the account's model. */
export const channelSchema = section({
  limits: limits().prefault({}).describe("Limits of this channel. They win over its account's."),
  weight: weight().optional(),
  tier: tier().optional(),
});

export const modelSchema = (known?: Known) =>
  section({
    strategy: name('strategy', known?.strategies)
      .optional()
      .describe('How channels of one tier are ordered: `earliest-start`, `weighted` …'),
    fallbacks: listOf(text('the name of a model'))
      .prefault([])
      .describe('Models tried in this order when no channel of this one can serve in time.'),
    fallback_after: duration(0)
      .optional()
      .describe('Serve by a fallback when the wait would be longer than this and the fallback is quicker.'),
    affinity: flag()
      .prefault(true)
      .describe(
        'Calls of one conversation prefer the account that served it last, so that its prompt cache is used.',
      ),
    resume: flag()
      .prefault(false)
      .describe(
        'A plain text stream that breaks off is continued on another channel, where the provider can continue a beginning.',
      ),
    channels: listOf(text('the name of a channel, account/model'))
      .optional()
      .describe('Only these channels, as `account/upstream-model`. Makes a name of your own possible.'),
  });

const server = section({
  host: text('an address to listen on').prefault('127.0.0.1').describe('Address to listen on.'),
  port: wholeNumber({ max: 65_535 }).prefault(4290).describe('Port to listen on; 0 takes a free one.'),
  body_limit: size().prefault('32mb').describe('Largest request body.'),
  upload_limit: size()
    .prefault('512mb')
    .describe(
      'Largest upload: a file, or a form with one. It is passed on as it comes and never held in memory.',
    ),
  drain: duration(0).prefault('300s').describe('Time open streams get to end after SIGTERM.'),
  trusted_proxies: listOf(addressBlock())
    .prefault([])
    .describe(
      'Proxies in front of Sluice, as addresses or CIDR blocks: from them alone `x-forwarded-for` is believed. It matters ' +
        'for `addresses` of keys.',
    ),
  idempotency_ttl: duration(0)
    .prefault('60s')
    .describe(
      'How long the answer to a call with an `Idempotency-Key` is given again to a call of the same client key with the ' +
        'same one; 0 switches the header off.',
    ),
});

const queue = section({
  max_wait: duration(0).prefault('50s').describe('Longest wait of a plain call for a free channel.'),
  max_wait_stream: duration(0).prefault('300s').describe('Longest wait of a streaming call.'),
  max_length: wholeNumber({ min: 1 }).prefault(10_000).describe('Calls in line per model.'),
  max_bytes: size().prefault('256mb').describe('Bodies of the calls in line per model, together.'),
  max_length_per_key: wholeNumber({ min: 1 }).optional().describe('Calls of one key in line per model.'),
  max_bytes_per_key: size()
    .optional()
    .describe('Bodies of the calls of one key in line per model, together.'),
  overload_wait: duration(0)
    .prefault('10s')
    .describe(
      'Longest wait while calls have been turned away for some time without the line ever being empty.',
    ),
});

const timeouts = section({
  connect: duration().prefault('5s').describe('Until the connection to the provider stands.'),
  first_byte: duration().prefault('600s').describe('Until the first byte of a plain answer.'),
  first_byte_stream: duration()
    .prefault('600s')
    .describe('Until the first byte of a stream; a comment or a blank line is one.'),
  first_token: duration()
    .optional()
    .describe(
      'Until the first content of a stream, whatever bytes come; the call then moves to another channel.',
    ),
  idle: duration().prefault('600s').describe('Longest silence inside an answer.'),
});

const retries = section({
  max_attempts: wholeNumber({ min: 1, max: 100 })
    .prefault(8)
    .describe('Failed attempts of one call on one model, refusals that it only waits for not counted.'),
  share: positiveNumber()
    .prefault(0.2)
    .describe(
      'Retries per call, over all calls of a minute; ten are always allowed. Beyond that a call waits with its retry, ' +
        'unless a channel that refused it has answered others since.',
    ),
});

const memory = section({
  max_bytes: size().prefault('64mb').describe('All of it together; what was used longest ago goes first.'),
  ttl: duration().prefault('1h').describe('How long it is kept after its last use.'),
});

export const webhookSchema = section({
  url: webhookUrl().describe('Where alerts are posted to. Redirects are not followed.'),
  secret: webhookSecret().describe(
    'What they are signed with, by Standard Webhooks: `whsec_` and base64. The receiver needs the same one.',
  ),
});

const alerts = section({
  webhooks: listOf(webhookSchema).prefault([]).describe('Who is told of what an operator has to know.'),
  on: listOf(word('alert', ALERT_TYPES))
    .prefault([...ALERT_TYPES])
    .describe('What the webhooks are told. The log and the metrics have all of it.'),
});

const log = section({
  level: word('log level', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .prefault('info')
    .describe('Least severity that is logged.'),
  format: word('log format', ['auto', 'json', 'pretty'])
    .prefault('auto')
    .describe('`auto` is pretty on a terminal and JSON elsewhere.'),
});

const admin = section({
  enabled: flag().prefault(true).describe('Is there an admin API, `/admin/v1`?'),
  key: secret(1, 'visible characters without spaces')
    .optional()
    .describe(
      'Who has it may do everything. `SLUICE_ADMIN_KEY` wins over it. Neither: where Sluice listens on this machine alone, ' +
        'one is made in `data_dir`; elsewhere the admin API is off. A new one takes a restart.',
    ),
  addresses: listOf(addressBlock())
    .prefault([])
    .describe('From where the admin API may be asked, as addresses and CIDR blocks. None: from everywhere.'),
  hosts: listOf(text('the name of a host'))
    .prefault([])
    .describe(
      'Names under which the admin API is asked, as browsers say them in `Host`. On this machine `localhost` and its ' +
        'addresses always are; a proxy in front takes its name here.',
    ),
  session_idle: duration(60_000)
    .prefault('30m')
    .describe('A session of the dashboard ends when nothing was asked for so long.'),
  session_max: duration(60_000).prefault('12h').describe('And after so long in any case.'),
});

const simulator = section({
  ttft: duration(0).optional().describe('Time to the first token.'),
  tokens_per_second: positiveNumber().optional().describe('Pace of an answer.'),
  output_tokens: wholeNumber({ min: 1 })
    .optional()
    .describe('Length of an answer the client does not bound.'),
  ramp: ramp().optional().describe('How the simulated provider punishes a rate that grows too quickly.'),
});

/** The whole file. Without `known`, names of providers and strategies are any text. */
export const fileSchema = (known?: Known) =>
  section({
    server: server.prefault({}).describe('Where Sluice listens.'),
    accounts: z
      .preprocess((value) => value ?? undefined, z.array(accountSchema(known)))
      .describe('The pool: who owns quota at a provider. `[]`: those in the database alone.'),
    models: mapOf(modelSchema(known))
      .prefault({})
      .describe(
        'By the name clients ask for. Optional: every upstream model is offered under its own name anyway.',
      ),
    claude_aliases: flag()
      .prefault(false)
      .describe(
        'Offers every model to Anthropic clients under a second name, `claude-via-…`, for those that only show Claude models.',
      ),
    keys: listOf(keySchema).prefault([]).describe("Clients' keys."),
    tenants: listOf(tenantSchema)
      .prefault([])
      .describe('Organisations: whose keys they are, and who pays. Keys that name none belong to `default`.'),
    projects: listOf(projectSchema)
      .prefault([])
      .describe('Parts of an organisation, with budgets of their own.'),
    queue: queue.prefault({}).describe('Waiting in line instead of a 429.'),
    timeouts: timeouts.prefault({}).describe('Patience with a provider.'),
    retries: retries.prefault({}).describe('Sending a call again after a failure, before any content.'),
    retry_unknown: flag()
      .prefault(false)
      .describe(
        'Send again what a provider took in and then dropped without a byte? It may have been answered, and be billed twice.',
      ),
    memory: memory
      .prefault({})
      .describe(
        'What is kept for clients between their calls because they cannot carry it themselves: thoughts and their ' +
          'signatures, answers that are asked for again. In memory alone, apart for each key.',
      ),
    money: money.prefault({}).describe('Prices, and what clients are charged.'),
    heartbeat: duration(0)
      .prefault('10s')
      .describe('Pause after which an open stream gets a comment, so that nobody hangs up; 0 for none.'),
    data_dir: text('a folder')
      .prefault('./data')
      .describe(
        'Where learned limits, long benches and what is switched off are kept across restarts. Relative to the folder Sluice runs in.',
      ),
    storage: storageSection().prefault({}).describe('The database.'),
    ledger: ledgerSection().prefault({}).describe('Entries of calls on their way into the database.'),
    alerts: alerts.prefault({}).describe('Telling an operator what calls for action.'),
    log: log.prefault({}).describe('What is written while running.'),
    admin: admin.prefault({}).describe('The admin API: who may use it, and from where.'),
    simulator: simulator.prefault({}).describe('How accounts of the provider `simulator` behave.'),
  });

export type FileValues = z.output<ReturnType<typeof fileSchema>>;
export type AccountValues = z.output<ReturnType<typeof accountSchema>>;
export type ChannelValues = z.output<typeof channelSchema>;
export type ModelValues = z.output<ReturnType<typeof modelSchema>>;
export type WebhookValues = z.output<typeof webhookSchema>;
export type LimitsValues = z.output<ReturnType<typeof limits>>;
