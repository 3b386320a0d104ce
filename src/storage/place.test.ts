import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLACE_FORMS, placeOf, shownPlace } from './place.ts';

describe('the place of a database', () => {
  it('is a file, by any of the ways to write one', () => {
    assert.deepEqual(placeOf('sqlite:./data/sluice.db'), { kind: 'sqlite', path: './data/sluice.db' });
    assert.deepEqual(placeOf('sqlite:/var/sluice.db'), { kind: 'sqlite', path: '/var/sluice.db' });
    assert.deepEqual(placeOf('sqlite:///var/sluice.db'), { kind: 'sqlite', path: '/var/sluice.db' });
  });

  it('is a server, under either name of it', () => {
    for (const scheme of ['postgres', 'postgresql']) {
      const url = `${scheme}://user:pass@host:5432/name?sslmode=require`;
      assert.deepEqual(placeOf(url), { kind: 'postgres', url });
    }
  });

  it('is nothing else: other databases, a server without a database, a mere word', () => {
    for (const text of [
      ...['mysql://root@host/name', 'postgres://host', 'postgres://host/', 'postgres://ho st/x'],
      ...['postgres:name', 'sqlite:', './data/sluice.db', 'https://host/name', ''],
    ])
      assert.equal(placeOf(text), undefined, text);
  });

  it('is of the forms that messages name', () => {
    for (const form of PLACE_FORMS) assert.notEqual(placeOf(form), undefined, form);
  });

  it('is shown without its password and what else stands behind it', () => {
    const shown = (text: string): string => {
      const place = placeOf(text);
      assert.ok(place !== undefined);
      return shownPlace(place);
    };
    assert.equal(
      shown('postgresql://ann:hunter2@db:6543/sluice?password=hunter2'),
      'postgres://ann@db:6543/sluice',
    );
    assert.equal(shown('postgres://db/sluice'), 'postgres://db/sluice');
    assert.equal(shown('sqlite:./data/sluice.db'), './data/sluice.db');
  });
});
