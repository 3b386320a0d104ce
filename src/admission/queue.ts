/**
 * The lines of all models, and the door to them: who may come in (bounds of calls and bytes, in all and per tenant,
 * and whether the wait foreseen fits the call's own limit), and how the wait is told. Which channel a call starts on,
 * and whether it can, is the asker's knowledge, not the queue's.
 */

import type { Clock } from '../base/clock.ts';
import type { Priority } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { Ask, Place } from './ask.ts';
import type { Entry } from './entry.ts';
import type { Coming } from './flows.ts';
import { Line } from './line.ts';
import { full, gone, hopeless, notWaiting, tooLong } from './waiting-failures.ts';

export type { Ask, Place, Turn } from './ask.ts';

export type QueueSettings = {
  readonly maxLength: number;
  readonly maxBytes: number;
  readonly maxLengthPerTenant: number;
  readonly maxBytesPerTenant: number;
  /** Longest wait of a call while overload stands. */
  readonly overloadWaitMs: number;
};

export const UNBOUNDED: QueueSettings = {
  maxLength: Infinity,
  maxBytes: Infinity,
  maxLengthPerTenant: Infinity,
  maxBytesPerTenant: Infinity,
  overloadWaitMs: Infinity,
};

export type LineState = {
  readonly line: string;
  readonly length: number;
  readonly bytes: number;
  readonly nextStartMs?: number;
};

/** One who waits, as others may see it. */
export type LiveCall = {
  readonly tenant: string;
  readonly priority: Priority;
  readonly position: number;
  readonly waitedMs: number;
  readonly startsInMs?: number;
  readonly deadlineInMs: number;
};

export type LiveLine = LineState & { readonly calls: readonly LiveCall[] };

export type Told<T> = {
  readonly resolve: (grant: T) => void;
  readonly reject: (failure: Failure) => void;
};

export type Queue = {
  /**
   * Resolves with the grant. Rejects with `Failure`: `queue_full`, `wait_over` at the deadline or at once when the
   * wait foreseen is longer, `pool_exhausted` at once when no start lies before the deadline, `pool_limit` when it may
   * not wait, `client_gone` when the client leaves.
   */
  enter<T>(ask: Ask<T>): Promise<T>;
  /** The same, told by callbacks, perhaps before it returns. */
  join<T>(ask: Ask<T>, told: Told<T>): void;
  /** Nobody waits in it: whoever comes may start without standing in line, and pays nothing. */
  isEmpty(line: string): boolean;
  /** The wait that a call of this tenant would have, ms; undefined: not known. 0 where nobody waits. */
  expectedWaitMs(line: string, of: Coming): number | undefined;
  /** A call cost this much more (or less) than it paid for when it started. */
  correct(
    line: string,
    of: { readonly priority: Priority; readonly tenant: string; readonly difference: number },
  ): void;
  /** Asks the heads of all lines again; for changes that free something early. */
  wake(): void;
  lines(): readonly LineState[];
  /** The lines with the first of those who wait in them. */
  live(): readonly LiveLine[];
};

/** Tenants whose first calls are shown. */
const SHOWN = 100;

/** After so many of a call's longest waits without an empty line, with calls turned away, overload stands. */
const STANDING = 1.5;

export function createQueue(options: {
  readonly clock: Clock;
  readonly random: () => number;
  readonly settings: () => QueueSettings;
}): Queue {
  const { clock } = options;
  const lines = new Map<string, Line>();
  let order = 0;

  const lineOf = (name: string): Line => {
    let line = lines.get(name);
    if (line === undefined) {
      line = new Line(clock);
      lines.set(name, line);
    }
    return line;
  };

  const expectedIn = (line: Line, of: Coming, nowMs: number): number | undefined => {
    const cost = line.flows.costBefore(of);
    if (cost <= 0) return 0;
    const speed = line.speed(nowMs);
    return speed === undefined ? undefined : cost / speed;
  };

  /** The longest wait of this call, shorter while overload stands. */
  const budgetOf = (line: Line, ask: Ask<unknown>, nowMs: number): number => {
    const budgetMs = ask.deadlineMs - nowMs;
    const { overloadWaitMs } = options.settings();
    const standing =
      nowMs - line.busySinceMs > STANDING * budgetMs && nowMs - line.turnedAwayAtMs < STANDING * budgetMs;
    return standing && !ask.ownWait ? Math.min(budgetMs, overloadWaitMs) : budgetMs;
  };

  const refuseForBounds = (line: Line, ask: Ask<unknown>, nowMs: number): void => {
    const { maxLength, maxBytes, maxLengthPerTenant, maxBytesPerTenant } = options.settings();
    const refuse = (what: string): Failure => full(what, line.headStartsAtMs, nowMs);
    const held = line.flows.heldBy(ask.tenant);
    if (held.length >= maxLengthPerTenant)
      throw refuse(`${held.length} calls of this key already wait for ${ask.line}`);
    if (held.bytes > 0 && held.bytes + ask.bytes > maxBytesPerTenant)
      throw refuse(`The calls of this key that wait for ${ask.line} hold ${held.bytes} bytes`);
    const isFull = (length: number, bytes: number): boolean =>
      length >= maxLength || (length > 0 && bytes + ask.bytes > maxBytes);
    const { waiting, bytes } = line.flows;
    if (!isFull(waiting, bytes)) return;
    const refusal = refuse(
      waiting >= maxLength
        ? `${waiting} calls already wait for ${ask.line}, which is all that may (queue.max_length)`
        : `The calls that already wait for ${ask.line} hold ${bytes} bytes, and this one is too much (queue.max_bytes)`,
    );
    const batch = line.flows.batch();
    // Nobody gives way in vain.
    if (ask.priority === 'batch' || isFull(waiting - batch.length, bytes - batch.bytes)) throw refusal;
    while (isFull(line.waiting, line.flows.bytes)) {
      const oldest = line.flows.oldestBatch();
      if (oldest === undefined) throw refusal;
      line.quit(oldest, refusal);
    }
  };

  const refuseForTime = (line: Line, ask: Ask<unknown>, nowMs: number): void => {
    const waitMs = expectedIn(line, ask, nowMs);
    const budgetMs = budgetOf(line, ask, nowMs);
    if (waitMs === undefined || waitMs <= budgetMs) return;
    line.turnedAwayAtMs = nowMs;
    throw tooLong(waitMs, budgetMs, options.random());
  };

  const placeOf = (line: Line, entry: Entry): Place => ({
    deadlineMs: entry.ask.deadlineMs,
    position: () => 1 + line.flows.placeOf(entry).before,
    startsAtMs() {
      const { headStartsAtMs } = line;
      const speed = line.speed(clock.now());
      if (headStartsAtMs === undefined) return undefined;
      const { before, costBefore } = line.flows.placeOf(entry);
      if (before === 0) return Math.max(headStartsAtMs, clock.now());
      return speed === undefined ? undefined : Math.max(headStartsAtMs, clock.now()) + costBefore / speed;
    },
  });

  /** A line stays when it is empty: what its tenants were charged is theirs until it is paid back. */
  const crowded = (): [string, Line][] => [...lines].filter(([, { waiting }]) => waiting > 0);

  const stateOf = (name: string, { waiting, flows, headStartsAtMs }: Line): LineState => ({
    line: name,
    length: waiting,
    bytes: flows.bytes,
    ...(headStartsAtMs === undefined ? {} : { nextStartMs: headStartsAtMs }),
  });

  const liveCall = (line: Line, entry: Entry): LiveCall => {
    const nowMs = clock.now();
    const place = placeOf(line, entry);
    const startsAtMs = place.startsAtMs();
    return {
      tenant: entry.ask.tenant,
      priority: entry.ask.priority,
      position: place.position(),
      waitedMs: Math.round(nowMs - entry.enteredAtMs),
      ...(startsAtMs === undefined ? {} : { startsInMs: Math.max(0, Math.round(startsAtMs - nowMs)) }),
      deadlineInMs: Math.round(place.deadlineMs - nowMs),
    };
  };

  const stand = (line: Line, ask: Ask<unknown>, told: Told<unknown>): void => {
    const entry: Entry = {
      ask,
      enteredAtMs: clock.now(),
      // Among calls that came at the same moment, who returns keeps its place before those that were behind it.
      order: ask.returns ? order++ - Number.MAX_SAFE_INTEGER : order++,
      flowIndex: -1,
      deadlineIndex: -1,
      ...told,
    };
    line.insert(entry);
    ask.onWait?.(placeOf(line, entry));
    line.pump();
    if (entry.flowIndex >= 0) ask.departure.listen(() => line.quit(entry, gone(ask.departure.reason)));
  };

  /** At the door: started at once, let in (undefined), or refused by throwing. */
  const come = <T>(ask: Ask<T>): { readonly granted: T } | undefined => {
    if (ask.departure.gone) throw gone(ask.departure.reason);
    const nowMs = clock.now();
    const line = lines.get(ask.line);
    if (line === undefined || line.waiting === 0) {
      const turn = ask.tryStart(nowMs);
      if ('granted' in turn) return turn;
      if (!ask.mayWait) throw notWaiting(turn.atMs, nowMs);
      if (turn.atMs !== Infinity && turn.atMs > ask.deadlineMs) throw hopeless(turn.atMs, nowMs);
      return undefined;
    }
    if (!ask.mayWait) {
      const inLineMs = expectedIn(line, ask, nowMs) ?? 0;
      throw notWaiting(Math.max(line.headStartsAtMs ?? nowMs, nowMs + inLineMs), nowMs);
    }
    if (ask.returns) return undefined;
    // Nobody gives way to a call that would not be let in anyway.
    refuseForTime(line, ask, nowMs);
    refuseForBounds(line, ask, nowMs);
    return undefined;
  };

  const queue: Queue = {
    isEmpty: (name) => (lines.get(name)?.waiting ?? 0) === 0,
    join<T>(ask: Ask<T>, told: Told<T>): void {
      try {
        const granted = come(ask);
        if (granted !== undefined) told.resolve(granted.granted);
        else stand(lineOf(ask.line), ask as Ask<unknown>, told as Told<unknown>);
      } catch (error) {
        told.reject(Failure.from(error));
      }
    },
    enter: <T>(ask: Ask<T>) =>
      new Promise<T>((resolve, reject) => {
        queue.join(ask, { resolve, reject });
      }),
    expectedWaitMs(name, of) {
      const line = lines.get(name);
      return line === undefined ? 0 : expectedIn(line, of, clock.now());
    },
    correct: (name, { priority, tenant, difference }) =>
      lines.get(name)?.flows.correct(priority, tenant, difference),
    wake() {
      for (const line of lines.values()) if (line.waiting > 0) line.pump();
    },
    lines: () => crowded().map(([name, line]) => stateOf(name, line)),
    live: () =>
      crowded().map(([name, line]) => ({
        ...stateOf(name, line),
        calls: line.flows.heads(SHOWN).map((entry) => liveCall(line, entry)),
      })),
  };
  return queue;
}
