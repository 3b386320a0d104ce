/** Who may use a connection: one at a time, in the order of asking, and nobody waits for ever. */

import type { Clock } from '../../base/clock.ts';
import { DatabaseError } from '../database-error.ts';

/** Once: a second time does nothing. */
export type Leave = () => void;

export type Turns = {
  /** Who has it and who waits for it. */
  readonly load: number;
  take(): Promise<Leave>;
};

export function turns({ timeoutMs, clock }: { readonly timeoutMs: number; readonly clock: Clock }): Turns {
  const line: (() => void)[] = [];
  let taken = false;
  const leaveOnce = (): Leave => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const next = line.shift();
      if (next === undefined) taken = false;
      else next();
    };
  };
  return {
    get load() {
      return line.length + (taken ? 1 : 0);
    },
    take() {
      if (!taken) {
        taken = true;
        return Promise.resolve(leaveOnce());
      }
      return new Promise((resolve, reject) => {
        const cancel = clock.after(timeoutMs, () => {
          line.splice(line.indexOf(go), 1);
          reject(new DatabaseError('away', `the database was not free within ${timeoutMs} ms`));
        });
        const go = (): void => {
          cancel();
          resolve(leaveOnce());
        };
        line.push(go);
      });
    },
  };
}
