/** A thread that makes runs: one job in, its figures out. */

import { parentPort } from 'node:worker_threads';
import type { Figures } from './figures.ts';
import { POLICIES } from './policies/index.ts';
import { measure } from './run.ts';
import { SCENARIOS } from './scenarios.ts';

export type Job = {
  readonly scenario: string;
  readonly policy: string;
  readonly seed: number;
  /** Measured minutes, where they are not the scenario's own. */
  readonly minutes?: number;
};

export type Outcome =
  | { readonly job: Job; readonly figures: Figures; readonly tookMs: number }
  | { readonly job: Job; readonly error: string };

export async function outcomeOf(job: Job): Promise<Outcome> {
  const scenario = SCENARIOS.find(({ id }) => id === job.scenario);
  const policy = POLICIES.find(({ id }) => id === job.policy);
  if (scenario === undefined || policy === undefined) throw new RangeError('no such scenario or policy');
  const measuredMs = job.minutes === undefined ? scenario.measuredMs : job.minutes * 60_000;
  const startedMs = performance.now();
  try {
    const figures = await measure({ scenario: { ...scenario, measuredMs }, policy, seed: job.seed });
    return { job, figures, tookMs: performance.now() - startedMs };
  } catch (error) {
    return { job, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on('message', async (job: Job) => parentPort?.postMessage(await outcomeOf(job)));
