/** Tokens of one call in five disjoint amounts, and how sure we are of them. */

export type UsageSource = 'upstream' | 'partial' | 'estimated';

export type Usage = {
  /** Prompt tokens that came from no cache. */
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** How much of `cacheWrite` is kept for an hour, where the provider tells and it is any. */
  readonly cacheWrite1h?: number;
  /** Answer tokens without the chain of thought. */
  readonly output: number;
  readonly reasoning: number;
  /** `upstream`: told by the provider. `partial`: told, but the answer broke off. `estimated`: counted by us. */
  readonly source: UsageSource;
};

/** The amounts alone. */
export type TokenAmounts = Omit<Usage, 'source'>;

export const inputTotal = (usage: TokenAmounts): number => usage.input + usage.cacheRead + usage.cacheWrite;
export const outputTotal = (usage: TokenAmounts): number => usage.output + usage.reasoning;
export const totalTokens = (usage: TokenAmounts): number => inputTotal(usage) + outputTotal(usage);
