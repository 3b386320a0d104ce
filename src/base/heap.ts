/**
 * A binary heap whose items know their place, so that one in the middle can be taken out or moved when its order
 * changes, in logarithmic time.
 */

export type HeapOptions<T> = {
  readonly before: (a: T, b: T) => boolean;
  /** Told whenever an item's place changes; -1: it is out. */
  readonly place: (item: T, index: number) => void;
};

export class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: HeapOptions<T>['before'];
  readonly #place: HeapOptions<T>['place'];

  constructor({ before, place }: HeapOptions<T>) {
    this.#before = before;
    this.#place = place;
  }

  get size(): number {
    return this.#items.length;
  }

  /** In no order beyond the first. */
  get items(): readonly T[] {
    return this.#items;
  }

  first(): T | undefined {
    return this.#items[0];
  }

  /** The first so many, in order; nothing moves. */
  least(count: number): T[] {
    const least: T[] = [];
    const open = this.#items.length > 0 ? [0] : [];
    while (least.length < count && open.length > 0) {
      let best = 0;
      for (let i = 1; i < open.length; i++)
        if (this.#before(this.#items[open[i] as number] as T, this.#items[open[best] as number] as T))
          best = i;
      const [index = 0] = open.splice(best, 1);
      least.push(this.#items[index] as T);
      for (const child of [2 * index + 1, 2 * index + 2]) if (child < this.#items.length) open.push(child);
    }
    return least;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#place(item, this.#items.length - 1);
    this.#up(this.#items.length - 1);
  }

  shift(): T | undefined {
    const [first] = this.#items;
    if (first !== undefined) this.removeAt(0);
    return first;
  }

  removeAt(index: number): void {
    const item = this.#items[index];
    if (item === undefined) return;
    const last = this.#items.pop() as T;
    this.#place(item, -1);
    if (item === last) return;
    this.#put(last, index);
    this.reorderAt(index);
  }

  /** The item's order has changed. */
  reorderAt(index: number): void {
    this.#up(index);
    this.#down(index);
  }

  #put(item: T, index: number): void {
    this.#items[index] = item;
    this.#place(item, index);
  }

  #up(start: number): void {
    const item = this.#items[start];
    if (item === undefined) return;
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#items[parent] as T;
      if (!this.#before(item, above)) break;
      this.#put(above, index);
      index = parent;
    }
    if (index !== start) this.#put(item, index);
  }

  #down(start: number): void {
    const item = this.#items[start];
    if (item === undefined) return;
    const size = this.#items.length;
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(this.#items[child + 1] as T, this.#items[child] as T)) child++;
      const below = this.#items[child] as T;
      if (!this.#before(below, item)) break;
      this.#put(below, index);
      index = child;
    }
    if (index !== start) this.#put(item, index);
  }
}
