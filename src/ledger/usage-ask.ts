/** What a report can be asked: a range, up to two groups, and which calls are left out. */

/** What calls can be told apart by, and left out by. */
export const FILTERS = [
  'tenant',
  'project',
  'key',
  'model',
  'served',
  'channel',
  'account',
  'provider',
  'failure',
  'tag',
] as const;
export type FilterName = (typeof FILTERS)[number];
export const TIME_GROUPS = ['day', 'hour', 'minute'] as const;
export type TimeGroup = (typeof TIME_GROUPS)[number];
export const GROUPS = [...FILTERS, ...TIME_GROUPS] as const;
export type Group = (typeof GROUPS)[number];

/** Of each named dimension, the values that are counted; '' is "none". */
export type Filters = { readonly [Name in FilterName]?: readonly string[] };

export type UsageAsk = {
  /** Clock time; taken down to the minute. */
  readonly fromMs: number;
  readonly toMs: number;
  /** None, one or two. */
  readonly by: readonly Group[];
  readonly filters: Filters;
};

/** What is asked for cannot be told. */
export class ReportRefused extends Error {
  override readonly name = 'ReportRefused';
}
