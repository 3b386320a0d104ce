/**
 * An hour in which everything goes wrong in turn: accounts are killed, reset, stalled, storm with 429s, fall into arrears
 * and recover, while calls come at 70 % of what the pool may do. Hardly a call notices, and nobody is left alone for
 * longer than its verdict says.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/base/clock.ts';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { FAILURES } from '../../src/domain/failure.ts';
import type { AccountChange } from '../../src/simulator/account.ts';
import { callIn, quantile, statuses, waitMs } from './crowd.ts';
import { type Answer, accounts, chat, createHouse, type House, THROTTLED } from './house.ts';

const HOUR_MS = 3_600_000;
const ACCOUNTS = 6;
const RPM = 60;
const SHARE = 0.7;

const CONFIG = `
${accounts(ACCOUNTS, `qwen3-max: { limits: { rpm: ${RPM}, rps: 1 } }`)}
models: { qwen3-max: { resume: true } }
queue: { max_wait: 120s, max_wait_stream: 300s }
timeouts: { first_byte: 5s, first_byte_stream: 5s, idle: 10s }
simulator: { ttft: 300ms, tokens_per_second: 200, output_tokens: 60 }
`;

/** What happens to an account, and for how long. `cured`: somebody has to act before it serves again. */
type Blow = { readonly change: AccountChange; readonly forMs: number; readonly cured?: true };

const BLOWS: Readonly<Record<string, (random: () => number) => Blow>> = {
  killed: (random) => ({
    change: { fault: { kind: 'refuse-connection' } },
    forMs: 10_000 + random() * 50_000,
  }),
  'killed in the middle of its answers': () => ({
    change: { fault: { kind: 'cut', afterChunks: 3, times: 4 } },
    forMs: 20_000,
  }),
  reset: () => ({ change: { fault: { kind: 'cut', afterChunks: 1, times: 5 } }, forMs: 20_000 }),
  stalled: (random) => ({ change: { fault: { kind: 'silent' } }, forMs: 5_000 + random() * 20_000 }),
  storm: (random) => ({
    change: { fault: { kind: 'answer', status: 429, body: THROTTLED } },
    forMs: 5_000 + random() * 30_000,
  }),
  'storm with a hint': (random) => ({
    change: {
      fault: { kind: 'answer', status: 429, body: THROTTLED, headers: { 'retry-after': '15' } },
    },
    forMs: 5_000 + random() * 10_000,
  }),
  overloaded: (random) => ({ change: { state: 'overload' }, forMs: 5_000 + random() * 30_000 }),
  'in arrears': (random) => ({
    change: { state: 'arrears' },
    forMs: 60_000 + random() * 240_000,
    cured: true,
  }),
};

const WELL: AccountChange = { state: 'ok', fault: null };

/** One account after the other gets its blows; now and then two at a time. */
async function wreck(house: House, random: () => number, struck: Map<string, number>): Promise<void> {
  const names = Object.keys(BLOWS);
  const lives = house.simulator.accounts.map(async (account) => {
    for (;;) {
      await sleep(house.clock, 60_000 + random() * 600_000);
      if (house.clock.now() > endsAtMs) return;
      const name = names[Math.floor(random() * names.length)] ?? '';
      struck.set(name, (struck.get(name) ?? 0) + 1);
      const { change, forMs, cured } = BLOWS[name]?.(random) ?? assert.fail();
      account.set(change);
      await sleep(house.clock, forMs);
      account.set(WELL);
      if (cured !== true) continue;
      // The operator has paid, and says so a moment later.
      await sleep(house.clock, 10_000);
      house.app.front.switchOn(`account ${account.id}`);
    }
  });
  const endsAtMs = house.clock.now() + HOUR_MS - 60_000;
  await Promise.all(lives);
}

/** Every bench, from its beginning to its end, by kind: how long it was at most beyond what its verdict says. */
function overstayed(house: House): { readonly worst: () => string[]; stop(): void } {
  const bad: string[] = [];
  let stopped = false;
  const look = (): void => {
    if (stopped) return;
    for (const { what, kind, sinceMs, untilMs } of house.app.rooms.health.benches(house.clock.now())) {
      const { benchMaxMs, switchesOff } = FAILURES[kind];
      if (
        untilMs === Infinity ? switchesOff !== true : untilMs - sinceMs > Math.max(1.1 * benchMaxMs, 16_600)
      )
        bad.push(`${what} for ${kind}: ${untilMs - sinceMs} ms`);
    }
    house.clock.after(200, look);
  };
  look();
  return {
    worst: () => bad,
    stop() {
      stopped = true;
    },
  };
}

describe('an hour of chaos', () => {
  // Other seeds take as long again; none of those tried came below.
  for (const seed of [1])
    it(`answers 999 of 1,000 calls and shows no 429 (seed ${seed})`, async (t) => {
      const house = createHouse(CONFIG, { seed });
      const random = createSeededRandom(seed + 100);
      const struck = new Map<string, number>();
      const perMs = (SHARE * ACCOUNTS * RPM) / 60_000;
      const calls: Promise<Answer>[] = [];
      const gapMs = (): number => -Math.log(1 - random()) / perMs;
      for (let i = 0, atMs = gapMs(); atMs < HOUR_MS; i++, atMs += gapMs())
        calls.push(callIn(house, atMs, chat(`call ${i}`, { stream: random() < 0.5 })));
      const benches = overstayed(house);
      const wrecked = wreck(house, random, struck);
      const answers = await house.all(calls, 2 * HOUR_MS);
      await house.clock.runUntil(wrecked, HOUR_MS);
      benches.stop();

      const good = answers.filter(({ status, text }) => status === 200 && !text.includes('"error"'));
      const bad = answers.filter((answer) => !good.includes(answer));
      t.diagnostic(
        `${good.length} of ${answers.length} answered, p99 wait ${quantile(answers.map(waitMs), 0.99)} ms, ` +
          `struck ${JSON.stringify(Object.fromEntries(struck))}, bad ${JSON.stringify(bad.map(({ text }) => text.slice(-180)))}`,
      );
      assert.ok([...struck.values()].length >= 6, 'most kinds of blows fell');
      assert.ok(good.length >= 0.999 * answers.length, `${good.length} of ${answers.length}`);
      assert.equal(statuses(answers)[429], undefined);
      const resumed = house.log.filter((line) => (line['resumed'] as unknown[] | undefined)?.length);
      assert.ok(resumed.length >= 5, `${resumed.length} were continued elsewhere`);
      assert.deepEqual(benches.worst(), []);
      assert.equal(house.app.rooms.limiter.open(), 0);
    });
});
