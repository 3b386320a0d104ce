/**
 * What admission costs by itself, without sockets: the processor's time for one call from asking to settling, for one
 * decision while very many wait, and the memory of one that waits. Measured on the product's own rooms, in real time.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock } from '../../src/base/clock.ts';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import type { BenchCall, UpstreamEvents } from './contract.ts';
import { EventClock } from './event-clock.ts';
import { createRelay } from './policies/sluice.ts';
import { ACCOUNT_LIMITS } from './scenario.ts';

export type Cost = {
  /** From the offer to the settled permit, for a call that starts at once, µs. */
  readonly admittedUs: number;
  /** One question whether the first of `queued` calls can start, and on which account, what follows counted in, µs. */
  readonly decisionUs: number;
  readonly decisionsPerStart: number;
  readonly queued: number;
  /** Heap of one waiting call, its body not counted, bytes. */
  readonly queuedBytes: number;
};

const ACCOUNTS = 10;
const TENANTS = 200;
const QUEUED = 100_000;
const DECISIONS = 20_000;
/** Started uncounted, so that the code is compiled when the count begins; as many more wait. */
const WARM_UP = 5_000;
const ADMITTED = 40_000;

export function measureCost(): Cost {
  return { admittedUs: admitted(), ...crowded() };
}

/** As many accounts as it takes for nobody to wait; every answer comes at once. */
function admitted(): number {
  const { clock, offer } = relayOf({ rpm: 60_000_000, tpm: 60_000_000_000 }, (_, events) => finish(events));
  for (let id = 0; id < WARM_UP; id++) offer(id);
  const startedUs = cpuUs();
  for (let id = 0; id < ADMITTED; id++) {
    clock.run(clock.now() + 1);
    offer(id);
  }
  return (cpuUs() - startedUs) / ADMITTED;
}

function crowded(): Omit<Cost, 'admittedUs'> {
  let starts = 0;
  const { clock, offer, decisions } = relayOf(ACCOUNT_LIMITS, (_, events, later) => {
    starts++;
    later.after(800, () => finish(events));
  });
  const before = heapBytes();
  for (let id = 0; id < QUEUED + WARM_UP; id++) offer(id);
  const queuedBytes = (heapBytes() - before) / (QUEUED + WARM_UP);
  clock.run(clock.now() + 20 * 60_000, () => starts >= WARM_UP);
  const from = starts;
  const decided = decisions();
  const startedUs = cpuUs();
  clock.run(clock.now() + 20 * 60_000, () => starts - from >= DECISIONS);
  const decisionUs = (cpuUs() - startedUs) / Math.max(1, decisions() - decided);
  const decisionsPerStart = (decisions() - decided) / Math.max(1, starts - from);
  return { decisionUs, decisionsPerStart, queued: QUEUED, queuedBytes };
}

function finish(events: UpstreamEvents): void {
  events.head({ arrivedMs: 0 });
  events.done(300);
}

function relayOf(
  limits: { readonly rpm: number; readonly tpm: number },
  answer: (call: BenchCall, events: UpstreamEvents, clock: Clock) => void,
) {
  const clock = new EventClock(1_000_000);
  const relay = createRelay({
    clock,
    random: createSeededRandom(5),
    accounts: Array.from({ length: ACCOUNTS }, (_, i) => ({ id: `account-${i}`, limits })),
    prepaidKnown: false,
    upstream: { send: (_, call, events) => answer(call, events, clock) },
    waitBudgetMs: 24 * 3_600_000,
    answered: () => undefined,
    shown: (_, why) => {
      throw new Error(`a call was refused: ${why}`);
    },
    started: () => undefined,
  });
  const offer = (id: number): void =>
    relay.offer({
      id,
      tenant: id % TENANTS,
      input: 700,
      output: 300,
      maxTokens: 2_048,
      arrivedMs: clock.now(),
    });
  return { clock, offer, decisions: relay.decisions };
}

/** The processor's time, which a busy machine does not stretch as it does the clock's; the collector's included. */
function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

export function costTable({ admittedUs, decisionUs, decisionsPerStart, queued, queuedBytes }: Cost): string {
  return [
    row('cost of admission', 'measured', 'bound'),
    `| ${'-'.repeat(WHAT)} | -------: | --------: |`,
    row('a call that starts at once, from asking to settling', us(admittedUs), '≤ 15 µs'),
    row(
      `a decision with ${queued.toLocaleString('en-US')} waiting (${decisionsPerStart.toFixed(1)} for a start)`,
      us(decisionUs),
      '≤ 10 µs',
    ),
    row('memory of a waiting call, its body not counted', bytes(queuedBytes), '≤ 2,048 B'),
  ].join('\n');
}

const WHAT = 52;
const row = (what: string, measured: string, bound: string): string =>
  `| ${what.padEnd(WHAT)} | ${measured.padStart(8)} | ${bound.padStart(9)} |`;
const us = (value: number): string => `${value.toFixed(1)} µs`;
const bytes = (value: number): string => `${Math.round(value).toLocaleString('en-US')} B`;
