/**
 * The parts of `sluice.yaml` that say who may ask and who pays: `keys`, `tenants` and `projects`. The database can hold
 * the same; what stands in the file wins.
 */

import type { z } from 'zod';
import { PRIORITIES } from '../domain/call.ts';
import { ENDPOINT_WORDS } from '../domain/endpoints.ts';
import {
  addressBlock,
  anything,
  decimal,
  flag,
  identifier,
  listOf,
  mapOf,
  moment,
  positiveNumber,
  secret,
  section,
  text,
  word,
} from './fields.ts';
import { rateShape } from './rate-fields.ts';

/** A shorter key could be guessed. */
export const KEY_MIN_LENGTH = 16;

/** Sums of a few still fit into 64 bits as billionths. */
const MOST_DOLLARS = 1_000_000_000;
const dollars = () =>
  decimal({
    expected: 'dollars such as 12.50, of at most nine places',
    accepts: (written) => Number(written) <= MOST_DOLLARS,
  });

const budgets = () =>
  section({
    day: dollars().optional().describe('Dollars per day (UTC).'),
    week: dollars().optional().describe('Dollars per week, from Monday (UTC).'),
    month: dollars().optional().describe('Dollars per calendar month (UTC).'),
    total: dollars().optional().describe('Dollars in all.'),
  }).prefault({});

export const keySchema = section({
  id: identifier().describe('Your name for the key. Shown in logs and metrics.'),
  label: text().optional().describe('What it is for, in words for people.'),
  key: secret(1, 'visible characters without spaces').describe(
    `What clients send. At least ${KEY_MIN_LENGTH} characters where Sluice listens beyond this machine.`,
  ),
  tenant: identifier().optional().describe('Whose it is, by its id under `tenants`; not given: `default`.'),
  project: identifier().optional().describe('The project that it is for, by its id under `projects`.'),
  expires: moment().optional().describe('From then on the key is refused.'),
  limits: section(rateShape).prefault({}).describe("The key's own limits, apart from the pool's."),
  on_limit: word('way to meet a limit', ['queue', 'reject'])
    .prefault('queue')
    .describe('At a limit the call waits in line (`queue`) or is refused at once (`reject`).'),
  priority: word('priority', PRIORITIES)
    .prefault('normal')
    .describe(
      'Whose calls are served first in a line. A call may ask for a lower one with `x-sluice-priority`, never for a ' +
        'higher one than its key has.',
    ),
  weight: positiveNumber().prefault(1).describe('Share of a crowded pool among keys of one priority.'),
  models: listOf(text('the name of a model')).optional().describe('Models the key may use. None given: all.'),
  endpoints: listOf(word('endpoint', ENDPOINT_WORDS))
    .optional()
    .describe(
      'Where the key may ask: `chat`, a task (`embeddings`, `images` …), one dialect alone (`anthropic-messages` …), ' +
        '`objects` (files, batches …), `live` (metrics and live state). None given: everywhere, but `live` only with a key ' +
        'of the tenant `default`.',
    ),
  addresses: listOf(addressBlock())
    .optional()
    .describe('Where its calls may come from, as addresses or CIDR blocks. None given: anywhere.'),
  objects: flag()
    .optional()
    .describe(
      'May the key reach files, batches and other objects of the accounts? Not given: yes, unless it is bound to `models`, ' +
        'for a batch can use any, or charged to a wallet or a budget, for a batch is charged to nobody.',
    ),
  fallback: flag().prefault(true).describe("May the key's calls be served by a fallback model?"),
  fallbacks: listOf(text('the name of a model'))
    .optional()
    .describe('Models that may, in this order, instead of the fallbacks of the model that is asked for.'),
  budgets: budgets().describe('The most that its calls may cost.'),
  metadata: mapOf(anything()).optional().describe('Notes of your own. They mean nothing to Sluice.'),
});

export const tenantSchema = section({
  id: identifier().describe('Its name in keys, reports and logs.'),
  name: text().optional().describe('Its name for people; not given: the id.'),
  active: flag().prefault(true).describe('While it is not, its keys are refused.'),
  wallet: word('kind of wallet', ['none', 'prepaid', 'postpaid'])
    .prefault('none')
    .describe(
      '`none`: calls are counted and never refused for money. `prepaid`: they may cost what was paid in. `postpaid`: as much ' +
        'as `credit_limit` more than that.',
    ),
  credit_limit: dollars().prefault('0').describe('Dollars that a postpaid wallet may go below zero.'),
  budgets: budgets().describe('The most that the calls of all its keys may cost.'),
});

export const projectSchema = section({
  id: identifier().describe('Its name in keys, reports and logs: unique among all organisations.'),
  tenant: identifier().optional().describe('Whose it is; not given: `default`.'),
  name: text().optional().describe('Its name for people; not given: the id.'),
  budgets: budgets().describe('The most that the calls of its keys may cost.'),
});

export type KeyValues = z.output<typeof keySchema>;
export type TenantValues = z.output<typeof tenantSchema>;
export type ProjectValues = z.output<typeof projectSchema>;
