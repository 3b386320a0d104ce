import assert from 'node:assert/strict';
import { test } from 'node:test';
import { known } from '../app.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { type ModelRow, modelsCommand, tableOf } from './models.ts';

const YAML = `
accounts:
  - { id: main, provider: qwen, region: singapore, secrets: [s], models: [qwen3-max, qwen3-rerank] }
  - { id: spare, provider: qwen, region: beijing, secrets: [s], tier: 1, models: [qwen3-max] }
  - { id: own, provider: openai-compatible, base_url: http://127.0.0.1:1/v1, models: [mine] }
`;
const config = (): Config => loadConfig({ path: 'c.yaml', env: {}, known, readFile: () => YAML });

async function run(...args: string[]): Promise<string> {
  let out = '';
  await modelsCommand({
    configOf: config,
    nowMs: () => Date.UTC(2026, 10, 26),
    write: (text) => {
      out += text;
    },
  })
    .exitOverride()
    .parseAsync(['node', 'models', ...args]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
  return out.replace(/\x1b\[\d+m/g, '');
}
const rows = async (...args: string[]): Promise<ModelRow[]> =>
  JSON.parse(await run(...args, '--json')) as ModelRow[];

test('a price that was turned into dollars is cut to what it is worth', async () => {
  const source = { url: 'https://example.com', date: '2026-01-01' };
  const price = { currency: 'USD', tiers: [{ input: '2.6904896', output: '6.125' }], source } as const;
  const row = { model: 'm', kind: 'chat', context: null, maxOutput: null, price, abilities: [], from: [] };
  assert.match(tableOf([row]), /\$2\.69~ +\$6\.125 /);
});

test('the models offered are listed with sizes, prices and channels, unknown ones as unknown', async () => {
  assert.deepEqual((await run()).split('\n').slice(0, 4), [
    'model         kind    context  output     in  out  cached  from',
    'qwen3-max     chat    262,144  65,536  $1.2↑  $6↑   $0.24  main/qwen3-max, spare/qwen3-max',
    'qwen3-rerank  rerank        -       -      -    -       -  main/qwen3-rerank',
    'mine          chat          -       -      -    -       -  own/mine',
  ]);
  const [max] = await rows('--find', 'MAX');
  assert.equal(max?.price?.tiers[1]?.above, 32_000);
});

test('the catalogue is listed with each region and the page that says so', async () => {
  const found = await rows('--catalog', 'qwen', '--find', 'qwen3-max');
  const max = found.filter(({ model }) => model === 'qwen/qwen3-max');
  assert.deepEqual(
    max.map(({ price, from }) => [price?.currency, price?.tiers[0]?.input, from[0]]),
    [
      ['USD', '1.2', 'singapore'],
      ['CNY', '2.5', 'beijing'],
      ['USD', '0.359', 'virginia'],
    ],
  );
  assert.match(max[0]?.from[1] ?? '', /^\d{4}-\d{2}-\d{2} https:/);
  assert.match(await run('--catalog', 'qwen', '--find', 'qwen3-max'), /¥2\.5↑/);
  assert.ok((await rows('--catalog')).length >= 300);
});

test('what is not there is said', async () => {
  assert.match(await run('--find', 'gpt-9'), /No model of that name/);
  await assert.rejects(run('--catalog', 'nobody'), /no provider 'nobody': it knows .*qwen/);
});
