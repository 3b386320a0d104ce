/**
 * What is known of a provider's model: how much it takes and gives, in which forms, what it can do, and what it costs.
 * A fact that nobody has published is absent, and absent means unknown: never zero, never "no".
 */

export const MODEL_KINDS = [
  'chat',
  'embedding',
  'rerank',
  'image',
  'video',
  'speech',
  'transcription',
  'moderation',
] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

export const MODALITIES = ['text', 'image', 'audio', 'video', 'file'] as const;
export type Modality = (typeof MODALITIES)[number];

/** `stream-only`: refuses plain calls. `always-thinking`: thinking cannot be switched off. */
export const ABILITIES = [
  'tools',
  'vision',
  'thinking',
  'always-thinking',
  'json-object',
  'json-schema',
  'stream-only',
  'prefix',
] as const;
export type Ability = (typeof ABILITIES)[number];

export type Source = {
  readonly url: string;
  /** Day on which it said so, `2026-11-10`. */
  readonly date: string;
  /** Set where `npm run catalog` may bring the numbers up to date from there. */
  readonly importer?: string;
};

/** Money for a million tokens, as decimal text. What is absent is charged as the plainer kind beside it. */
export type TokenPrices = {
  readonly input?: string;
  readonly output?: string;
  /** Of all output, when the model has thought. */
  readonly thinkingOutput?: string;
  readonly cacheRead?: string;
  readonly cacheWrite?: string;
  readonly cacheWrite1h?: string;
  /** Of sound and pictures, where they are counted apart; told to clients, not charged here. */
  readonly audioInput?: string;
  readonly audioOutput?: string;
  readonly imageInput?: string;
  readonly imageOutput?: string;
};

/** In force when the whole input is longer than `above` tokens; the first tier has none. */
export type PriceTier = TokenPrices & { readonly above?: number };

export const CURRENCIES = ['USD', 'CNY'] as const;
export type Currency = (typeof CURRENCIES)[number];

export type Price = {
  readonly currency: Currency;
  /** Regions in which it holds; absent: in all that have no price of their own. */
  readonly regions?: readonly string[];
  /** First day on which it holds. */
  readonly from?: string;
  /** Only at this time of every day, or of every weekday, UTC, `01:00` to `04:00`. */
  readonly hours?: { readonly from: string; readonly to: string; readonly weekdays?: true };
  /** Whole calls are charged at the tier that their whole input falls in. Ascending, at least one. */
  readonly tiers: readonly PriceTier[];
  /** The share of the price that a call in a batch costs, and whether prices of cached input hold there. */
  readonly batch?: { readonly share: string; readonly cache: 'kept' | 'lost' };
  readonly source: Source;
};

/** What a price is, whoever says so. */
export type PriceTerms = Omit<Price, 'source'>;

export type ModelFacts = {
  readonly provider: string;
  /** The provider's name of it. */
  readonly id: string;
  /** The one region that the prices are of; absent: of all. */
  readonly region?: string;
  /** For people. */
  readonly name?: string;
  readonly kind: ModelKind;
  /** Input and output together, tokens. */
  readonly context?: number;
  readonly maxInput?: number;
  readonly maxOutput?: number;
  /** What it is known to read; that it does not read pictures stands in `lacks`. */
  readonly input?: readonly Modality[];
  readonly output?: readonly Modality[];
  readonly abilities: readonly Ability[];
  /** What it is known not to be able to do. */
  readonly lacks: readonly Ability[];
  readonly deprecated: boolean;
  readonly prices: readonly Price[];
  readonly source: Source;
};

export type PriceMoment = { readonly region?: string | undefined; readonly nowMs: number };

/** The price in force for this region at this moment: of several that hold, the one that stands last. */
export function priceOf(
  { prices }: Pick<ModelFacts, 'prices'>,
  { region, nowMs }: PriceMoment,
): Price | undefined {
  const own = region === undefined ? [] : prices.filter(({ regions }) => regions?.includes(region));
  const group = own.length > 0 ? own : prices.filter(({ regions }) => regions === undefined);
  return group.findLast((price) => holdsAt(price, nowMs));
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** On this day, at this hour? */
export function holdsAt({ from, hours }: PriceTerms, nowMs: number): boolean {
  if (from !== undefined && nowMs < Date.parse(`${from}T00:00:00Z`)) return false;
  if (hours === undefined) return true;
  if (hours.weekdays === true && [0, 6].includes(new Date(nowMs).getUTCDay())) return false;
  const minute = Math.floor((nowMs % DAY_MS) / MINUTE_MS);
  const [start, end] = [minuteOf(hours.from), minuteOf(hours.to)];
  return start < end ? minute >= start && minute < end : minute >= start || minute < end;
}

function minuteOf(time: string): number {
  const [hour = '0', minute = '0'] = time.split(':');
  return Number(hour) * 60 + Number(minute);
}

/** What a call needs of a model, as far as the call itself shows it. */
export type Needs = {
  readonly tools: boolean;
  readonly images: boolean;
  readonly inputTokens: number;
};

/** What the model is known not to be able to give; undefined: nothing is known against it. */
export function shortfallOf(facts: ModelFacts, needs: Needs): string | undefined {
  const { lacks, kind } = facts;
  if (kind !== 'chat') return `it is a model for ${kind}`;
  if (needs.tools && lacks.includes('tools')) return 'it calls no tools';
  if (needs.images && lacks.includes('vision')) return 'it reads no images';
  const room = facts.maxInput ?? facts.context;
  if (room !== undefined && needs.inputTokens > room * ESTIMATE_MARGIN)
    return `it takes ${room} tokens, not about ${needs.inputTokens}`;
  return undefined;
}

/** The input is only estimated: what is near the limit is left to the provider to judge. */
const ESTIMATE_MARGIN = 1.5;

/** The facts as they hold in one region: prices of others are not its own, and what is left needs no region any more. */
export function factsIn(facts: ModelFacts, region: string | undefined): ModelFacts {
  const own = facts.prices.filter(({ regions }) => region !== undefined && regions?.includes(region));
  const prices = own.length > 0 ? own : facts.prices.filter(({ regions }) => regions === undefined);
  return {
    ...facts,
    ...(region === undefined ? {} : { region }),
    prices: prices.map(({ regions: _regions, ...price }) => price),
  };
}
