/**
 * The published limits of Model Studio per model and region: what an account has before anybody raises it. Every
 * model id has its own quota. Figures as of 2026-02-24, later ones (mid-2026) where the page changed.
 * Source: https://help.aliyun.com/zh/model-studio/rate-limit and
 * https://www.alibabacloud.com/help/en/model-studio/rate-limit
 */

import type { Limits } from '../domain/limits.ts';
import type { PublishedLimits } from './provider.ts';
import { QWEN_LIMIT_TABLE } from './qwen-limit-table.ts';

const SOURCE = 'https://www.alibabacloud.com/help/en/model-studio/rate-limit';

/** Regions that are another's column: the simulator's `global` is what Virginia's endpoint serves. */
const COLUMN_OF: Readonly<Record<string, number>> = {
  beijing: 0,
  singapore: 1,
  virginia: 2,
  us: 2,
  global: 2,
};

/** Rows that the page lacks, and what stands in. */
const STAND_INS: Readonly<Record<string, string>> = {
  // No row in 2026-02 nor in mid-2026; Frankfurt's EU row of qwen-plus has the same figures as this one.
  'qwen-plus/singapore': 'qwen-plus-latest',
};

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_000, M: 1_000_000 };

function numberOf(text: string): number {
  const unit = text.slice(-1);
  return unit in UNITS ? Number(text.slice(0, -1)) * (UNITS[unit] ?? 1) : Number(text);
}

/**
 * `600/1M` is requests and tokens per minute, `30rps/1.2M` requests per second. The seconds' shares are the vendor's
 * rule: "RPS = RPM/60, TPS = TPM/60"; below 60 a minute the share is no whole request.
 */
function limitsOf(cell: string): Limits | undefined {
  const [requests, tokens] = cell.split('/');
  if (requests === undefined || tokens === undefined) return undefined;
  const tpm = numberOf(tokens);
  if (requests.endsWith('rps')) return { rps: numberOf(requests.slice(0, -3)), tpm, tps: tpm / 60 };
  const rpm = numberOf(requests);
  return { rpm, tpm, ...(rpm >= 60 ? { rps: rpm / 60 } : {}), tps: tpm / 60 };
}

type Row = readonly (Limits | undefined)[];

const ROWS: ReadonlyMap<string, Row> = new Map(
  QWEN_LIMIT_TABLE.trim()
    .split(/\n+/)
    .map((line): [string, Row] => {
      const [model = '', ...cells] = line.trim().split(/\s+/);
      return [model, cells.map(limitsOf)];
    }),
);

const FAMILIES = [...ROWS.keys()].filter((id) => id.endsWith('*')).sort((a, b) => b.length - a.length);

/** The row of an id: its own, else that of the family whose beginning it shares. */
function rowOf(model: string): Row | undefined {
  const own = ROWS.get(model);
  if (own !== undefined) return own;
  const family = FAMILIES.find((id) => model.startsWith(id.slice(0, -1)));
  return family === undefined ? undefined : ROWS.get(family);
}

export function qwenLimits(model: string, region = 'singapore'): PublishedLimits | undefined {
  const column = Object.hasOwn(COLUMN_OF, region) ? COLUMN_OF[region] : undefined;
  if (column === undefined) return undefined;
  const standIn = STAND_INS[`${model}/${region}`];
  const limits = rowOf(standIn ?? model)?.[column];
  if (limits === undefined) return undefined;
  return { limits, source: standIn === undefined ? SOURCE : `${SOURCE} (no row: that of ${standIn})` };
}
