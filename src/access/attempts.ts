/**
 * Guesses at a key are counted by where they come from, and together: whoever has guessed wrong too often waits, whatever
 * is said next, so that guessing is hopeless even where somebody chose the key.
 */

const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;

export type AttemptLimits = {
  /** Wrong ones a minute, of one address and of all together. */
  readonly each: number;
  readonly all: number;
};

export type Attempts = {
  /** How long this address has to wait in ms; 0: not at all. */
  waitMs(address: string): number;
  failed(address: string): void;
};

export function createAttempts(now: () => number, { each, all }: AttemptLimits): Attempts {
  const failures = new Map<string, number[]>();
  const everybody: number[] = [];
  const waitFor = (times: readonly number[], most: number, nowMs: number): number => {
    const oldest = times[times.length - most];
    return oldest === undefined ? 0 : Math.max(0, oldest + WINDOW_MS - nowMs);
  };
  const add = (times: number[], nowMs: number, most: number): void => {
    times.push(nowMs);
    if (times.length > most) times.shift();
  };
  return {
    waitMs(address) {
      const nowMs = now();
      return Math.max(
        waitFor(failures.get(networkOf(address)) ?? [], each, nowMs),
        waitFor(everybody, all, nowMs),
      );
    },
    failed(address) {
      const nowMs = now();
      const network = networkOf(address);
      const times = failures.get(network) ?? [];
      add(times, nowMs, each);
      // The one that failed last stands at the end; the first ones are forgotten.
      failures.delete(network);
      failures.set(network, times);
      if (failures.size > MOST_ADDRESSES) {
        const [first] = failures.keys();
        if (first !== undefined) failures.delete(first);
      }
      add(everybody, nowMs, all);
    },
  };
}

/** Who has an IPv6 address has a whole network of them: all of it is one. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const first = head.split(':').filter((part) => part !== '');
  const last = (tail ?? '').split(':').filter((part) => part !== '');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  return [...first, ...Array.from({ length: zeros }, () => '0'), ...last].slice(0, 4).join(':');
}
