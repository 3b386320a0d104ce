/**
 * Prices over the admin API: what is in force on every channel and whose word it is, the rows of the database, a new row,
 * and what a call of so many tokens would cost whom, with all that decides it. Prices are the house's business: nothing
 * here is for the admin of one tenant.
 */

import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Channel } from '../../domain/channel.ts';
import { tierOf } from '../../domain/cost.ts';
import { PRICE_SCOPES } from '../../domain/money.ts';
import { inputTotal } from '../../domain/usage.ts';
import { termsOf, writtenAmounts } from '../../domain/written-price.ts';
import { addPrice, ownPriceOf } from '../../ledger/money-rows.ts';
import { regionOf } from '../../ledger/price-list.ts';
import type { Pricing } from '../../ledger/pricing.ts';
import type { Database } from '../../storage/database.ts';
import { bump } from '../../storage/revisions.ts';
import { noSuch } from './edits.ts';
import { moment, momentText, moneyAnswer, reference } from './fields.ts';
import { newestPage, pageOf, pageQuery } from './page.ts';
import {
  AMOUNTS,
  faultsOf,
  priceAnswer,
  priceFields,
  priceInForce,
  scopeNames,
  shownInForce,
  shownTerms,
  tokenPrices,
} from './price-fields.ts';
import { AdminProblem, type AdminRoute, adminRoute } from './route.ts';

/** A channel under the name of the model that it serves. */
export type Offer = { readonly model: string; readonly channel: Channel };

export type PriceDoors = {
  readonly database: Pick<Database, 'query' | 'write'>;
  readonly pricing: Pricing;
  /** Everything that is offered now. */
  offers(): readonly Offer[];
  /** A change was made: resolves when this instance has it. */
  changed(): Promise<void>;
};

const STAFF = ['owner', 'operator', 'viewer'] as const;
const SETTERS = ['owner', 'operator'] as const;
const tag = 'Prices';

/** Whose price is asked for where nobody is named. */
const NOBODY = { id: '' };

export function priceRoutes(doors: PriceDoors): readonly AdminRoute[] {
  return [listPrices(doors), listPriceRows(doors), createPrice(doors), quotePrice(doors)];
}

const offerAnswer = z.object({
  model: z.string(),
  channel: z.string(),
  account: z.string(),
  provider: z.string(),
  region: z.string().nullable(),
  list: priceInForce.nullable().meta({ description: 'The list price; null: it has none.' }),
  own: priceInForce
    .nullable()
    .meta({ description: 'What the channel costs its owner; null: `cost_factor` of the list price.' }),
  cost_factor: z.string(),
});

const listPrices = ({ pricing, offers }: PriceDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/prices', id: 'listPrices', tag, roles: STAFF },
    summary: 'The price in force on every channel, and whose word it is',
    query: z.strictObject({ model: reference().optional(), account: reference().optional() }),
    answer: z.object({ data: z.array(offerAnswer) }),
    handle({ query }) {
      const shown = offers().filter(
        ({ model, channel }) =>
          (query.model === undefined || query.model === model) &&
          (query.account === undefined || query.account === channel.account.id),
      );
      return {
        body: {
          data: shown.map(({ model, channel }) => {
            const { list, own, costFactor } = pricing.explain({ key: NOBODY, served: model, channel });
            return {
              ...{
                model,
                channel: channel.id,
                account: channel.account.id,
                provider: channel.account.provider,
              },
              region: regionOf(channel) ?? null,
              list: list === undefined ? null : shownInForce(list),
              own: own === undefined ? null : shownInForce(own),
              cost_factor: costFactor,
            };
          }),
        },
      };
    },
  });

const rowAnswer = z.object({
  id: z.string(),
  kind: scopeNames,
  scope: z.string(),
  region: z.string().nullable(),
  price: priceAnswer
    .nullable()
    .meta({ description: 'Null: from then on, what stands below it holds again.' }),
  from_at: z.string(),
  created_at: z.string(),
  actor: z.string(),
});

type RowShown = z.output<typeof rowAnswer>;

const listPriceRows = ({ database }: PriceDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/prices/rows', id: 'listPriceRows', tag, roles: STAFF },
    summary: 'Every price that was ever set over this API, the newest first',
    query: z.strictObject({ ...pageQuery, kind: scopeNames.optional(), scope: reference().optional() }),
    answer: pageOf(rowAnswer),
    async handle({ query: { limit, cursor, kind, scope } }) {
      let rows = database.query.selectFrom('prices').selectAll();
      if (kind !== undefined) rows = rows.where('scope_kind', '=', kind);
      if (scope !== undefined) rows = rows.where('scope', '=', scope);
      const body = await newestPage(rows, { limit, cursor }, (row): RowShown => {
        const price = ownPriceOf(row)?.price;
        const { id, scope: of, region, from_ms, created_ms, actor } = row;
        return {
          ...{ id, kind: row.scope_kind as RowShown['kind'], scope: of, region },
          price: price === undefined || price === null ? null : (shownTerms(price) as RowShown['price']),
          ...{ from_at: momentText(from_ms), created_at: momentText(created_ms), actor },
        };
      });
      return { body };
    },
  });

const priceBody = z.strictObject({
  model: reference().optional().meta({ description: 'List price of a model, by the name that clients use.' }),
  provider: reference()
    .regex(/^[^\s/]+\/\S+$/, 'expected provider/model')
    .optional()
    .meta({ description: "List price of a provider's model: `qwen/qwen3-max`." }),
  channel: reference()
    .regex(/^[^\s/]+\/\S+$/, 'expected account/model')
    .optional()
    .meta({ description: "What one channel costs its account's owner: `qwen-a/qwen3-max`." }),
  region: reference(100).optional().meta({ description: 'Only there.' }),
  ...priceFields,
  withdrawn: z
    .literal(true)
    .optional()
    .meta({ description: 'Instead of amounts: what was set before holds no longer.' }),
  from_at: moment().optional().meta({ description: 'From when it holds; not given: at once.' }),
});

const createPrice = ({ database, offers, changed }: PriceDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'POST', path: '/prices', id: 'createPrice', tag, roles: SETTERS, creates: true },
    summary: 'Set a price, from now on or from later on; what was charged before stays as it was',
    body: priceBody,
    answer: rowAnswer.extend({
      applies_to: z.array(z.string()).meta({ description: 'The channels that it is a price of now.' }),
    }),
    async handle({ body, asker, nowMs, note }) {
      const { withdrawn, from_at: fromMs = nowMs, region, ...rest } = body;
      const named = PRICE_SCOPES.filter((name) => rest[name] !== undefined);
      const [kind] = named;
      const scope = kind === undefined ? undefined : rest[kind];
      if (kind === undefined || scope === undefined || named.length > 1)
        throw wrong(
          'A price is of one of model, provider, channel.',
          'body',
          `expected one of ${PRICE_SCOPES.join(', ')}`,
        );
      if (fromMs < nowMs)
        throw wrong(
          'A price cannot hold from the past on: what was charged stays as it was.',
          'body.from_at',
          `expected ${momentText(nowMs)} or later`,
        );
      const priced = AMOUNTS.some((name) => rest[name] !== undefined) || rest.tiers.length > 0;
      if (withdrawn && priced)
        throw wrong(
          'A price that is taken back has no amounts.',
          'body.withdrawn',
          'expected no amounts beside it',
        );
      const faults = withdrawn ? [] : faultsOf(rest);
      if (faults.length > 0)
        throw new AdminProblem(422, `${faults[0]?.path}: ${faults[0]?.message}.`, faults);
      const price = {
        ...{
          id: `price_${randomBytes(8).toString('hex')}`,
          kind,
          scope,
          price: withdrawn ? null : termsOf(rest),
          fromMs,
        },
        ...(region === undefined ? {} : { region }),
      };
      const shown = {
        ...{
          id: price.id,
          kind,
          scope,
          region: region ?? null,
          price: price.price && shownTerms(price.price),
        },
        ...{ from_at: momentText(fromMs), created_at: momentText(nowMs), actor: asker.id },
      };
      await database.write(async (transaction) => {
        await bump(transaction, 'prices');
        await addPrice(transaction, price, { actor: asker.id, nowMs });
        await note(transaction, { action: 'create', kind: 'price', object: price.id, after: shown });
      });
      await changed();
      const applies = offers().filter(({ model, channel }) => {
        if (region !== undefined && regionOf(channel) !== region) return false;
        const { account, upstreamModel, id } = channel;
        return { model, provider: `${account.provider}/${upstreamModel}`, channel: id }[kind] === scope;
      });
      return { status: 201, body: { ...shown, applies_to: applies.map(({ channel }) => channel.id) } };
    },
  });

const wrong = (detail: string, path: string, message: string): AdminProblem =>
  new AdminProblem(422, detail, [{ path, message }]);

const tokens = () => z.coerce.number().int().min(0).max(100_000_000).default(0);

const quoteAnswer = z.object({
  model: z.string(),
  channel: z.string(),
  list: priceInForce.nullable(),
  tier: tokenPrices
    .extend({ above: z.int().nullable() })
    .nullable()
    .meta({ description: 'The one that the whole input falls in.' }),
  rate: z
    .string()
    .nullable()
    .meta({ description: 'Dollars for one unit of the currency; null: it is the dollar.' }),
  own: priceInForce.nullable(),
  cost_factor: z.string(),
  factor: z.object({ id: z.string().nullable(), factor: z.string() }),
  list_cost: moneyAnswer().nullable(),
  upstream_cost: moneyAnswer().nullable(),
  charged: moneyAnswer().nullable(),
  held: moneyAnswer().nullable().meta({ description: 'The most that such a call can be charged.' }),
});

const quotePrice = ({ pricing, offers }: PriceDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/prices/quote', id: 'quotePrice', tag, roles: STAFF },
    summary:
      'What a call of so many tokens costs on each channel of a model: the row, the tier, the factor, the amounts',
    query: z.strictObject({
      model: reference(),
      ...{ tenant: reference().optional(), project: reference().optional(), key: reference().optional() },
      ...{
        input: tokens(),
        cache_read: tokens(),
        cache_write: tokens(),
        output: tokens(),
        reasoning: tokens(),
      },
    }),
    answer: z.object({ data: z.array(quoteAnswer) }),
    handle({ query }) {
      const found = offers().filter(({ model }) => model === query.model);
      if (found.length === 0) throw noSuch('model', query.model);
      const { tenant, project, key: id = '' } = query;
      const key = {
        id,
        ...(tenant === undefined ? {} : { tenant }),
        ...(project === undefined ? {} : { project }),
      };
      const { input, cache_read: cacheRead, cache_write: cacheWrite, output, reasoning } = query;
      const usage = { input, cacheRead, cacheWrite, output, reasoning, source: 'estimated' } as const;
      return {
        body: {
          data: found.map(({ model, channel }) => {
            const { list, own, costFactor, factor } = pricing.explain({ key, served: model, channel });
            const money = pricing.costOf({ key, served: model, channel, usage, free: false });
            const tier = list && tierOf(list.terms, inputTotal(usage));
            return {
              ...{ model, channel: channel.id, list: list === undefined ? null : shownInForce(list) },
              tier: tier === undefined ? null : { above: tier.above ?? null, ...writtenAmounts(tier) },
              rate:
                list === undefined || list.terms.currency === 'USD'
                  ? null
                  : (pricing.rates()[list.terms.currency] ?? null),
              own: own === undefined ? null : shownInForce(own),
              ...{ cost_factor: costFactor, factor: { id: factor.id, factor: factor.text } },
              ...{ list_cost: money.listNano, upstream_cost: money.upstreamNano, charged: money.chargedNano },
              held: pricing.quote({
                ...{ key, model, channel, inputTokens: inputTotal(usage), outputTokens: output + reasoning },
              }),
            };
          }),
        },
      };
    },
  });
