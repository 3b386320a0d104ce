import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogFields } from '../base/log.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { bump, type Revisions, readRevisions, watchRevisions } from './revisions.ts';

type Watched = {
  readonly revisions: Revisions;
  readonly clock: ReturnType<typeof createVirtualClock>;
  /** Messages of the log. */
  readonly told: string[];
};

function watching(read: () => Promise<ReadonlyMap<string, number>>): Watched {
  const clock = createVirtualClock({ startMs: 0 });
  const told: string[] = [];
  const tell = (_fields: LogFields, message: string): void => void told.push(message);
  const revisions = watchRevisions({ read, clock, random: () => 0.5, log: { info: tell, warn: tell } });
  return { revisions, clock, told };
}

describe('revisions', () => {
  it('are looked at before the start is over, and then several times in two seconds', async () => {
    let revision = 3;
    const seen: number[] = [];
    const { revisions, clock } = watching(async () => new Map([['keys', revision]]));
    revisions.follow('keys', async (each) => void seen.push(each));
    revisions.follow('prices', async (each) => void seen.push(-each));
    await revisions.start();
    assert.deepEqual(seen, [3, -0]);
    await clock.advance(5_000);
    assert.equal(seen.length, 2, 'nothing has changed');
    revision = 4;
    await clock.advance(1_000);
    assert.deepEqual(seen.slice(2), [4]);
    revisions.close();
    assert.equal(clock.pending(), 0);
  });

  it('that this instance has made are in force when its change is answered', async () => {
    let revision = 1;
    const seen: number[] = [];
    const { revisions } = watching(async () => new Map([['keys', revision]]));
    revisions.follow('keys', async (each) => void seen.push(each));
    await revisions.start();
    revision = 2;
    await Promise.all([revisions.notice('keys'), revisions.notice('keys'), revisions.notice('config')]);
    assert.deepEqual(seen, [1, 2], 'loaded once');
    revisions.close();
  });

  it('of a load that failed are loaded again, and a later change does not wait for a stuck one', async () => {
    const revision = { keys: 1, config: 1 };
    let failing = true;
    const seen: string[] = [];
    const { revisions, clock, told } = watching(async () => new Map(Object.entries(revision)));
    revisions.follow('keys', async (each) => {
      if (failing) throw new Error('no');
      seen.push(`keys ${each}`);
    });
    revisions.follow('config', (each) => {
      seen.push(`config ${each}`);
      return each === 2 ? new Promise(() => {}) : Promise.resolve();
    });
    await assert.rejects(revisions.start(), /no/);
    assert.deepEqual(told, ['a change could not be loaded: it is tried again']);
    failing = false;
    await revisions.start();
    assert.deepEqual(seen, ['config 1', 'keys 1']);
    revision.config = 2;
    await clock.advance(1_000);
    revision.keys = 2;
    await clock.advance(4_000);
    assert.deepEqual(seen.slice(2), ['config 2', 'keys 2'], 'the load that is stuck is not begun twice');
    revisions.close();
  });

  it('of a database that is away are asked for more and more seldom, told once, and caught up with', async () => {
    let isAway = false;
    let asked = 0;
    let revision = 1;
    const seen: number[] = [];
    const { revisions, clock, told } = watching(async () => {
      asked += 1;
      if (isAway) throw new Error('away');
      return new Map([['keys', revision]]);
    });
    revisions.follow('keys', async (each) => void seen.push(each));
    await revisions.start();
    assert.ok(revisions.reachable);
    isAway = true;
    asked = 0;
    await clock.advance(60_000);
    assert.ok(asked >= 10 && asked <= 20, `${asked} looks in a minute`);
    assert.ok(!revisions.reachable);
    assert.deepEqual(told, ['the database does not answer: what was known stays in force']);
    isAway = false;
    revision = 2;
    await clock.advance(5_600);
    assert.deepEqual(seen, [1, 2]);
    assert.ok(revisions.reachable);
    assert.deepEqual(told.slice(1), ['the database answers again']);
    revisions.close();
  });

  it('of a database that is silent hold nobody up: neither the start nor a change', async () => {
    const { revisions, clock } = watching(() => new Promise(() => {}));
    revisions.follow('keys', async () => {});
    await assert.rejects(clock.runUntil(revisions.start(), 10_000), /no answer within 2000 ms/);
    const before = clock.now();
    await clock.runUntil(revisions.notice('keys'), 10_000);
    assert.equal(clock.now() - before, 2_000);
    revisions.close();
  });
});

onEachDatabase((_name, open) => {
  it('counts each change up, those that are made at once too, and those that are undone not', async () => {
    const [one, two] = [await open(), await open()];
    const changes = Array.from({ length: 20 }, (_, i) =>
      (i % 2 === 0 ? one : two).write((transaction) => bump(transaction, 'keys')),
    );
    const given = await Promise.all(changes);
    assert.deepEqual(
      given.sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    await assert.rejects(
      one.write(async (transaction) => {
        await bump(transaction, 'keys');
        throw new Error('undone');
      }),
      /undone/,
    );
    await two.write((transaction) => bump(transaction, 'config'));
    assert.deepEqual(
      await readRevisions(two.query),
      new Map(
        [
          ['config', 1],
          ['keys', 20],
        ].sort() as [string, number][],
      ),
    );
  });
});
