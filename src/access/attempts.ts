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
  /**
   * Looks for whoever has the key. Undefined: nobody, which is counted. Throws `TooManyAttempts`, without looking, where
   * too many were wrong, or are looked at just now.
   */
  try<T>(address: string, look: () => Promise<T | undefined>): Promise<T | undefined>;
};

export class TooManyAttempts extends Error {
  override readonly name = 'TooManyAttempts';
  readonly waitMs: number;

  constructor(waitMs: number) {
    super(`Too many wrong keys: wait ${Math.ceil(waitMs / 1_000)} s.`);
    this.waitMs = waitMs;
  }
}

/** At once, of one address: a page of a dashboard asks for many things, a guesser for all of them. */
const MOST_AT_ONCE = 30;

type Guesser = { readonly wrong: number[]; looking: number };

export function createAttempts(now: () => number, { each, all }: AttemptLimits): Attempts {
  const guessers = new Map<string, Guesser>();
  const everybody: number[] = [];
  const waitFor = (times: readonly number[], most: number): number => {
    const oldest = times[times.length - most];
    return oldest === undefined ? 0 : Math.max(0, oldest + WINDOW_MS - now());
  };
  const add = (times: number[], most: number): void => {
    times.push(now());
    if (times.length > most) times.shift();
  };
  const guesserAt = (address: string): Guesser => {
    const network = networkOf(address);
    const guesser = guessers.get(network) ?? { wrong: [], looking: 0 };
    // The one that came last stands at the end; the first ones are forgotten.
    guessers.delete(network);
    guessers.set(network, guesser);
    if (guessers.size > MOST_ADDRESSES) {
      const [first] = guessers.keys();
      if (first !== undefined) guessers.delete(first);
    }
    return guesser;
  };
  return {
    async try(address, look) {
      const guesser = guesserAt(address);
      const waitMs = Math.max(waitFor(guesser.wrong, each), waitFor(everybody, all));
      if (waitMs > 0) throw new TooManyAttempts(waitMs);
      if (guesser.looking >= MOST_AT_ONCE) throw new TooManyAttempts(1_000);
      guesser.looking += 1;
      try {
        const found = await look();
        if (found === undefined) {
          add(guesser.wrong, each);
          add(everybody, all);
        }
        return found;
      } finally {
        guesser.looking -= 1;
      }
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
