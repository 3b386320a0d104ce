import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createShelf, type Shelf, type ShelfSettings } from './shelf.ts';

function shelfOf(settings: Partial<ShelfSettings> = {}): {
  readonly shelf: Shelf;
  readonly at: (ms: number) => void;
  readonly set: (next: Partial<ShelfSettings>) => void;
} {
  let nowMs = 0;
  let current: ShelfSettings = { maxBytes: 10_000, ttlMs: 1_000, ...settings };
  return {
    shelf: createShelf({ now: () => nowMs, settings: () => current }),
    at: (ms) => {
      nowMs = ms;
    },
    set: (next) => {
      current = { ...current, ...next };
    },
  };
}

describe('the shelf', () => {
  it('gives back what was put there under the same name, and the later of two', () => {
    const { shelf } = shelfOf();
    shelf.put('a', 'first');
    shelf.put('b', 'other');
    shelf.put('a', 'second');
    assert.equal(shelf.get('a'), 'second');
    assert.equal(shelf.get('b'), 'other');
    assert.equal(shelf.get('c'), undefined);
  });

  it('forgets what was not used for so long, and not what was used in between', () => {
    const { shelf, at } = shelfOf({ ttlMs: 1_000 });
    shelf.put('used', 'x');
    shelf.put('unused', 'x');
    at(900);
    assert.equal(shelf.get('used'), 'x');
    at(1_001);
    assert.equal(shelf.get('unused'), undefined);
    assert.equal(shelf.get('used'), 'x');
    at(2_002);
    assert.equal(shelf.get('used'), undefined);
    assert.equal(shelf.bytes, 0);
  });

  it('lets go of what is too old when something new comes, though nobody asks for it', () => {
    const { shelf, at } = shelfOf({ ttlMs: 1_000 });
    shelf.put('old', 'x'.repeat(500));
    at(1_001);
    shelf.put('new', 'y');
    assert.ok(shelf.bytes < 200, `${shelf.bytes}`);
  });

  it('makes room by what was used longest ago', () => {
    const { shelf } = shelfOf({ maxBytes: 650 });
    shelf.put('a', 'x'.repeat(50));
    shelf.put('b', 'x'.repeat(50));
    shelf.put('c', 'x'.repeat(50));
    shelf.get('a');
    shelf.put('d', 'x'.repeat(50));
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].filter((name) => shelf.get(name) !== undefined),
      ['a', 'c', 'd'],
    );
  });

  it('keeps nothing that is larger than itself, and throws out nothing for it but its own name', () => {
    const { shelf } = shelfOf({ maxBytes: 1_000 });
    shelf.put('small', 'x');
    shelf.put('big', 'old');
    shelf.put('big', 'x'.repeat(1_000));
    assert.equal(shelf.get('small'), 'x');
    assert.equal(shelf.get('big'), undefined);
  });

  it('keeps nothing when it has no bytes, and shrinks with its settings', () => {
    const { shelf, set } = shelfOf();
    shelf.put('a', 'x');
    set({ maxBytes: 0 });
    shelf.put('b', 'x');
    assert.equal(shelf.get('a'), undefined);
    assert.equal(shelf.get('b'), undefined);
  });

  it('removes by name', () => {
    const { shelf } = shelfOf();
    shelf.put('a', 'x');
    assert.equal(shelf.remove('a'), true);
    assert.equal(shelf.remove('a'), false);
    assert.equal(shelf.get('a'), undefined);
  });

  it('never holds more than it may, and counts what it holds', () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      length: fc.integer({ min: 0, max: 400 }),
      act: fc.constantFrom('put', 'get', 'remove'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { shelf, at } = shelfOf({ maxBytes: 2_000, ttlMs: 20 });
        steps.forEach(({ name, length, act }, i) => {
          at(i);
          if (act === 'put') shelf.put(name, 'x'.repeat(length));
          else if (act === 'get') shelf.get(name);
          else shelf.remove(name);
          assert.ok(shelf.bytes <= 2_000);
        });
        const held = ['a', 'b', 'c', 'd', 'e'].flatMap((name) => shelf.get(name) ?? []);
        const bytes = held.reduce((sum, text) => sum + 2 * (1 + text.length) + 100, 0);
        assert.equal(shelf.bytes, bytes);
      }),
    );
  });
});
