import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BOUNDS, verdictsOf, verdictTable } from '../bench/goodput/bounds.ts';
import { chartOf } from '../bench/goodput/chart.ts';
import type { Policy } from '../bench/goodput/contract.ts';
import { documentOf } from '../bench/goodput/document.ts';
import type { Figures } from '../bench/goodput/figures.ts';
import { backoff } from '../bench/goodput/policies/backoff.ts';
import { direct } from '../bench/goodput/policies/direct.ts';
import { POLICIES } from '../bench/goodput/policies/index.ts';
import { leastUsed } from '../bench/goodput/policies/least-used.ts';
import { queue } from '../bench/goodput/policies/queue.ts';
import { roundRobin } from '../bench/goodput/policies/round-robin.ts';
import { scenarioOf, summariesOf, tablesOf } from '../bench/goodput/report.ts';
import { measure } from '../bench/goodput/run.ts';
import { PLAIN, type Scenario } from '../bench/goodput/scenario.ts';
import { SCENARIOS } from '../bench/goodput/scenarios.ts';

const SHORT: Scenario = {
  ...PLAIN,
  id: 'short',
  name: 'short',
  group: 'short',
  accounts: 2,
  rampMs: 0,
  warmUpMs: 60_000,
  measuredMs: 120_000,
};

const run = (policy: Policy, change: Partial<Scenario> = {}, seed = 5): Promise<Figures> =>
  measure({ scenario: { ...SHORT, ...change }, policy, seed });

const policyOf = (create: Policy['create']): Policy => ({ id: 'own', name: 'own', create });

describe('a run', () => {
  it('is the same with the same seed, and another with another', async () => {
    assert.deepEqual(await run(backoff), await run(backoff));
    assert.notDeepEqual(await run(backoff), await run(backoff, {}, 6));
  });

  it('gives every policy the same calls', async () => {
    const runs = await Promise.all(POLICIES.map((policy) => run(policy)));
    assert.equal(
      new Set(runs.map(({ calls, unavoidablePercent }) => `${calls} ${unavoidablePercent}`)).size,
      1,
    );
  });

  it('fails on a policy that loses a call, ends one twice, or makes an answer up', async () => {
    const lost = policyOf(() => ({ offer() {} }));
    await assert.rejects(run(lost), /calls have no end, 0 of them were sent/);
    const twice = policyOf(({ shown }) => ({
      offer(call) {
        shown(call, 'no');
        shown(call, 'no');
      },
    }));
    await assert.rejects(run(twice), /has been shown already/);
    const made = policyOf(({ answered }) => ({ offer: answered }));
    await assert.rejects(run(made), /no provider has admitted it/);
  });

  it('tells of a call what came back, by the clock of the provider, in order', async () => {
    const seen = { refused: 0, done: 0 };
    const policy = policyOf(({ clock, upstream, answered, shown }) => ({
      offer(call) {
        let headMs = 0;
        const sentMs = clock.now();
        const check = (arrivedMs: number): void => {
          assert.ok(Number.isInteger(arrivedMs));
          assert.ok(arrivedMs > sentMs + 56 && arrivedMs < clock.now() + 37.4);
        };
        upstream.send(0, call, {
          refused(kind, { arrivedMs }) {
            assert.ok(['rps', 'rpm', 'tps', 'tpm'].includes(kind));
            check(arrivedMs);
            assert.ok(clock.now() - sentMs >= 40);
            seen.refused += 1;
            shown(call, kind);
          },
          head({ arrivedMs }) {
            check(arrivedMs);
            headMs = clock.now();
            assert.ok(headMs - sentMs >= 340);
          },
          done(output) {
            assert.equal(output, call.output);
            assert.ok(headMs > 0 && clock.now() >= headMs);
            seen.done += 1;
            answered(call);
          },
        });
      },
    }));
    await run(policy);
    assert.ok(seen.refused > 100 && seen.done > 100);
  });

  it('never gives more than the limits, whatever is tried', async () => {
    for (const profile of ['tok', 'req'] as const) {
      const { sharePercent } = await run(roundRobin, { profile, traffic: { kind: 'steady', load: 4 } });
      assert.ok(sharePercent > 97 && sharePercent < 101.5, `${profile}: ${sharePercent}`);
    }
  });

  it('charges in advance where the rules say so', async () => {
    const usual = await run(direct);
    const reserved = await run(direct, { rules: { charging: 'reserved' } });
    assert.ok(reserved.sharePercent < usual.sharePercent - 5);
  });

  it('leaves outsiders out of what there is, and measures wrong limits by the truth', async () => {
    const load = { traffic: { kind: 'steady', load: 2 } } as const;
    const shared = await run(roundRobin, { ...load, outsiders: 0.3 });
    assert.ok(shared.sharePercent > 95 && shared.sharePercent < 101.5, `${shared.sharePercent}`);
    const [alone, beside] = [await run(direct), await run(direct, { outsiders: 0.3 })];
    assert.ok(beside.answeredPerMinute < 0.9 * alone.answeredPerMinute);
    const less = await run(roundRobin, { ...load, truth: { rpm: 300, tpm: 500_000, rps: 5, tps: 8_333 } });
    assert.ok(less.sharePercent > 90 && less.sharePercent < 101.5, `${less.sharePercent}`);
  });
});

describe('the usual ways', () => {
  it('direct: every refusal is shown, nobody waits', async () => {
    const { shownPercent, refusalsPerThousand, p99WaitMs } = await run(direct);
    assert.ok(shownPercent > 5);
    assert.ok(Math.abs(shownPercent * 10 - refusalsPerThousand) < 15);
    assert.equal(p99WaitMs, 0);
  });

  it('backoff: fewer are shown, for refusals and for seconds', async () => {
    const [plain, patient] = [await run(direct), await run(backoff)];
    assert.ok(patient.shownPercent < plain.shownPercent - 2);
    assert.ok(patient.refusalsPerThousand > 2 * plain.refusalsPerThousand);
    assert.ok(patient.p99WaitMs > 10_000 && patient.p99WaitMs < 19_500);
  });

  it('queue: a line let out at the rate, whose last ones give up', async () => {
    const near = { profile: 'req', latency: 'near' } as const;
    const underload = await run(queue, { ...near, traffic: { kind: 'steady', load: 0.5 } });
    assert.ok(underload.refusalsPerThousand < 20 && underload.shownPercent === 0);
    const over = await run(queue, { ...near, traffic: { kind: 'steady', load: 3 } });
    assert.ok((over.whyShown['patience'] ?? 0) > 100);
    assert.ok(over.p99WaitMs > 100_000 && over.p99WaitMs <= 145_000, `${over.p99WaitMs}`);
    assert.ok(over.answeredPerMinute > 1_050 && over.answeredPerMinute < 1_200);
  });

  it('round robin: tries at once, five times more', async () => {
    const figures = await run(roundRobin, { traffic: { kind: 'steady', load: 3 } });
    assert.ok(figures.p99WaitMs > 200 && figures.p99WaitMs < 3_000, `${figures.p99WaitMs}`);
    assert.ok(figures.refusalsPerThousand > 850);
  });

  it('least used: all go to the same account until it has answered', async () => {
    const { sharePercent, shownPercent } = await run(leastUsed, { traffic: { kind: 'steady', load: 0.5 } });
    assert.ok(sharePercent < 40 && shownPercent > 20, `${sharePercent} ${shownPercent}`);
  });

  it('a line for all makes everybody wait for the greedy one', async () => {
    const greedy = { traffic: { kind: 'greedy', load: 3, others: 0.57 } } as const;
    const figures = await run(queue, greedy);
    assert.ok(figures.jain < 0.8 && figures.othersP99WaitMs > 60_000);
    assert.ok(Number.isNaN((await run(queue)).othersP99WaitMs));
  });
});

describe('the list of situations', () => {
  it('has each of them once, and a bound for none that is missing', () => {
    assert.equal(new Set(SCENARIOS.map(({ id }) => id)).size, SCENARIOS.length);
    for (const { scenario } of BOUNDS) assert.ok(scenarioOf(scenario));
    assert.throws(() => scenarioOf('no such'), RangeError);
  });
});

describe('the report', () => {
  const figures = (change: Partial<Figures>): Figures => ({
    sharePercent: 98.5,
    refusalsPerThousand: 0.5,
    shownPercent: 0,
    shownTokensPercent: 0,
    unavoidablePercent: 16.7,
    p50WaitMs: 100,
    p99WaitMs: 2_000,
    othersP99WaitMs: Number.NaN,
    jain: 1,
    answeredPerMinute: 600,
    refusals: {},
    whyShown: {},
    calls: 100,
    ...change,
  });
  const outcome = (scenario: string, policy: string, seed: number, change: Partial<Figures> = {}) => ({
    job: { scenario, policy, seed },
    figures: figures(change),
    tookMs: 1,
  });
  const summaries = summariesOf([
    outcome('steady-1.2', 'queue', 1),
    outcome('steady-1.2', 'sluice', 1, { sharePercent: 97, jain: 0.98 }),
    outcome('steady-1.2', 'sluice', 2, { sharePercent: 99 }),
    outcome('on-off', 'sluice', 1, { shownPercent: 3 }),
    outcome('wires-far-tok', 'sluice', 1),
    outcome('wires-far-tok', 'direct', 1),
    { job: { scenario: 'greedy', policy: 'sluice', seed: 1 }, error: 'lost' },
  ]);

  it('puts seeds together and leaves failed runs out', () => {
    assert.equal(summaries.length, 5);
    assert.match(tablesOf(summaries), /steady 1\.2x · Sluice +\| +98\.0 \[97\.0-99\.0\]/);
    assert.doesNotMatch(tablesOf(summaries), /greedy|NaN|undefined/);
  });

  it('says what holds in every seed, on average, or not', () => {
    const verdicts = verdictsOf(summaries);
    const heldOf = (scenario: string): string[] =>
      verdicts.flatMap(({ bound, held }) => (bound.scenario === scenario ? [held] : []));
    assert.deepEqual(heldOf('steady-1.2'), ['on average']);
    assert.deepEqual(heldOf('on-off'), ['no']);
    assert.deepEqual(heldOf('wires-far-tok'), ['yes', 'yes']);
    assert.deepEqual(heldOf('greedy'), []);
    assert.match(verdictTable(verdicts), /≥ 98\.0/);
  });

  it('draws whole markup, and prints a page without gaps', () => {
    const chart = chartOf(summaries);
    assert.match(chart, /^<svg [^>]+>[\s\S]+<\/svg>\n$/);
    assert.equal(chart.split('<rect').length - 1, 1 + 2 * 3 * 3);
    const page = documentOf(summaries, verdictsOf(summaries), '');
    assert.doesNotMatch(page + chart, /NaN|undefined|Infinity/);
    assert.doesNotMatch(page, /20-400 ms, median 60, token-bound · no relay/);
    assert.match(page, /mean of 2 seeds/);
  });
});
