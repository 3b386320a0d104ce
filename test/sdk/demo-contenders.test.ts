import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { CONTENDERS, runContenders } from '../../src/cli/demo/contenders.ts';
import { planTraffic } from '../../src/cli/demo/traffic.ts';

const withoutBackoff = CONTENDERS.filter(({ id }) => id !== 'backoff');
const run = { seed: 1, signal: new AbortController().signal };

describe('a short run over real sockets', () => {
  it('answers everything through Sluice, and refuses the simple client much', async () => {
    const traffic = planTraffic({ seconds: 4, random: createSeededRandom(1) });
    const [simple, sluice] = await runContenders(withoutBackoff, { ...run, traffic });
    assert.ok(simple !== undefined && sluice !== undefined);

    assert.deepEqual(sluice.journal.failures, []);
    assert.equal(sluice.journal.answers.length, 12);
    assert.deepEqual(sluice.journal.refusedAtMs, []);
    assert.ok(sluice.journal.answers.every(({ tokens }) => tokens > 200));

    assert.equal(simple.journal.answers.length + simple.journal.failures.length, 12);
    assert.ok(simple.journal.refusedAtMs.length >= 6, `${simple.journal.refusedAtMs.length} 429s`);
    assert.equal(simple.refusalsGiven, simple.journal.refusedAtMs.length);
    assert.match(simple.journal.failures[0] ?? '', /^429: /);
  });

  it('ends at once when it is interrupted, with nothing left', async () => {
    const traffic = planTraffic({ seconds: 60, random: createSeededRandom(1) });
    const interrupted = new AbortController();
    const reason = new Error('interrupted');
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((each) => /^(TCP|Timeout)/.test(each)).length;
    const before = sockets();
    await assert.rejects(
      runContenders(CONTENDERS, {
        ...run,
        traffic,
        signal: interrupted.signal,
        onStart: () => setTimeout(() => interrupted.abort(reason), 500),
      }),
      reason,
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(sockets() <= before, process.getActiveResourcesInfo().join());
  });
});
