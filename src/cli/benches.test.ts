import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LiveBench } from '../http/live-routes.ts';
import { benchesCommand, benchesText } from './benches.ts';

const AT_MS = Date.UTC(2026, 0, 2, 12);
const HOUR_MS = 3_600_000;

const OFF: LiveBench = {
  what: 'account qwen-a',
  kind: 'balance',
  meaning: 'The account is in arrears or out of credit.',
  sinceMs: AT_MS - 3 * HOUR_MS,
  untilMs: null,
  off: true,
};
const SHORT: LiveBench = {
  what: 'channel qwen-b/qwen3-max',
  kind: 'timeout',
  meaning: 'The provider stayed silent for too long.',
  sinceMs: AT_MS - 800,
  untilMs: AT_MS + 42_400,
  off: false,
};

async function run(args: readonly string[], benches: readonly LiveBench[]) {
  let out = '';
  const asked: string[] = [];
  await benchesCommand({
    addressOf: (file) => `http://${file ?? '127.0.0.1'}:4290`,
    get: async (url, headers) => {
      asked.push(`${url} ${headers['authorization'] ?? ''}`.trim());
      return { status: 200, body: JSON.stringify({ atMs: AT_MS, benches }) };
    },
    write: (text) => {
      out += text;
    },
  })
    .exitOverride()
    .parseAsync(['node', 'benches', ...args]);
  return { out: plain(out), asked };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
const plain = (text: string): string => text.replace(/\x1b\[\d+m/g, '');

test('each bench is shown with its reason, its times and what can be done', async () => {
  const { out, asked } = await run([], [OFF, SHORT]);
  assert.deepEqual(asked, ['http://127.0.0.1:4290/live/benches']);
  assert.deepEqual(out.split('\n'), [
    'what                      since                           until',
    'account qwen-a            2026-01-02T09:00:00Z (3 h ago)  switched off',
    '  The account is in arrears or out of credit.',
    '  Settle the bill or add credit at the provider, then switch it on again.',
    '  sluice on account qwen-a',
    'channel qwen-b/qwen3-max  2026-01-02T11:59:59Z (1 s ago)  2026-01-02T12:00:42Z (in 42 s)',
    '  The provider stayed silent for too long.',
    "  Check the network and the provider's status page, or allow a longer silence in `timeouts`.",
    '',
  ]);
});

test('times near and far are told in one unit', () => {
  const shown = (inMs: number): string =>
    /\((in .*)\)/.exec(benchesText({ atMs: 0, benches: [{ ...SHORT, sinceMs: 0, untilMs: inMs }] }))?.[1] ??
    '';
  assert.equal(shown(400), 'in 0 s');
  assert.equal(shown(119_000), 'in 119 s');
  assert.equal(shown(121_000), 'in 2 min');
  assert.equal(shown(90 * 60_000), 'in 90 min');
  assert.equal(shown(26 * HOUR_MS), 'in 26 h');
  assert.equal(shown(21 * 24 * HOUR_MS), 'in 21 d');
});

test('a pool in which all is well is told so', async () => {
  assert.equal((await run([], [])).out, 'Nothing is benched or switched off.\n');
});

test('--json prints what the relay said, and the flags say which relay and who asks', async () => {
  const { out, asked } = await run(['--json', '-u', 'http://relay/v1', '-k', 'k'], [OFF]);
  assert.deepEqual(JSON.parse(out), [OFF]);
  assert.deepEqual(asked, ['http://relay/live/benches Bearer k']);
  assert.deepEqual((await run(['-c', 'mine'], [])).asked, ['http://mine:4290/live/benches']);
});
