/** Answers as JSON: money, which is `bigint` within, leaves as decimal text of dollars. */

import { decimalOf } from '../../domain/cost.ts';

export const jsonText = (body: unknown): string =>
  JSON.stringify(body, (_name, value: unknown) => (typeof value === 'bigint' ? decimalOf(value) : value));
