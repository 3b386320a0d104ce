import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { databasePlace } from './database-place.ts';

const bare = { dataDir: './data', storage: {} };
const inFile = { ...bare, storage: { place: { kind: 'sqlite', path: 'of-the-file.db' } as const } };
const env = { DATABASE_URL: 'postgres://db/of-the-environment' };

describe('the database that is meant', () => {
  it('is a file in the data folder where nothing is said', () => {
    assert.deepEqual(databasePlace(bare, {}), { kind: 'sqlite', path: 'data/sluice.db' });
    assert.deepEqual(databasePlace(bare, { DATABASE_URL: ' ' }), { kind: 'sqlite', path: 'data/sluice.db' });
  });

  it('is what the command says, else the file, else the environment', () => {
    assert.deepEqual(databasePlace(inFile, env, 'sqlite:of-the-flag.db'), {
      kind: 'sqlite',
      path: 'of-the-flag.db',
    });
    assert.deepEqual(databasePlace(inFile, env), inFile.storage.place);
    assert.deepEqual(databasePlace(bare, env), { kind: 'postgres', url: env.DATABASE_URL });
  });

  it('is refused where it cannot be one, by the name of where it stands and without what stands there', () => {
    const secret = 'mysql://root:hunter2@db/x';
    for (const [name, place] of [
      ['DATABASE_URL', () => databasePlace(bare, { DATABASE_URL: secret })],
      ['--database', () => databasePlace(bare, {}, secret)],
    ] as const)
      assert.throws(place, (error: Error) => {
        assert.match(error.message, new RegExp(`^${name}: expected postgres://`));
        return !error.message.includes('hunter2');
      });
  });
});
