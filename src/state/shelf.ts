/**
 * Texts that are kept for clients between their calls, under names: bounded by bytes and by age, what was used longest
 * ago goes first. In memory alone, so that nothing of a conversation outlives the process. Whoever puts something here
 * must do without it: it may be gone. Names begin with the client key's id, or one tenant could ask for another's.
 */

export type ShelfSettings = {
  /** All names and texts together; 0: nothing is kept. */
  readonly maxBytes: number;
  /** Since the last use, ms. */
  readonly ttlMs: number;
};

export type Shelf = {
  /** What is larger than the whole shelf is not kept. */
  put(name: string, text: string): void;
  /** A text that is found is young again. */
  get(name: string): string | undefined;
  /** False: there was none. */
  remove(name: string): boolean;
  readonly bytes: number;
};

export type ShelfOptions = {
  readonly now: () => number;
  /** They may change with the configuration. */
  readonly settings: () => ShelfSettings;
};

type Kept = { readonly text: string; usedAtMs: number };

/** A character may take two bytes; the rest is what the runtime needs around them. */
const bytesOf = (name: string, text: string): number => 2 * (name.length + text.length) + 100;

export function createShelf({ now, settings }: ShelfOptions): Shelf {
  /** In the order of their last use. */
  const kept = new Map<string, Kept>();
  let bytes = 0;

  const remove = (name: string): boolean => {
    const old = kept.get(name);
    if (old === undefined) return false;
    bytes -= bytesOf(name, old.text);
    return kept.delete(name);
  };
  const makeRoom = (): void => {
    const { maxBytes, ttlMs } = settings();
    const oldestMs = now() - ttlMs;
    for (const [name, { usedAtMs }] of kept) {
      if (bytes <= maxBytes && usedAtMs >= oldestMs) return;
      remove(name);
    }
  };

  return {
    put(name, text) {
      remove(name);
      if (bytesOf(name, text) <= settings().maxBytes) {
        kept.set(name, { text, usedAtMs: now() });
        bytes += bytesOf(name, text);
      }
      makeRoom();
    },
    get(name) {
      const found = kept.get(name);
      if (found === undefined) return undefined;
      if (now() - found.usedAtMs > settings().ttlMs) {
        remove(name);
        return undefined;
      }
      found.usedAtMs = now();
      kept.delete(name);
      kept.set(name, found);
      return found.text;
    },
    remove,
    get bytes() {
      return bytes;
    },
  };
}
