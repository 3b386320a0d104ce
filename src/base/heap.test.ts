import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Heap } from './heap.ts';

type Item = { key: number; readonly id: number; index: number };

/** A heap, the same items in a plain array, and how each item's place was told. */
function scene() {
  const heap = new Heap<Item>({
    before: (a, b) => a.key < b.key || (a.key === b.key && a.id < b.id),
    place: (item, index) => {
      item.index = index;
    },
  });
  const model: Item[] = [];
  let ids = 0;
  const agrees = (): void => {
    model.sort((a, b) => a.key - b.key || a.id - b.id);
    assert.equal(heap.size, model.length);
    assert.equal(heap.first(), model[0]);
    assert.deepEqual(new Set(heap.items), new Set(model));
    for (const item of model) assert.equal(heap.items[item.index], item, 'an item knows its place');
  };
  return {
    heap,
    model,
    agrees,
    push(key: number): Item {
      const item = { key, id: ids++, index: -1 };
      model.push(item);
      heap.push(item);
      return item;
    },
    take(item: Item): void {
      model.splice(model.indexOf(item), 1);
      heap.removeAt(item.index);
      assert.equal(item.index, -1, 'it is told that it is out');
    },
  };
}

const key = fc.integer({ min: -20, max: 20 });
const which = fc.nat(1_000);
const step = fc.oneof(
  fc.record({ kind: fc.constant('push' as const), key, which }),
  fc.record({ kind: fc.constantFrom('shift' as const, 'take' as const), key, which }),
  fc.record({ kind: fc.constant('reorder' as const), key, which }),
);

test('the first is always the least, whatever was pushed, taken from the middle or moved', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { heap, model, agrees, push, take } = scene();
      for (const { kind, key, which } of steps) {
        const item = model[which % Math.max(1, model.length)];
        if (kind === 'push' || item === undefined) push(key);
        else if (kind === 'take') take(item);
        else if (kind === 'reorder') {
          item.key = key;
          heap.reorderAt(item.index);
        } else {
          const first = heap.shift();
          assert.equal(first, model.shift());
          assert.equal(first?.index, -1);
        }
        agrees();
      }
      const sorted = [...model];
      for (const count of [0, 1, 5, 1_000]) assert.deepEqual(heap.least(count), sorted.slice(0, count));
      assert.deepEqual(
        sorted.map(() => heap.shift()),
        sorted,
      );
      assert.equal(heap.size, 0);
    }),
    { numRuns: 300 },
  );
});

test('an empty heap has no first, and nothing can be taken out of it', () => {
  const { heap } = scene();
  assert.equal(heap.first(), undefined);
  assert.equal(heap.shift(), undefined);
  heap.removeAt(0);
  heap.removeAt(-1);
  assert.equal(heap.size, 0);
});

test('to take out what is not there leaves the rest', () => {
  const { heap, push, agrees } = scene();
  const item = push(3);
  push(1);
  heap.removeAt(-1);
  heap.removeAt(99);
  agrees();
  assert.equal(heap.items[item.index], item);
});

test('a hundred thousand come and go from the middle in logarithmic time', () => {
  let compared = 0;
  const heap = new Heap<{ key: number; index: number }>({
    before: (a, b) => {
      compared++;
      return a.key < b.key;
    },
    place: (item, index) => {
      item.index = index;
    },
  });
  const items = Array.from({ length: 100_000 }, (_, i) => ({ key: (i * 7_919) % 100_003, index: -1 }));
  for (const item of items) heap.push(item);
  for (const item of items) heap.removeAt(item.index);
  assert.equal(heap.size, 0);
  assert.ok(compared / items.length < 40, `${compared / items.length} comparisons each`);
});
