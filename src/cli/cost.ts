/**
 * `sluice cost`: what a month's tokens cost, bought in every way there is: directly, over a relay at a price factor, over
 * several accounts, on cheaper models, in batches, with cached prefixes, with thinking. The tokens are given, or taken
 * from the ledger. Asks nobody: prices and limits are the published ones that come with Sluice, and your own.
 */

import { Command } from 'commander';
import { DOLLARS_FOR } from '../catalog/rates.ts';
import { inputTotal, outputTotal } from '../domain/usage.ts';
import { compared, type Option } from '../ledger/comparison.ts';
import { type Asked, askedVolume } from './cost-asked.ts';
import { countsOf, dollarsOf, factorOf, monthOf, shareOf, tokensOf } from './cost-flags.ts';
import { type LedgerDoors, ledgerVolume } from './cost-ledger.ts';
import type { Bought, Models } from './cost-models.ts';
import { type CostRow, costCells, costCsv, costText, grouped, limitsText } from './cost-text.ts';

export type CostDoors = {
  readonly models: () => Models;
  readonly ledger: LedgerDoors;
  write(text: string): void;
};

export type CostFlags = {
  readonly [Name in
    | 'model'
    | 'provider'
    | 'region'
    | 'tokens'
    | 'inputShare'
    | 'input'
    | 'output'
    | 'calls'
    | 'inputPerCall'
    | 'factor'
    | 'fallback'
    | 'month'
    | 'tenant'
    | 'config'
    | 'database']?: string;
} & {
  readonly accounts: string;
  readonly accountCost: string;
  readonly fallbackShare: string;
  readonly cached: string;
  readonly fromLedger?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
};

export function costCommand(doors: CostDoors): Command {
  return new Command('cost')
    .description("compare what a month's tokens cost, bought in different ways")
    .option('-m, --model <name>', 'the model (default: qwen3-max)')
    .option('--provider <id>', 'whose model (default: the first that has it)')
    .option('--region <name>', "where (default: the provider's first region)")
    .option('-t, --tokens <amount>', 'tokens a month, such as 10M or 250k (default: 10M)')
    .option('--input-share <share>', 'how much of them is input, such as 50% (default: 50%)')
    .option('--input <amount>', 'instead: tokens of input')
    .option('--output <amount>', 'and tokens of output')
    .option('--calls <number>', 'in so many calls: prices may rise with the length of their input')
    .option('--input-per-call <amount>', 'instead: with so much input each')
    .option(
      '-f, --factor <factor>',
      'price factor of the relay, such as 0.88 (default: as configured, else 1)',
    )
    .option('--accounts <numbers>', 'numbers of accounts to spread it over', '3,5,10')
    .option('--account-cost <dollars>', 'what the care of one account costs a month', '0')
    .option('--fallback <models>', 'cheaper models, such as qwen-plus,qwen-turbo')
    .option('--fallback-share <share>', 'how much of it they serve', '100%')
    .option('--cached <share>', 'how much of the input comes from a cache', '50%')
    .option('--from-ledger', 'take the tokens from the ledger instead')
    .option('--month <month>', 'of which month, such as 2026-11 (default: this one)')
    .option('--tenant <id>', 'and of this tenant alone')
    .option(
      '-c, --config <file>',
      'configuration file, for the ledger (default: sluice.yaml, if there is one)',
    )
    .option('--database <place>', 'the database of the ledger, instead of the configured one')
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .action((flags: CostFlags) => cost(flags, doors));
}

async function cost(flags: CostFlags, doors: CostDoors): Promise<void> {
  const models = doors.models();
  const asked = askedOf(flags);
  const bought =
    flags.fromLedger === true
      ? await ledgerVolume(
          {
            fallbacks: fallbacksOf(flags),
            month: monthOf('--month', flags.month, models.nowMs),
            tenant: flags.tenant,
            config: flags.config,
            database: flags.database,
          },
          { models, doors: doors.ledger },
        )
      : askedVolume(asked, models);
  const { rows, direct } = rowsOf(flags, bought);
  if (flags.json === true) {
    const tokens = bought.parts.map(({ model, calls, usage }) => ({ model, calls: calls ?? null, ...usage }));
    doors.write(`${JSON.stringify({ tokens, options: rows }, null, 2)}\n`);
  } else if (flags.csv === true) doors.write(costCsv(rows));
  else {
    const foot = [
      ...bought.foot,
      ...(direct === null ? [] : ['Savings are against buying directly, at list price.']),
    ];
    doors.write(costText({ head: [...bought.head, paceText(bought)], rows, foot }));
  }
}

/** Also throws on flags that do not go together. */
function askedOf(flags: CostFlags): Asked {
  const alone: readonly (readonly [keyof CostFlags, string])[] = [
    ['model', '--model'],
    ['provider', '--provider'],
    ['region', '--region'],
    ['tokens', '--tokens'],
    ['inputShare', '--input-share'],
    ['input', '--input'],
    ['output', '--output'],
    ['calls', '--calls'],
    ['inputPerCall', '--input-per-call'],
  ];
  const of = flags.fromLedger === true ? alone.find(([name]) => flags[name] !== undefined) : undefined;
  if (of !== undefined) throw new Error(`${of[1]}: with --from-ledger the ledger says that`);
  for (const name of ['month', 'tenant', 'config', 'database'] as const)
    if (flags.fromLedger !== true && flags[name] !== undefined)
      throw new Error(`--${name}: only goes with --from-ledger`);
  const amounts = [flags.tokens, flags.inputShare].some((flag) => flag !== undefined);
  if (amounts && (flags.input !== undefined || flags.output !== undefined))
    throw new Error('say either --tokens with --input-share, or --input with --output');
  if (flags.calls !== undefined && flags.inputPerCall !== undefined)
    throw new Error('say either --calls or --input-per-call');
  const { input, output } = amountsOf(flags);
  return {
    model: flags.model ?? 'qwen3-max',
    ...{ provider: flags.provider, region: flags.region, input, output },
    calls: flags.calls === undefined ? undefined : tokensOf('--calls', flags.calls),
    inputPerCall:
      flags.inputPerCall === undefined ? undefined : tokensOf('--input-per-call', flags.inputPerCall),
  };
}

const fallbacksOf = ({ fallback }: CostFlags): readonly string[] | undefined =>
  fallback?.split(',').map((name) => name.trim());

function amountsOf(flags: CostFlags): { readonly input: number; readonly output: number } {
  if (flags.input !== undefined || flags.output !== undefined)
    return {
      input: tokensOf('--input', flags.input ?? '0'),
      output: tokensOf('--output', flags.output ?? '0'),
    };
  const tokens = tokensOf('--tokens', flags.tokens ?? '10M');
  const share = shareOf('--input-share', flags.inputShare ?? '50%');
  const input = Math.round(tokens * Number(share));
  return { input, output: tokens - input };
}

function rowsOf(
  flags: CostFlags,
  bought: Bought,
): { readonly rows: readonly CostRow[]; readonly direct: bigint | null } {
  const names = fallbacksOf(flags) ?? bought.usualFallbacks;
  const options = compared({
    parts: bought.parts,
    rates: DOLLARS_FOR,
    factor: flags.factor === undefined ? bought.usualFactor : factorOf('--factor', flags.factor),
    accounts: countsOf('--accounts', flags.accounts),
    accountCost: dollarsOf('--account-cost', flags.accountCost),
    fallbacks: names.map((model) => ({ model, price: (part) => bought.priceOf(model, part)?.price })),
    fallbackShare: shareOf('--fallback-share', flags.fallbackShare),
    cachedShare: shareOf('--cached', flags.cached),
  });
  const direct = options[0]?.nano ?? null;
  const rows = options.map((option) => ({
    ...{ option: option.name, kind: option.kind, ...costCells({ nano: option.nano, direct }) },
    ...{ limits: meaning(option, bought), note: option.note ?? null },
  }));
  return { rows, direct };
}

/** What the way of buying means for the limits of rate. */
function meaning({ kind, accounts, model }: Option, { parts, places, priceOf }: Bought): string {
  const [first] = parts;
  if (first === undefined || parts.length > 1) return GENERAL[kind];
  const { limits } = places.get(first) ?? {};
  if (kind === 'direct' || kind === 'accounts')
    return `${limitsText(limits, accounts)}${accounts === 1 ? '; beyond it: 429' : ''}`;
  if (kind === 'fallback' && model !== undefined)
    return `${limitsText(priceOf(model, first)?.limits)} of its own, beside the model's`;
  return GENERAL[kind];
}

const GENERAL = {
  direct: 'the limits of one account each; beyond it: 429',
  relay: 'the limits of all its accounts together; calls wait in line instead of a 429',
  accounts: 'so many times the limits of one account',
  fallback: "limits of its own, beside the model's",
  // Model Studio: https://www.alibabacloud.com/help/en/model-studio/batch-interfaces-compatible-with-openai
  // OpenAI: https://platform.openai.com/docs/guides/batch
  batch: 'apart from RPM and TPM; answers within a day',
  cached: 'as they are; the first tokens come sooner',
  thinking: 'as they are',
} as const satisfies Readonly<Record<Option['kind'], string>>;

const MINUTES_OF_MONTH = 30 * 24 * 60;

function paceText({ parts, places }: Bought): string {
  const tokens = parts.reduce((sum, { usage }) => sum + inputTotal(usage) + outputTotal(usage), 0);
  const pace = `${grouped(Math.ceil(tokens / MINUTES_OF_MONTH))} tokens a minute on average`;
  const [first] = parts;
  const tpm = parts.length > 1 || first === undefined ? undefined : places.get(first)?.limits?.tpm;
  return tpm === undefined ? `${pace}.` : `${pace}; one account takes ${grouped(tpm)}.`;
}
