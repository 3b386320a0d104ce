/** The configuration's word on money: its form, and what becomes of it. How it is used stands in `docs/money.md`. */

import { nanoOf } from '../domain/cost.ts';
import { CURRENCIES, type PriceTerms } from '../domain/model-facts.ts';
import {
  factorScopeOf,
  isFactor,
  type MoneySettings,
  type OwnPrice,
  PRICE_SCOPES,
  type PriceFactor,
  UNPRICED,
} from '../domain/money.ts';
import { amountsOf, termsOf } from '../domain/written-price.ts';
import { amount, decimal, listOf, section, text, wholeNumber, word } from './fields.ts';

const perMillion = {
  input: amount().optional().describe('Of input that comes from no cache.'),
  output: amount().optional().describe('Of the answer.'),
  thinking_output: amount()
    .optional()
    .describe('Of the whole answer, once the model has thought. Not given: as other output.'),
  cache_read: amount().optional().describe('Of input read from a cache. Not given: as other input.'),
  cache_write: amount().optional().describe('Of input written into a cache. Not given: as other input.'),
  cache_write_1h: amount().optional().describe('Of input written into a cache for an hour.'),
};

const tokenPrices = () => section(perMillion);

/** Money for a million tokens, the first tier at once and longer inputs below it. */
const priceShape = {
  currency: word('currency', CURRENCIES).prefault('USD').describe('Of all amounts of this price.'),
  ...perMillion,
  tiers: listOf(
    section({
      above: wholeNumber({ min: 1 }).describe(
        'In force for the whole call when its whole input is longer than this.',
      ),
      ...perMillion,
    }),
  )
    .prefault([])
    .describe('Prices of longer inputs, the shortest first.'),
};

export const priceSchema = () => section(priceShape);

const factorValue = () =>
  decimal({
    expected: 'a factor above 0 and at most 1000, such as 0.88, of at most nine places',
    accepts: isFactor,
  });

/** What its owner pays of the list price: nothing at all is possible. */
export const costFactor = () =>
  decimal({
    expected: 'a share from 0 to 1000, such as 0.9, of at most nine places',
    accepts: (written) => nanoOf(written) === 0n || isFactor(written),
  });

export const factorSchema = section({
  tenant: text('the id of a tenant').optional().describe('Whose calls.'),
  project: text('the id of a project').optional().describe('Of which project.'),
  key: text('the id of a key').optional().describe('Of which client key.'),
  model: text('the name of a model').optional().describe('Served by which model.'),
  account: text('the id of an account').optional().describe('Served by which account.'),
  factor: factorValue().describe('What the list price is multiplied by.'),
});

export const ownPriceSchema = section({
  model: text('the name of a model')
    .optional()
    .describe('List price of a model, by the name that clients use.'),
  provider: text('a provider and its model, provider/model', /^[^\s/]+\/\S+$/)
    .optional()
    .describe("List price of a provider's model: `qwen/qwen3-max`."),
  channel: text('a channel, account/model', /^[^\s/]+\/\S+$/)
    .optional()
    .describe("What one channel costs its account's owner: `qwen-a/qwen3-max`."),
  region: text('the name of a region').optional().describe('Only there.'),
  ...priceShape,
});

export const money = section({
  price_factor: factorValue()
    .prefault('1')
    .describe('What clients are charged of the list price, where no other factor is for them.'),
  factors: listOf(factorSchema)
    .prefault([])
    .describe(
      'Price factors of tenants, projects, keys, models or accounts, in any combination. Of several, one that names the key ' +
        'holds before one that names the project, then tenant, model, account; among them, the one that names more.',
    ),
  prices: listOf(ownPriceSchema)
    .prefault([])
    .describe(
      'Prices of your own, for a million tokens, over those of the catalogue. Each is of a `model`, of a `provider` or of a ' +
        '`channel`.',
    ),
  rates: section({
    CNY: amount().optional().describe('Dollars for one yuan.'),
  })
    .prefault({})
    .describe('What other currencies are worth. Frozen into each entry.'),
  unpriced: word('policy', UNPRICED)
    .prefault('allow')
    .describe(
      'A call whose model has no price costs `null`, never 0. `allow`: it is served, unless a wallet or a budget would have ' +
        'to pay for it. `refuse`: it is not. `ceiling`: wallets and budgets hold it at the ceiling.',
    ),
  ceiling: tokenPrices()
    .optional()
    .describe('What is held of wallets and budgets for what has no price, in dollars for a million tokens.'),
  assumed_output: wholeNumber({ min: 1 })
    .prefault(4_096)
    .describe(
      'Tokens of an answer that neither the client nor the model bounds, for what is held before a call.',
    ),
});

type PriceValues = ReturnType<ReturnType<typeof priceSchema>['parse']>;
type MoneyValues = ReturnType<(typeof money)['parse']>;

export const moneyOf = (values: MoneyValues): MoneySettings => ({
  priceFactor: values.price_factor,
  factors: values.factors.map(factorOf),
  prices: values.prices.map(ownPrice),
  costFactors: {},
  rates: Object.fromEntries(Object.entries(values.rates).filter(([, rate]) => rate !== undefined)),
  unpriced: values.unpriced,
  ...(values.ceiling === undefined ? {} : { ceiling: amountsOf(values.ceiling) }),
  assumedOutput: values.assumed_output,
});

/** An account as far as it is about money. */
type AccountMoney = {
  readonly id: string;
  readonly costFactor?: string;
  readonly models: readonly { readonly upstreamModel: string; readonly price?: PriceTerms }[];
};

/** With what accounts pay that say so themselves, wherever they are configured. */
export function withAccountPrices(money: MoneySettings, accounts: readonly AccountMoney[]): MoneySettings {
  const prices = accounts.flatMap(({ id, models }) =>
    models.flatMap(({ upstreamModel, price }): readonly OwnPrice[] => {
      const scope = `${id}/${upstreamModel}`;
      const row = { id: `account:${scope}`, kind: 'channel', scope, fromMs: 0 } as const;
      return price === undefined ? [] : [{ ...row, price }];
    }),
  );
  const shares = accounts.flatMap(({ id, costFactor }) =>
    costFactor === undefined ? [] : [[id, costFactor]],
  );
  if (prices.length === 0 && shares.length === 0) return money;
  return {
    ...money,
    prices: [...prices, ...money.prices],
    costFactors: { ...money.costFactors, ...Object.fromEntries(shares) },
  };
}

const factorOf = ({ factor, ...names }: MoneyValues['factors'][number]): PriceFactor => {
  const scope = factorScopeOf(names);
  const named = Object.entries(scope).map(([name, value]) => `${name}=${value}`);
  return { ...scope, id: `file:${named.join(',')}`, factor, fromMs: 0 };
};

type OwnPriceValues = PriceValues & {
  readonly [Name in (typeof PRICE_SCOPES)[number] | 'region']?: string | undefined;
};

function ownPrice(values: OwnPriceValues): OwnPrice {
  const kind = PRICE_SCOPES.find((name) => values[name] !== undefined) ?? 'model';
  const scope = values[kind] ?? '';
  const { region } = values;
  const id = `file:${kind}:${scope}${region === undefined ? '' : `@${region}`}`;
  return { id, kind, scope, ...(region === undefined ? {} : { region }), price: termsOf(values), fromMs: 0 };
}
