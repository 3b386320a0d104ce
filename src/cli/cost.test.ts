import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { known } from '../app.ts';
import { createCatalogue } from '../catalog/catalogue.ts';
import { readShipped } from '../catalog/shipped.ts';
import { loadConfig } from '../config/load.ts';
import { providers } from '../providers/index.ts';
import type { Database } from '../storage/database.ts';
import type { EntryRow } from '../storage/tables.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { costCommand } from './cost.ts';
import { moneyText } from './cost-text.ts';

const YAML = `
accounts:
  - { id: main, provider: qwen, region: singapore, secrets: [s], models: [qwen3-max, qwen-plus] }
  - { id: own, provider: openai-compatible, base_url: http://127.0.0.1:1/v1, models: [mine] }
models: { qwen3-max: { fallbacks: [qwen-plus] } }
money: { price_factor: 0.9 }
`;

async function run(args: string, open?: () => Promise<Database>): Promise<string> {
  let out = '';
  const command = costCommand({
    models: () => ({ catalogue: createCatalogue(readShipped), providers, nowMs: Date.UTC(2026, 10, 26) }),
    ledger: {
      configOf: () => loadConfig({ path: 'c.yaml', env: {}, known, readFile: () => YAML }),
      open: async () => (open === undefined ? assert.fail('no ledger was asked for') : await open()),
    },
    write: (text) => {
      out += text;
    },
  });
  await command.exitOverride().parseAsync(['node', 'cost', ...args.split(' ').filter((each) => each !== '')]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
  return out.replace(/\x1b\[\d+m/g, '');
}
type Row = {
  readonly option: string;
  readonly usd: string | null;
  readonly saved_percent: number | null;
  readonly limits: string;
};
const options = async (args: string, open?: () => Promise<Database>): Promise<readonly Row[]> =>
  (JSON.parse(await run(`${args} --json`, open)) as { options: Row[] }).options;

describe('the founding table', () => {
  it('comes out to the cent', async () => {
    const text = await run('--model qwen3-max --tokens 10M --factor 0.88');
    assert.match(text, /^direct +\$36\.00 .*±0 %$/m);
    assert.match(text, /^relay at 0\.88 +\$31\.68 .*−12\.0 %$/m);
    assert.match(text, /^3 accounts +\$36\.00 /m);
    assert.match(text, /^all on qwen-plus +\$8\.00 /m);
    assert.match(text, /1,800 RPM, 3,000,000 TPM/);
    assert.match(text, /232 tokens a minute on average; one account takes 1,000,000/);
  });

  it('fits a terminal of 80 columns', async () => {
    for (const args of [
      '',
      '--model qwen-plus --tokens 900B --calls 3000000 --account-cost 25 --cached 12.5%',
    ])
      for (const line of (await run(args)).split('\n')) assert.ok([...line].length <= 80, line);
  });

  it('is there for programs, with exact amounts', async () => {
    const [direct, relay] = await options('--factor 0.88');
    assert.deepEqual([direct?.usd, relay?.usd, relay?.saved_percent], ['36', '31.68', 12]);
    const csv = await run('--factor 0.88 --csv');
    assert.match(csv, /^option,kind,usd,saved_percent,limits,note\r\n/);
    assert.match(csv, /\r\nrelay at 0\.88,relay,31\.68,12,/);
  });
});

describe('a comparison', () => {
  it('takes amounts as people write them', async () => {
    const direct = async (args: string): Promise<string | null | undefined> => (await options(args))[0]?.usd;
    assert.equal(await direct('--input 5M --output 5000k'), '36');
    assert.equal(await direct('--tokens 10_000_000 --input-share 0.5'), '36');
    assert.equal(await direct('--tokens 1M --input-share 100%'), '1.2');
    assert.equal(await direct('--tokens 1M --input-share 100% --calls 10'), '2.4');
    assert.equal(await direct('--tokens 1M --input-share 100% --input-per-call 200k'), '3');
    assert.equal(await direct('--region beijing'), '8.975');
    assert.equal(
      await direct('--provider openrouter --model openai/gpt-5 --input 1M').then((usd) => usd !== null),
      true,
    );
  });

  it('says what is wrong', async () => {
    for (const [args, message] of [
      ['--model qwen3-mx', /no 'qwen3-mx', did you mean 'qwen3-max'/],
      ['--model gpt-5 --region here', /'openai' has no regions/],
      ['--region paris', /'qwen' has singapore, beijing, .*not 'paris'/],
      ['--provider qwne', /no provider 'qwne', did you mean 'qwen'/],
      [
        '--model qwen-turbo --region beijing',
        /nobody has published a price of 'qwen-turbo' .* but in singapore/,
      ],
      ['--tokens 10X', /--tokens: expected a number of tokens such as 10M.* got '10X'/],
      ['--tokens 0.5', /--tokens: expected/],
      ['--tokens 0', /nothing to compare/],
      ['--tokens 1M --input 5', /either --tokens with --input-share, or --input with --output/],
      ['--calls 5 --input-per-call 5', /either --calls or --input-per-call/],
      ['--calls 0', /--calls: expected at least one/],
      ['--input 1M --calls 1', /calls of 1,000,000 tokens of input: 'qwen3-max' takes at most 258,048/],
      ['--factor 0', /--factor: expected a factor above 0/],
      ['--cached 120%', /--cached: expected a share/],
      ['--accounts 0', /--accounts: expected numbers of accounts/],
      ['--account-cost x', /--account-cost: expected dollars/],
      ['--month 2026-11', /--month: only goes with --from-ledger/],
      ['--from-ledger --tokens 5', /--tokens: with --from-ledger the ledger says that/],
      ['--from-ledger --month 2026-13', /--month: expected a month such as 2026-11/],
    ] as const)
      await assert.rejects(run(args), message, args);
  });

  it('shows money to the cent, and what is less as it is', () => {
    const pairs = {
      '31.68': '$31.68',
      '0.005': '$0.005',
      '0': '$0.00',
      '1234567.895': '$1,234,567.90',
      '0.0000012': '$0.0000012',
    };
    for (const [usd, text] of Object.entries(pairs)) assert.equal(moneyText(usd), text);
  });
});

const entry = (id: string, rest: Partial<EntryRow>): EntryRow => ({
  ...{
    id,
    instance: 'i',
    arrived_ms: Date.UTC(2026, 10, 5),
    ended_ms: 0,
    tenant: 'acme',
    project: null,
    key: 'k',
  },
  ...{
    dialect: 'openai-chat',
    stream: 0,
    model: 'qwen3-max',
    served: 'qwen3-max',
    channel: 'main/qwen3-max',
  },
  ...{ account: 'main', provider: 'qwen', status: 200, end_reason: 'complete', failure: null, attempts: 1 },
  ...{ queue_ms: 0, overhead_ms: 0, first_content_ms: null, duration_ms: 1, input: 0, cache_read: 0 },
  ...{
    cache_write: 0,
    output: 0,
    reasoning: 0,
    usage_source: 'upstream',
    price: null,
    price_row: null,
    factor: '1',
  },
  ...{ list_nano: 1_000_000_000n, upstream_nano: 1n, charged_nano: 2n, in_wallet: 0, tags: '[]' },
  ...rest,
});

onEachDatabase((_name, open) => {
  it('the tokens of a month come out of the ledger, each call at its own tier', async () => {
    const database = await open();
    await database.query
      .insertInto('entries')
      .values([
        entry('a', { input: 32_000, output: 1_000 }),
        entry('b', { input: 1, cache_read: 32_000, output: 1_000 }),
        entry('c', { input: 128_001 }),
        entry('d', { channel: 'main/qwen-plus', served: 'qwen-plus', output: 100, reasoning: 900 }),
        entry('e', {
          channel: 'own/mine',
          served: 'mine',
          account: 'own',
          provider: 'openai-compatible',
          input: 9,
          list_nano: null,
          charged_nano: null,
        }),
        entry('other month', { input: 5_000_000, arrived_ms: Date.UTC(2026, 11, 1) }),
        entry('other tenant', { input: 1_000, tenant: 'zeta' }),
        entry('refused', { input: null, channel: null }),
      ])
      .execute();
    const text = await run('--from-ledger --month 2026-11 --tenant acme', open);
    assert.match(text, /2026-11, from the ledger: 5 calls/);
    assert.match(text, /192,011 tokens of input and 3,000 of output/);
    assert.match(text, /\$4\.00 at list price, \$0\.000000005 paid[\s\S]*calls\s+without\s+a\s+price: 1/);
    assert.match(text, /Left out, having no price: mine/);
    const rows = await options('--from-ledger --month 2026-11 --tenant acme', open);
    const usd = (name: string): string | null | undefined => rows.find(({ option }) => option === name)?.usd;
    // a: 0.0384 + 0.006; b: 1 x 2.4 + 32,000 x 0.48 + 1,000 x 12; c: 128,001 x 3; d: 1,000 x 4
    // = 0.0444 + 0.0273624 + 0.384003 + 0.004
    assert.equal(usd('direct'), '0.4597654');
    assert.equal(usd('relay at 0.9'), '0.41378886');
    // 32,000 x 0.4 + 1 x 0.4 + 32,000 x 0.08 + 128,001 x 0.4 + 2,000 x 1.2 + 1,000 x 4 for a million
    assert.equal(usd('all on qwen-plus'), '0.0729608');
    await assert.rejects(run('--from-ledger --month 2025-01', open), /no calls of 2025-01/);
  });

  it('a month in which nothing has a price is not told to be free', async () => {
    const database = await open();
    const mine = { served: 'mine', channel: 'own/mine', provider: 'openai-compatible', account: 'own' };
    const lastMinute = Date.UTC(2026, 8, 30, 23, 59);
    await database.query
      .insertInto('entries')
      .values([entry('later', { input: 10, arrived_ms: lastMinute, ...mine })])
      .execute();
    await assert.rejects(run('--from-ledger --month 2026-09', open), /no call of 2026-09 has a price: mine/);
  });
});
