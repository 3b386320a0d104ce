/**
 * What a unit of another currency is worth in dollars, where prices in both have to be compared. Not a rate of the day:
 * the one by which the vendor itself prints one price in both currencies.
 */

import type { Currency } from '../domain/model-facts.ts';

export const DOLLARS_FOR: Readonly<Partial<Record<Currency, string>>> = {
  // qwen3-max in Beijing: CNY 2.5 at https://help.aliyun.com/zh/model-studio/model-pricing ,
  // USD 0.359 at https://www.alibabacloud.com/help/en/model-studio/models
  CNY: '0.1436',
};
