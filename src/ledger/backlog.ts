/**
 * What waits to be written into the database: in memory as long as there is room, and beyond that in the journal alone,
 * from where it is read back when its turn has come. Files that dead processes left wait here too.
 */

import type { CallEntry } from '../domain/entry.ts';
import { entryOfLine, lineOf } from './entry-line.ts';
import type { Journal, Lines, Segment } from './journal.ts';

export type Pending = {
  readonly entry: CallEntry;
  readonly line: string;
  /** Undefined before it is in the journal, and where that could not be written: it is in memory alone. */
  segment: Segment | undefined;
  /** Somebody waits for it. */
  committed?: () => void;
};

type Unread = {
  readonly segment: Segment;
  from: number;
  /** Its lines are among the segment's open ones. */
  readonly counted: boolean;
};

export type BacklogOptions = {
  readonly journal: Journal;
  /** Entries in memory at most. */
  readonly mostInMemory: number;
  /** Lines that could not be understood, or a file that could not be read, and why. */
  readonly onLost: (lines: readonly string[], reason: string) => void;
  /** The journal could not be written. */
  readonly onUnwritable: (error: unknown) => void;
};

export class Backlog {
  readonly #options: BacklogOptions;
  /** Not in the journal yet. */
  #fresh: Pending[] = [];
  #ready: Pending[] = [];
  readonly #unread: Unread[] = [];
  /** Entries that only the journal has. */
  #away = 0;

  constructor(options: BacklogOptions) {
    this.#options = options;
  }

  /** Entries that are known of: those in files that were taken over are counted once they are read. */
  get length(): number {
    return this.#fresh.length + this.#ready.length + this.#away;
  }

  get isEmpty(): boolean {
    return this.#fresh.length === 0 && this.#ready.length === 0 && this.#unread.length === 0;
  }

  /** Some of it is to be read first. */
  get hasUnread(): boolean {
    return this.#unread.length > 0;
  }

  /** It is in the journal after the next `flush`. */
  add(entry: CallEntry): Pending {
    const pending: Pending = { entry, line: lineOf(entry), segment: undefined };
    this.#fresh.push(pending);
    return pending;
  }

  /** Puts what was added into the journal, all of it by one write. */
  flush(): void {
    const fresh = this.#fresh;
    if (fresh.length === 0) return;
    this.#fresh = [];
    const { journal, mostInMemory, onUnwritable } = this.#options;
    let segment: Segment | undefined;
    try {
      segment = journal.append(fresh.map(({ line }) => line));
    } catch (error) {
      onUnwritable(error);
    }
    if (segment !== undefined && (this.#away > 0 || this.#ready.length + fresh.length > mostInMemory)) {
      const bytes = fresh.reduce((sum, { line }) => sum + Buffer.byteLength(line) + 1, 0);
      this.#leave(segment, segment.size - bytes, fresh);
      return;
    }
    for (const pending of fresh) {
      pending.segment = segment;
      this.#ready.push(pending);
    }
  }

  /** Only the journal has them from now on. */
  #leave(segment: Segment, from: number, left: readonly Pending[]): void {
    this.#away += left.length;
    for (const { committed } of left) committed?.();
    const last = this.#unread.at(-1);
    if (last?.counted !== true || last.segment !== segment)
      this.#unread.push({ segment, from, counted: true });
  }

  /** Files of the journal that nobody has read. */
  adopt(segments: readonly Segment[]): void {
    for (const segment of segments) this.#unread.push({ segment, from: 0, counted: false });
  }

  /** The oldest, and nobody else's any more. */
  take(most: number): readonly Pending[] {
    this.flush();
    while (this.#ready.length === 0 && this.#unread.length > 0) this.#readBack();
    return this.#ready.splice(0, most);
  }

  /** They come first again. */
  putBack(batch: readonly Pending[]): void {
    this.#ready = [...batch, ...this.#ready];
  }

  #readBack(): void {
    const { journal, onLost } = this.#options;
    const unread = this.#unread[0] as Unread;
    const { segment, counted } = unread;
    let read: Lines;
    try {
      read = journal.read(segment, unread.from);
    } catch (error) {
      this.#unread.shift();
      onLost([], `${segment.path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    const { lines, next, rest } = read;
    const whole = rest === undefined || rest === '' ? lines : [...lines, rest];
    unread.from = next;
    if (!counted) segment.open += whole.length;
    else this.#away -= whole.length;
    for (const line of whole) this.#understand(line, segment);
    if (rest === undefined) return;
    this.#unread.shift();
    if (!counted) journal.done(segment, 1);
  }

  #understand(line: string, segment: Segment): void {
    try {
      this.#ready.push({ entry: entryOfLine(line), line, segment });
    } catch {
      this.#options.onLost([line], 'not the line of an entry: perhaps its process died while it wrote it');
      this.#options.journal.done(segment, 1);
    }
  }
}
