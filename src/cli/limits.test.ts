import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LaneView } from '../admission/lane-view.ts';
import { type LimitsDoors, limitsCommand } from './limits.ts';

const VIEW: LaneView = {
  channel: 'qwen-a/qwen3-max',
  limits: [
    { limit: 'rpm', configured: 600, inForce: 480, used: 240, left: 240 },
    { limit: 'tpm', configured: 1_000_000, inForce: 999_000, used: 0, left: 999_000 },
  ],
  running: 0,
  arrivesWithinMs: 212.4,
  pausedMs: 150,
  notes: ['qwen-a/qwen3-max: configured 600 rpm, delivers about 480; last cut 12:03'],
};

type Answer = { readonly status: number; readonly body: string };

async function run(args: readonly string[], answer: () => Answer): Promise<{ out: string; asked: string[] }> {
  let out = '';
  const asked: string[] = [];
  const doors: LimitsDoors = {
    addressOf: () => 'http://127.0.0.1:4290',
    get: async (url, headers) => {
      asked.push(`${url} ${headers['authorization'] ?? ''}`.trim());
      return answer();
    },
    write: (text) => {
      out += text;
    },
  };
  await limitsCommand(doors)
    .exitOverride()
    .parseAsync(['node', 'limits', ...args]);
  return { out, asked };
}

const ok = (channels: readonly LaneView[]): Answer => ({
  status: 200,
  body: JSON.stringify({ atMs: 0, channels }),
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal
const plain = (text: string): string => text.replace(/\x1b\[\d+m/g, '');

test('each limit is shown as used, in force and, where that is something else, as configured', async () => {
  const { out, asked } = await run([], () => ok([VIEW]));
  const lines = plain(out).split('\n');
  assert.deepEqual(asked, ['http://127.0.0.1:4290/live/limits']);
  assert.equal(lines[0], 'qwen-a/qwen3-max');
  assert.match(lines[1] ?? '', /^ {2}rpm +█{10}·{10} +240 of 480 \(configured 600\)$/);
  assert.match(lines[2] ?? '', /^ {2}tpm +·{20} +0 of 999,000$/);
  assert.match(plain(out), /arrives within 212 ms/);
  assert.match(plain(out), /paused for 150 ms/);
  assert.match(plain(out), /configured 600 rpm, delivers about 480; last cut 12:03/);
});

test('--json prints what the relay said, --url and --key say which relay and who asks', async () => {
  const { out, asked } = await run(['--json', '--url', 'http://relay:80/v1/', '--key', 'k'], () =>
    ok([VIEW]),
  );
  assert.deepEqual(JSON.parse(out), [VIEW]);
  assert.deepEqual(asked, ['http://relay:80/live/limits Bearer k']);
});

test('a channel without limits, and no channel at all, are told in words', async () => {
  const bare = { channel: 'x/y', running: 0, limits: [], arrivesWithinMs: 0, notes: [] };
  assert.match(plain((await run([], () => ok([bare]))).out), /no limits are known/);
  assert.match((await run([], () => ok([]))).out, /No channel/);
});

test('a relay that is not there, that wants a key or that is odd is a clear error', async () => {
  const failing = (answer: () => Answer): Promise<unknown> => run([], answer);
  await assert.rejects(
    failing(() => {
      throw new Error('ECONNREFUSED');
    }),
    /no relay answers at http:\/\/127\.0\.0\.1:4290: start it/,
  );
  await assert.rejects(
    failing(() => ({ status: 401, body: '' })),
    /wants a client key: --key/,
  );
  await assert.rejects(
    failing(() => ({ status: 500, body: '' })),
    /answered 500/,
  );
});
