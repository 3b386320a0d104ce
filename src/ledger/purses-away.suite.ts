/** What becomes of money while the database is away, or says nothing. */

import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import { Failure } from '../domain/failure.ts';
import type { Database } from '../storage/database.ts';
import { DatabaseError } from '../storage/database-error.ts';
import type { OpenDatabase } from '../testing/databases.ts';
import { granted, opened, refused, Town } from '../testing/purse-town.ts';

type Weather = 'there' | 'away' | 'silent';

/** A database that can go away: what is asked meanwhile fails, or is answered when it is back. */
function fickle(database: Database) {
  let weather: Weather = 'there';
  let back: () => void = () => undefined;
  let comesBack = Promise.resolve();
  const away = (): DatabaseError => new DatabaseError('away', 'it is away');
  const asked: Database = {
    kind: database.kind,
    get query() {
      if (weather === 'away') throw away();
      return database.query;
    },
    async write(task) {
      if (weather === 'away') throw away();
      if (weather === 'silent') await comesBack;
      return await database.write(task);
    },
    close: () => database.close(),
  };
  return {
    database: asked,
    turn(next: Weather) {
      weather = next;
      if (next === 'silent')
        comesBack = new Promise((resolve) => {
          back = resolve;
        });
      else back();
    },
  };
}

const isAway = (error: unknown): boolean =>
  error instanceof Failure && error.kind === 'ledger_away' && error.status === 503 && error.retry;

export function pursesAwaySuite(fresh: OpenDatabase): void {
  const { open, next } = opened(fresh);
  let town: Town | undefined;
  const begin = async () => {
    next();
    const here = new Town(await open(), open);
    town = here;
    const own = fickle(await open());
    return { here, turn: own.turn, instance: await here.instance(own.database) };
  };
  afterEach(() => town?.close());

  it('calls go on from what was set aside, for as long as there is something of it', async () => {
    const { here, turn, instance } = await begin();
    await here.pay(1_600_000n);
    const first = granted(await instance.hold(`${here.tenant}-first`, [here.wallet], 1_000n));
    turn('away');
    // Long enough for a lease to run out, were there anybody to take it.
    for (let minute = 0; minute < 3; minute++) {
      for (let i = 0; i < 12; i++) {
        granted(await instance.hold(`${here.tenant}-${minute}-${i}`, [here.wallet], 1_000n)).release();
        await here.clock.advance(5_000);
      }
    }
    await assert.rejects(instance.hold(`${here.tenant}-large`, [here.wallet], 900_000n), isAway);
    turn('there');
    granted(await instance.hold(`${here.tenant}-large`, [here.wallet], 900_000n)).release();
    first.release();
  });

  it('near the end of a purse nobody is served who is not asked for, and told to come back', async () => {
    const { here, turn, instance } = await begin();
    await here.pay(3_000n);
    granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 1_000n)).release();
    await here.becomes(-3_000n, 0n);
    turn('away');
    await assert.rejects(instance.hold(`${here.tenant}-b`, [here.wallet], 1_000n), isAway);
    turn('there');
    granted(await instance.hold(`${here.tenant}-c`, [here.wallet], 1_000n)).release();
  });

  it('a database that says nothing keeps a client for two seconds, and what it grants then goes back', async () => {
    const { here, turn, instance } = await begin();
    await here.pay(3_000n);
    granted(await instance.hold(`${here.tenant}-a`, [here.wallet], 1_000n)).release();
    await here.becomes(-3_000n, 0n);
    turn('silent');
    const startedAtMs = here.clock.now();
    const waits = instance.hold(`${here.tenant}-b`, [here.wallet], 1_000n);
    await assert.rejects(here.clock.runUntil(waits, 10_000), isAway);
    assert.equal(here.clock.now() - startedAtMs, 2_000);
    // Known to be silent, it is not asked again.
    await assert.rejects(instance.hold(`${here.tenant}-c`, [here.wallet], 1_000n), isAway);
    assert.equal(here.clock.now() - startedAtMs, 2_000);
    turn('there');
    await here.becomes(-3_000n, 0n);
    for (let i = 0; i < 100; i++) {
      const again = instance.hold(`${here.tenant}-again-${i}`, [here.wallet], 1n);
      if (
        await again.then(
          (hold) => granted(hold).release() === undefined,
          () => false,
        )
      )
        break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    refused(await instance.hold(`${here.tenant}-d`, [here.wallet], 4_000n));
    granted(await instance.hold(`${here.tenant}-e`, [here.wallet], 3_000n)).release();
  });
}
