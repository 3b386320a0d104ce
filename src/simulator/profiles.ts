/**
 * The published limits (RPM / TPM) of Model Studio by region, as the simulator enforces them. Sources: Alibaba's
 * page of limits as of 2026-02-24, with the later rows of mid-2026 where they differ:
 * https://help.aliyun.com/zh/model-studio/rate-limit and https://www.alibabacloud.com/help/en/model-studio/rate-limit
 */

import type { QuotaLimits } from './quotas.ts';

/** `singapore` = international deployment, `beijing` = mainland, `global` = Virginia, worldwide compute (and `-us`). */
export const REGIONS = ['singapore', 'beijing', 'global'] as const;
export type Region = (typeof REGIONS)[number];

export const DEFAULT_REGION: Region = 'singapore';

const K = 1_000;
const M = 1_000_000;

type Pair = readonly [rpm: number, tpm: number];
type Row = readonly [beijing: Pair | null, singapore: Pair | null, global: Pair | null];

const pair = (rpm: number, tpm: number): Pair => [rpm, tpm];

const NONE = null;
const STABLE: Pair = pair(30_000, 5 * M);
const FAST: Pair = pair(30_000, 10 * M);
const MIDDLE: Pair = pair(15_000, 5 * M);
const BASIC: Pair = pair(600, M);
const SNAPSHOT: Pair = pair(60, 100 * K);
const WIDE_SNAPSHOT: Pair = pair(60, M);

/** Qwen text models and the families beside them. A model without a figure for a region is unknown there (404). */
const ROWS = {
  'qwen3.7-max': [STABLE, BASIC, STABLE],
  'qwen3.7-max-2026-06-08': [BASIC, WIDE_SNAPSHOT, BASIC],
  'qwen3.7-max-2026-05-20': [BASIC, WIDE_SNAPSHOT, BASIC],
  'qwen3.7-max-preview': [pair(60, 500 * K), NONE, NONE],
  'qwen3.7-max-2026-05-17': [pair(60, 500 * K), NONE, NONE],
  'qwen3.6-max-preview': [BASIC, BASIC, NONE],
  'qwen3-max': [STABLE, BASIC, BASIC],
  'qwen3-max-2026-01-23': [BASIC, BASIC, NONE],
  'qwen3-max-2025-09-23': [SNAPSHOT, SNAPSHOT, SNAPSHOT],
  'qwen3-max-preview': [BASIC, BASIC, BASIC],
  'qwen-max': [pair(1_200, M), BASIC, NONE],
  'qwen-max-latest': [pair(1_200, M), BASIC, NONE],
  'qwen-max-2025-01-25': [SNAPSHOT, SNAPSHOT, NONE],
  'qwen-max-2024-09-19': [SNAPSHOT, NONE, NONE],
  'qwen-max-2024-04-28': [SNAPSHOT, NONE, NONE],

  'qwen3.7-plus': [STABLE, MIDDLE, STABLE],
  'qwen3.7-plus-2026-05-26': [BASIC, WIDE_SNAPSHOT, BASIC],
  'qwen3.6-plus': [STABLE, MIDDLE, STABLE],
  'qwen3.6-plus-2026-04-02': [BASIC, WIDE_SNAPSHOT, BASIC],
  'qwen3.5-plus': [STABLE, MIDDLE, STABLE],
  'qwen3.5-plus-2026-04-20': [BASIC, BASIC, NONE],
  'qwen3.5-plus-2026-02-15': [BASIC, WIDE_SNAPSHOT, BASIC],
  // Singapore prints no row for plain qwen-plus (open question): it gets the one of qwen-plus-latest (inferred).
  'qwen-plus': [STABLE, BASIC, MIDDLE],
  'qwen-plus-latest': [pair(15_000, 1.2 * M), BASIC, NONE],
  'qwen-plus-2025-12-01': [pair(120, M), pair(120, M), WIDE_SNAPSHOT],
  'qwen-plus-2025-09-11': [WIDE_SNAPSHOT, pair(120, M), WIDE_SNAPSHOT],
  'qwen-plus-2025-07-28': [WIDE_SNAPSHOT, SNAPSHOT, WIDE_SNAPSHOT],
  'qwen-plus-2025-07-14': [SNAPSHOT, SNAPSHOT, NONE],
  'qwen-plus-2025-04-28': [WIDE_SNAPSHOT, WIDE_SNAPSHOT, NONE],
  'qwen-plus-2025-01-25': [pair(60, 150 * K), SNAPSHOT, NONE],
  'qwen-plus-2025-01-12': [pair(60, 150 * K), NONE, NONE],
  'qwen-plus-2024-12-20': [pair(60, 150 * K), NONE, NONE],
  'qwen-plus-us': [NONE, NONE, BASIC],
  'qwen-plus-2025-12-01-us': [NONE, NONE, WIDE_SNAPSHOT],

  'qwen3.6-flash': [FAST, MIDDLE, MIDDLE],
  'qwen3.6-flash-2026-04-16': [BASIC, WIDE_SNAPSHOT, WIDE_SNAPSHOT],
  'qwen3.5-flash': [FAST, MIDDLE, FAST],
  'qwen3.5-flash-2026-02-23': [BASIC, WIDE_SNAPSHOT, BASIC],
  'qwen-flash': [FAST, pair(600, 5 * M), pair(15_000, 10 * M)],
  'qwen-flash-2025-07-28': [WIDE_SNAPSHOT, pair(600, 5 * M), WIDE_SNAPSHOT],
  'qwen-flash-us': [NONE, NONE, pair(600, 5 * M)],
  'qwen-flash-2025-07-28-us': [NONE, NONE, pair(600, 5 * M)],
  'qwen-turbo': [pair(1_200, 5 * M), pair(600, 5 * M), NONE],
  'qwen-turbo-latest': [pair(1_200, 5 * M), pair(600, 5 * M), NONE],
  'qwen-turbo-2025-07-15': [SNAPSHOT, NONE, NONE],
  'qwen-turbo-2025-04-28': [WIDE_SNAPSHOT, WIDE_SNAPSHOT, NONE],
  'qwen-turbo-2025-02-11': [pair(60, 5 * M), NONE, NONE],
  'qwen-turbo-2024-11-01': [pair(60, 5 * M), pair(60, 5 * M), NONE],

  'qwq-plus': [BASIC, SNAPSHOT, NONE],
  'qwq-plus-latest': [BASIC, NONE, NONE],
  'qwq-plus-2025-03-05': [SNAPSHOT, NONE, NONE],
  'qwen-long': [pair(1_200, 3 * M), NONE, NONE],
  'qwen-long-latest': [pair(1_200, 60 * K), NONE, NONE],
  'qwen-long-2025-01-25': [pair(3, 7_500), NONE, NONE],

  'qwen3-coder-plus': [pair(5_000, 5 * M), pair(2_400, 2 * M), pair(2_400, 2 * M)],
  'qwen3-coder-plus-2025-09-23': [WIDE_SNAPSHOT, BASIC, WIDE_SNAPSHOT],
  'qwen3-coder-plus-2025-07-22': [WIDE_SNAPSHOT, WIDE_SNAPSHOT, WIDE_SNAPSHOT],
  'qwen3-coder-flash': [pair(5_000, 5 * M), pair(600, 5 * M), pair(1_200, M)],
  'qwen3-coder-flash-2025-07-28': [WIDE_SNAPSHOT, pair(600, 5 * M), WIDE_SNAPSHOT],
  'qwen3-vl-plus': [pair(3_000, 5 * M), pair(1_200, M), pair(1_200, M)],
  'qwen3-vl-flash': [pair(3_000, 5 * M), pair(1_200, M), pair(1_200, M)],
  'qwen3-235b-a22b-instruct-2507': [BASIC, BASIC, BASIC],
  'qwen3-32b': [pair(2_400, M), BASIC, BASIC],
  'deepseek-v3.2': [pair(15_000, 1.2 * M), NONE, NONE],
  'kimi-k2-thinking': [SNAPSHOT, NONE, NONE],
} as const satisfies Record<string, Row>;

const COLUMNS = { beijing: 0, singapore: 1, global: 2 } as const satisfies Record<Region, number>;

/** Every model of a region with its published limits. */
export function publishedLimits(region: Region): Record<string, QuotaLimits> {
  const rows: Record<string, Row> = ROWS;
  const limits: Record<string, QuotaLimits> = {};
  for (const [model, row] of Object.entries(rows)) {
    const published = row[COLUMNS[region]];
    if (published !== null) limits[model] = { rpm: published[0], tpm: published[1] };
  }
  return limits;
}

/** Hosts of Model Studio, each bound to a region: https://help.aliyun.com/model-studio/base-url */
const HOSTS: Readonly<Record<string, Region>> = {
  'dashscope.aliyuncs.com': 'beijing',
  'dashscope-intl.aliyuncs.com': 'singapore',
  'dashscope-us.aliyuncs.com': 'global',
};

/** Undefined for hosts that stand for no region, such as the loopback address. */
export const regionOfHost = (hostname: string): Region | undefined => HOSTS[hostname];
