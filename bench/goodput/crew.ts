/** Threads that take jobs from one list until it is empty. */

import { Worker } from 'node:worker_threads';
import type { Job, Outcome } from './worker.ts';

export type CrewOptions = {
  readonly threads: number;
  readonly onOutcome: (done: number, outcome: Outcome) => void;
};

/** All outcomes, in the order of the jobs. */
export async function runAll(jobs: readonly Job[], { threads, onOutcome }: CrewOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  let done = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('worker.ts', import.meta.url));
      let current = -1;
      const give = (): void => {
        current = next;
        next += 1;
        const job = jobs[current];
        if (job !== undefined) worker.postMessage(job);
        else void worker.terminate().then(() => resolve());
      };
      worker.on('error', reject);
      worker.on('message', (outcome: Outcome) => {
        outcomes[current] = outcome;
        done += 1;
        onOutcome(done, outcome);
        give();
      });
      give();
    });
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, work));
  return outcomes;
}
