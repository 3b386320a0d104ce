/**
 * A queue before one door that lets somebody through at the moments given, and a diary of who went when: what the
 * tests of lines and of their doors begin with.
 */

import assert from 'node:assert/strict';
import {
  type Ask,
  createQueue,
  type Queue,
  type QueueSettings,
  type Turn,
  UNBOUNDED,
} from '../admission/queue.ts';
import { Departure } from '../base/departure.ts';
import { createSeededRandom } from '../base/seeded-random.ts';
import { Failure } from '../domain/failure.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export type Waiting = {
  readonly departure: Departure;
  /** The grant or the failure, once told. */
  outcome: string | Failure | undefined;
};

export type WaitingRoom = {
  readonly clock: VirtualClock;
  readonly queue: Queue;
  /** The moments at which the door opens for one: may be changed, then `queue.wake()`. */
  readonly opens: number[];
  /** `a@100` started, `b wait_over@300` was turned away. */
  readonly diary: string[];
  /** What a call asks before this door, unless told otherwise. */
  askOf(name: string, ask?: Partial<Ask<string>>): Ask<string>;
  enter(name: string, ask?: Partial<Ask<string>>): Waiting;
  /** Questions that the door was asked. */
  asked(): number;
  /** No timer, no line and nobody who listens for a departure is left. */
  isClean(): void;
};

export type RoomOptions = {
  readonly openAtMs?: readonly number[];
  readonly settings?: Partial<QueueSettings>;
};

export function createWaitingRoom(options: RoomOptions = {}): WaitingRoom {
  const clock = createVirtualClock({ startMs: 0 });
  const settings = { ...UNBOUNDED, ...options.settings };
  const queue = createQueue({ clock, random: createSeededRandom(1), settings: () => settings });
  const opens = [...(options.openAtMs ?? [])];
  const diary: string[] = [];
  const departures: Departure[] = [];
  let asked = 0;

  const door =
    (name: string) =>
    (nowMs: number): Turn<string> => {
      asked++;
      const [atMs = Infinity] = opens;
      if (atMs > nowMs) return { atMs };
      opens.shift();
      return { granted: name };
    };

  const askOf: WaitingRoom['askOf'] = (name, ask = {}) => ({
    ...{ line: 'm', tenant: 't', weight: 1, priority: 'normal', cost: 1, bytes: 0, orderMs: 0 },
    ...{ deadlineMs: 1_000_000, departure: new Departure(), mayWait: true, returns: false, ownWait: false },
    tryStart: door(name),
    ...ask,
  });

  return {
    clock,
    queue,
    opens,
    diary,
    asked: () => asked,
    askOf,
    enter(name, more) {
      const ask = askOf(name, more);
      const waiting: Waiting = { departure: ask.departure, outcome: undefined };
      departures.push(ask.departure);
      queue.join(ask, {
        resolve: (granted) => {
          waiting.outcome = granted;
          diary.push(`${granted}@${clock.now()}`);
        },
        reject: (failure) => {
          waiting.outcome = failure;
          diary.push(`${name} ${failure.kind}@${clock.now()}`);
        },
      });
      return waiting;
    },
    isClean() {
      assert.equal(clock.pending(), 0, 'timers are left');
      assert.deepEqual(queue.lines(), []);
      const before = diary.length;
      for (const departure of departures) departure.leave();
      assert.equal(diary.length, before, 'somebody who was told already is told again');
    },
  };
}

/** What was answered, which must be a failure. */
export function failureOf({ outcome }: Waiting): Failure {
  assert.ok(outcome instanceof Failure, `no failure but ${outcome}`);
  return outcome;
}
