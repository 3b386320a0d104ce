/** The situations, in the order of the tables. Each is the plain one but for what it names. */

import { DEFAULT_SLOPE } from '../../src/simulator/ramp.ts';
import { doublingRise, steppedRise } from '../../src/simulator/rise.ts';
import type { LatencyName } from './latency.ts';
import { ACCOUNT_LIMITS, PLAIN, type Scenario } from './scenario.ts';
import type { ProfileName } from './sizes.ts';

type Change = Partial<Omit<Scenario, 'id' | 'name' | 'group'>>;
type Row = readonly [id: string, name: string, change: Change];

const MINUTE_MS = 60_000;
const BOUND: Readonly<Record<ProfileName, string>> = {
  tok: 'token-bound',
  req: 'request-bound',
  mixed: '8 % large prompts',
  huge: '0.4 % huge prompts',
};

const group = (title: string, rows: readonly Row[]): Scenario[] =>
  rows.map(([id, name, change]) => ({ ...PLAIN, ...change, id, name, group: title }));

const steady = (load: number): Change => ({ traffic: { kind: 'steady', load } });
const ON_OFF: Change = { traffic: { kind: 'on-off', load: 0.97, onMs: 35_000, periodMs: 90_206 } };
const CLOSED: Change = { traffic: { kind: 'closed', workers: 1_200 } };
const GREEDY: Change = { traffic: { kind: 'greedy', load: 3, others: 0.57 } };
const COLD: Change = { ...steady(0.95), rampMs: 0, warmUpMs: 0, measuredMs: 5 * MINUTE_MS };

const both = (id: string, name: string, change: Change): Row[] =>
  (['tok', 'req'] as const).map((profile) => [
    `${id}-${profile}`,
    `${name}, ${BOUND[profile]}`,
    { ...change, profile },
  ]);

const wires: readonly [LatencyName, string][] = [
  ['far', '20-400 ms, median 60'],
  ['near', '8-20 ms'],
  ['uniform', '20-400 ms, even'],
  ['spikes', 'spikes of 1.5 s'],
];

const share = (part: number): Change => ({
  truth: {
    rpm: part * ACCOUNT_LIMITS.rpm,
    tpm: part * ACCOUNT_LIMITS.tpm,
    rps: part * ACCOUNT_LIMITS.rps,
    tps: part * ACCOUNT_LIMITS.tps,
  },
});

export const SCENARIOS: readonly Scenario[] = [
  ...group('Traffic', [
    ['steady-0.5', 'steady 0.5x', steady(0.5)],
    ['steady-0.95', 'steady 0.95x', steady(0.95)],
    ['steady-1.2', 'steady 1.2x', steady(1.2)],
    ['steady-3', 'steady 3x', steady(3)],
    ['on-off', 'on/off, mean 0.97x, peak 2.5x', ON_OFF],
    ['mixed', 'mixed 1.2x, 8 % of 30,000 tokens', { ...steady(1.2), profile: 'mixed' }],
    ['huge', 'huge 1.2x, 0.4 % of 100,000-400,000 tokens', { ...steady(1.2), profile: 'huge' }],
    ['greedy', 'one of 20 tenants offers 3x', GREEDY],
    ['closed', 'closed loop of 1,200 clients', CLOSED],
  ]),
  ...group('Cold start at 0.95x', [
    [
      'cold-slope',
      'guard: 50 % a second',
      { ...COLD, truth: { slope: { ...DEFAULT_SLOPE, growthPerSecond: 0.5, floorRequests: 3 } } },
    ],
    ['cold-doubling', 'guard: 10 s against 30 s', { ...COLD, truth: { rise: doublingRise(10) } }],
    ['cold-stepped', 'guard: 5 s against 20 s', { ...COLD, truth: { rise: steppedRise(10, 16_667) } }],
  ]),
  ...group(
    'Wires at 1.2x',
    wires.flatMap(([latency, name]) => both(`wires-${latency}`, name, { latency })),
  ),
  ...group(
    'Enforcement at 1.2x (sliding windows stand above)',
    (['fixed', 'counter', 'bucket'] as const).flatMap((kind) =>
      both(`windows-${kind}`, `${kind} windows`, { rules: { minuteWindow: kind, secondWindow: kind } }),
    ),
  ),
  ...group('What is not known, at 1.2x', [
    ['prepaid-known', 'max_tokens charged, known', { rules: { charging: 'reserved' }, prepaidKnown: true }],
    ['prepaid-unknown', 'max_tokens charged, not known', { rules: { charging: 'reserved' } }],
    ['refused-counted', 'refused calls count', { rules: { countRefused: true } }],
    ...both('outsiders', 'outsiders take 30 %, evenly', { outsiders: 0.3 }),
    ...both('outsiders-random', 'outsiders take 30 %, at random', {
      outsiders: 0.3,
      outsidersCome: 'at random',
    }),
    ...both('truth-80', 'true limits 80 % of the configured', { ...share(0.8), warmUpMs: 3 * MINUTE_MS }),
  ]),
  ...group(
    'Accounts of 600 RPM at 1.2x, near',
    [1, 3, 5, 10].map(
      (accounts): Row => [
        `accounts-${accounts}`,
        `${accounts} account${accounts === 1 ? '' : 's'}`,
        { accounts, profile: 'req', latency: 'near' },
      ],
    ),
  ),
];
