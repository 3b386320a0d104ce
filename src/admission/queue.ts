/**
 * One line per model, first come first served: whoever cannot start now waits, and sleeps to the exact moment at
 * which the first in line can. No polling. Whoever leaves, by abort or by deadline, is out at once. Which channel a
 * call starts on, and whether it can, is the asker's knowledge, not the queue's.
 */

import type { Cancel, Clock } from '../base/clock.ts';
import { Failure } from '../domain/failure.ts';

/** The answer to "can you start now?": a grant, or the moment to ask again (Infinity: when a permit ends). */
export type Turn<T> = { readonly granted: T } | { readonly atMs: number };

export type Ask<T> = {
  /** Whoever asks for the same line waits behind one another. */
  readonly line: string;
  /** Orders the line: a call that comes back after a refusal keeps its place. */
  readonly arrivedAtMs: number;
  /** Out of the line at this moment. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  /** False: the call does not hold up those behind it (it can only use some of the line's channels). */
  readonly holdsLine: boolean;
  /** False: refuse instead of waiting. */
  readonly mayWait: boolean;
  /** The call can be served elsewhere: it does not join a line whose pace says that its deadline would pass. */
  readonly hasAlternative: boolean;
  /** Starts if possible; must leave nothing reserved when it returns a moment. */
  tryStart(nowMs: number): Turn<T>;
  /** Told once when the call has to wait. */
  onWait?(place: Place): void;
};

/** Where a waiting call stands, live. */
export type Place = {
  /** 1 is the head of the line. */
  position(): number;
  /** When this call can start, as far as known: the head's moment, and the line's recent pace from there. */
  startsAtMs(): number | undefined;
};

export type LineState = { readonly line: string; readonly length: number };

export type Queue = {
  /**
   * Resolves with the grant. A call that comes back is let in though the line is full. Rejects with `Failure`: `queue_full`, `wait_over` at the deadline, `pool_exhausted`
   * at once when the start lies beyond it, `pool_limit` when it may not wait, `client_gone` on abort.
   */
  enter<T>(ask: Ask<T>): Promise<T>;
  /**
   * The grant, if nobody stands before the call and it can start at this moment: the usual case, without a promise or
   * a look at its signal.
   */
  startNow<T>(ask: Ask<T>): T | undefined;
  /** Asks the heads of all lines again; for changes that free something early. */
  wake(): void;
  lines(): readonly LineState[];
};

type Entry = {
  readonly ask: Ask<unknown>;
  readonly resolve: (grant: unknown) => void;
  readonly reject: (failure: Failure) => void;
  readonly leave: Cancel;
  gone: boolean;
};

class Line {
  entries: Entry[] = [];
  waiting = 0;
  timer: Cancel | undefined;
  timerAtMs = Infinity;
  headStartsAtMs: number | undefined;
  /** Mean time between starts while somebody waited, ms. */
  #gapMs: number | undefined;
  #lastStartMs: number | undefined;

  /** Somebody who waited has started. */
  started(nowMs: number): void {
    if (this.#lastStartMs !== undefined) {
      const gapMs = nowMs - this.#lastStartMs;
      this.#gapMs = this.#gapMs === undefined ? gapMs : this.#gapMs + 0.1 * (gapMs - this.#gapMs);
    }
    this.#lastStartMs = nowMs;
  }

  startsAtMs(position: number): number | undefined {
    if (this.headStartsAtMs === undefined) return undefined;
    return this.headStartsAtMs + (position - 1) * (this.#gapMs ?? 0);
  }

  /** Would the call stand before somebody who waits already? Then it has been in line before. */
  standsBefore(arrivedAtMs: number): boolean {
    const last = this.entries.findLast((entry) => !entry.gone);
    return last !== undefined && arrivedAtMs < last.ask.arrivedAtMs;
  }

  /** Does somebody hold up whoever comes now? */
  isHeld(): boolean {
    return this.entries.some((entry) => !entry.gone && entry.ask.holdsLine);
  }

  /** Is nobody holding up this entry? */
  isNext(entry: Entry): boolean {
    for (const other of this.entries) {
      if (other === entry) return true;
      if (!other.gone && other.ask.holdsLine) return false;
    }
    return false;
  }

  insert(entry: Entry): void {
    let i = this.entries.length;
    while (i > 0 && (this.entries[i - 1]?.ask.arrivedAtMs ?? 0) > entry.ask.arrivedAtMs) i--;
    if (i === this.entries.length) this.entries.push(entry);
    else this.entries.splice(i, 0, entry);
    this.waiting++;
  }

  /** Takes the entry out of the count; its place in the list is swept later. */
  drop(entry: Entry): void {
    if (entry.gone) return;
    entry.gone = true;
    entry.leave();
    this.waiting--;
    if (this.entries.length > 32 && this.waiting * 2 < this.entries.length) this.sweep();
  }

  sweep(): void {
    this.entries = this.entries.filter((entry) => !entry.gone);
  }

  /** Those in front who are gone: cheap, and nobody has to step over them again. */
  sweepFront(): void {
    const front = this.entries.findIndex((entry) => !entry.gone);
    if (front !== 0) this.entries.splice(0, front < 0 ? this.entries.length : front);
  }

  positionOf(entry: Entry): number {
    let position = 1;
    for (const other of this.entries) {
      if (other === entry) break;
      if (!other.gone) position++;
    }
    return position;
  }
}

export function createQueue(options: { readonly clock: Clock; readonly maxLength: () => number }): Queue {
  const { clock } = options;
  const lines = new Map<string, Line>();

  const lineOf = (name: string): Line => {
    let line = lines.get(name);
    if (line === undefined) {
      line = new Line();
      lines.set(name, line);
    }
    return line;
  };

  const disarm = (line: Line): void => {
    line.timer?.();
    line.timer = undefined;
    line.timerAtMs = Infinity;
  };

  const arm = (name: string, line: Line, atMs: number): void => {
    if (atMs === line.timerAtMs) return;
    disarm(line);
    if (atMs === Infinity) return;
    line.timerAtMs = atMs;
    line.timer = clock.after(atMs - clock.now(), () => {
      disarm(line);
      pump(name, line);
    });
  };

  /** Asks one entry. Undefined: it has started, or an asker's fault has ended it, which must not stop the others. */
  const tryEntry = (line: Line, entry: Entry, nowMs: number): number | undefined => {
    let turn: Turn<unknown>;
    try {
      turn = entry.ask.tryStart(nowMs);
    } catch (error) {
      line.drop(entry);
      entry.reject(Failure.from(error));
      return undefined;
    }
    if (!('granted' in turn)) return turn.atMs;
    line.drop(entry);
    line.started(nowMs);
    entry.resolve(turn.granted);
    return undefined;
  };

  /** Starts whoever can start, in order, and sets the timer for the first who cannot. */
  const pump = (name: string, line: Line): void => {
    let wakeAtMs = Infinity;
    for (const entry of line.entries) {
      if (entry.gone) continue;
      const nowMs = clock.now();
      const atMs = tryEntry(line, entry, nowMs);
      if (atMs === undefined) continue;
      if (atMs !== Infinity && atMs > entry.ask.deadlineMs) {
        line.drop(entry);
        entry.reject(hopeless(atMs, nowMs));
        continue;
      }
      wakeAtMs = Math.min(wakeAtMs, atMs);
      if (entry.ask.holdsLine) break;
    }
    line.sweepFront();
    line.headStartsAtMs = line.waiting === 0 || wakeAtMs === Infinity ? undefined : wakeAtMs;
    if (line.waiting === 0) {
      disarm(line);
      lines.delete(name);
    } else arm(name, line, wakeAtMs);
  };

  const wake = (): void => {
    for (const [name, line] of lines) if (line.waiting > 0) pump(name, line);
  };

  const enterLine = (ask: Ask<unknown>, resolve: Entry['resolve'], reject: Entry['reject']): void => {
    const line = lineOf(ask.line);
    const quit = (failure: Failure): void => {
      const wasNext = line.isNext(entry);
      line.drop(entry);
      reject(failure);
      if (wasNext) pump(ask.line, line);
    };
    const onAbort = (): void => quit(gone());
    // Who can start at the very moment of the deadline shall: the line's timer may come after this one.
    const onDeadline = (): void => {
      const nowMs = clock.now();
      if (line.isNext(entry) && tryEntry(line, entry, nowMs) === undefined) pump(ask.line, line);
      else quit(waitOver(line, nowMs));
    };
    const cancelDeadline = clock.after(ask.deadlineMs - clock.now(), onDeadline);
    const entry: Entry = {
      ask,
      resolve,
      reject,
      gone: false,
      leave: () => {
        cancelDeadline();
        ask.signal.removeEventListener('abort', onAbort);
      },
    };
    ask.signal.addEventListener('abort', onAbort, { once: true });
    line.insert(entry);
    ask.onWait?.({
      position: () => line.positionOf(entry),
      startsAtMs: () => line.startsAtMs(line.positionOf(entry)),
    });
    // Whoever stands behind others changes nothing for them.
    if (line.isNext(entry)) pump(ask.line, line);
  };

  return {
    startNow(ask) {
      if (ask.holdsLine && lines.get(ask.line)?.isHeld() === true) return undefined;
      const turn = ask.tryStart(clock.now());
      return 'granted' in turn ? turn.granted : undefined;
    },
    async enter<T>(ask: Ask<T>): Promise<T> {
      if (ask.signal.aborted) throw gone();
      const line = lines.get(ask.line);
      const waiting = line?.waiting ?? 0;
      if (line === undefined || !line.isHeld() || !ask.holdsLine) {
        const nowMs = clock.now();
        const turn = ask.tryStart(nowMs);
        if ('granted' in turn) return turn.granted;
        if (!ask.mayWait) throw notWaiting(turn.atMs, nowMs);
        if (turn.atMs !== Infinity && turn.atMs > ask.deadlineMs) throw hopeless(turn.atMs, nowMs);
      } else if (!ask.mayWait) throw notWaiting(line?.headStartsAtMs ?? Infinity, clock.now());
      const expectedMs = line?.isHeld() ? line.startsAtMs(waiting + 1) : undefined;
      const comesBack = line?.standsBefore(ask.arrivedAtMs) === true;
      if (ask.hasAlternative && !comesBack && expectedMs !== undefined && expectedMs > ask.deadlineMs)
        throw hopeless(expectedMs, clock.now());
      if (waiting >= options.maxLength() && !comesBack)
        throw new Failure('queue_full', {
          message: `${waiting} calls already wait for ${ask.line}: try again later.`,
          limitOwner: 'pool',
          retryAfterMs: retryAfter(line?.headStartsAtMs, clock.now()),
        });
      return new Promise<T>((resolve, reject) => {
        enterLine(ask as Ask<unknown>, resolve as Entry['resolve'], reject);
      });
    },
    wake,
    lines: () => [...lines].map(([line, { waiting }]) => ({ line, length: waiting })),
  };
}

const gone = (): Failure => new Failure('client_gone', { message: 'The client left while it waited.' });

const retryAfter = (atMs: number | undefined, nowMs: number): number =>
  Math.max(1_000, Math.min(60_000, atMs === undefined || atMs === Infinity ? 1_000 : atMs - nowMs));

const hopeless = (atMs: number, nowMs: number): Failure =>
  new Failure('pool_exhausted', {
    message: `No channel can take this call before its deadline; the first is free again in ${seconds(atMs - nowMs)}.`,
    limitOwner: 'pool',
    resetAtMs: atMs,
    retryAfterMs: atMs - nowMs,
    // Out for the day is hopeless for an SDK; out for seconds is worth another try.
    retry: atMs - nowMs <= 60_000,
  });

const waitOver = (line: Line, nowMs: number): Failure =>
  new Failure('wait_over', {
    message: 'The longest wait for this call is over and no channel became free.',
    limitOwner: 'pool',
    retryAfterMs: retryAfter(line.headStartsAtMs, nowMs),
  });

const notWaiting = (atMs: number, nowMs: number): Failure =>
  new Failure('pool_limit', {
    message: 'Every channel is at its limit, and the call asked not to wait (x-sluice-on-limit: reject).',
    limitOwner: 'pool',
    retryAfterMs: retryAfter(atMs, nowMs),
  });

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
