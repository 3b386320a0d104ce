import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Departure } from './departure.ts';

describe('a departure', () => {
  it('tells its listener and its signal once', () => {
    const departure = new Departure();
    let told = 0;
    departure.listen(() => told++);
    const { signal } = departure;
    assert.equal(departure.gone, false);
    departure.leave();
    departure.leave();
    assert.equal(told, 1);
    assert.equal(signal.aborted, true);
    assert.equal(departure.gone, true);
  });

  it('tells who comes late at once', () => {
    const departure = new Departure();
    departure.leave();
    let told = 0;
    departure.listen(() => told++);
    assert.equal(told, 1);
    assert.equal(departure.signal.aborted, true);
  });

  it('tells nobody who has stopped listening', () => {
    const departure = new Departure();
    departure.listen(() => assert.fail('told'));
    departure.listen(undefined);
    departure.leave();
  });

  it('gives the same signal each time', () => {
    const departure = new Departure();
    assert.equal(departure.signal, departure.signal);
  });
});
