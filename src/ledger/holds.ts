/**
 * Money for one call before it starts: how much it may cost at most wherever it is served, of whose purses, and what a
 * client is told who has too little. Whoever has no purse is let through without a look at anything.
 */

import type { ClientKey } from '../domain/call.ts';
import { decimalOf } from '../domain/cost.ts';
import { Failure } from '../domain/failure.ts';
import type { Unpriced } from '../domain/money.ts';
import type { Hold, HoldAsk, HoldOffer } from './ledger.ts';
import { createPayers, type Payer, type People } from './payers.ts';
import { isShortage, type Purses } from './purses.ts';
import type { Shortage } from './round.ts';

export type QuoteAsk = HoldOffer & {
  readonly key: ClientKey;
  readonly inputTokens: number;
  readonly outputTokens: number;
};

export type HoldsOptions = {
  readonly purses: Purses;
  readonly people: People;
  readonly now: () => number;
  /** The most that a call of at most so many tokens is charged; null: nobody knows. */
  readonly quote: (ask: QuoteAsk) => bigint | null;
  readonly settings: () => { readonly unpriced: Unpriced; readonly assumedOutput: number };
};

/** What was estimated may be more: a hold must not be too little. */
const INPUT_SAFETY = 1.25;
const INPUT_EXTRA_TOKENS = 16;

export type Holds = (key: ClientKey, ask: () => HoldAsk) => Hold | Promise<Hold> | undefined;

export function createHolds({ purses, people, now, quote, settings }: HoldsOptions): Holds {
  const payers = createPayers(people);

  const dearest = (key: ClientKey, ask: HoldAsk): bigint => {
    const { assumedOutput } = settings();
    let most = 0n;
    for (const offer of ask.offers) {
      const nano = quote({ ...offer, key, ...boundsOf(ask, offer, assumedOutput) });
      if (nano === null) throw unpriced(offer);
      if (nano > most) most = nano;
    }
    return most;
  };

  return (key, askOf) => {
    const needs = payers.of(key, now());
    if (needs.length === 0) {
      if (settings().unpriced === 'refuse') dearest(key, askOf());
      return undefined;
    }
    const ask = askOf();
    const amountNano = dearest(key, ask);
    const answer = purses.hold({ call: ask.call, needs, amountNano });
    const holdOf = (given: Awaited<typeof answer>): Hold => {
      if (!isShortage(given)) return given;
      throw tooLittle(given, { amountNano, needs });
    };
    return answer instanceof Promise ? answer.then(holdOf) : holdOf(answer);
  };
}

type Bounds = Pick<QuoteAsk, 'inputTokens' | 'outputTokens'>;

function boundsOf(ask: HoldAsk, { channel }: HoldOffer, assumedOutput: number): Bounds {
  const { inputTokens, maxOutputTokens, answers } = ask;
  const most = channel.facts?.maxOutput ?? Infinity;
  return {
    inputTokens: Math.ceil(inputTokens * INPUT_SAFETY) + INPUT_EXTRA_TOKENS,
    outputTokens:
      maxOutputTokens === Infinity
        ? Math.min(most, assumedOutput) * answers
        : Math.min(maxOutputTokens, most * answers),
  };
}

const unpriced = ({ model, channel }: HoldOffer): Failure =>
  new Failure('unpriced_model', {
    message:
      `The model '${model}' has no known price on '${channel.id}', and calls without a price are not served here: ` +
      'use another model, or ask whoever runs this relay to give it a price.',
    param: 'model',
  });

type Asked = { readonly amountNano: bigint; readonly needs: readonly Payer[] };

function tooLittle({ need, leftNano, heldNano }: Shortage, { amountNano, needs }: Asked): Failure {
  const payer = needs.find(({ purse }) => purse === need.purse);
  const held = heldNano > 0n ? ` (${dollars(heldNano)} is held by calls under way)` : '';
  const left = dollars(leftNano > 0n ? leftNano : 0n);
  const cost = `the call may cost up to ${dollars(amountNano, 'up')}`;
  const advice = 'send a smaller max_tokens or less input';
  if (payer?.kind !== 'budget')
    return new Failure('insufficient_funds', {
      message: `The wallet of tenant '${payer?.tenant}' has ${left} left${held}, ${cost}: ${advice}, or top up.`,
      limitOwner: 'key',
    });
  const { of, id, period, limitNano, endsAtMs } = payer;
  const whose = `The ${of} '${id}' has ${left} left of its budget of ${dollars(limitNano)}`;
  const anew =
    endsAtMs === undefined
      ? 'or ask for a larger budget'
      : `or wait for the next ${period}, which begins ${new Date(endsAtMs).toISOString()}`;
  return new Failure('budget_spent', {
    message: `${whose} ${period === 'total' ? 'in all' : `a ${period}`}${held}, ${cost}: ${advice}, ${anew}.`,
    limitOwner: 'key',
    ...(endsAtMs === undefined ? {} : { resetAtMs: endsAtMs }),
  });
}

const MICRO = 1_000n;

/** To the millionth of a dollar: what is there is rounded down, what is wanted up. */
function dollars(nano: bigint, way: 'down' | 'up' = 'down'): string {
  const micros = way === 'up' ? (nano + MICRO - 1n) / MICRO : nano / MICRO;
  return `$${decimalOf(micros * MICRO)}`;
}
