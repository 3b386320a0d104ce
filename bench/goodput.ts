/**
 * How much of its quota a pool gives, and what it costs in refusals: Sluice beside the usual ways, in simulated time
 * against the simulator's own quotas. `npm run bench:goodput` prints the tables; `--write` rewrites
 * `docs/goodput.md` and its chart.
 */

import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { verdictsOf, verdictTable } from './goodput/bounds.ts';
import { chartOf } from './goodput/chart.ts';
import { costTable, measureCost } from './goodput/cost.ts';
import { runAll } from './goodput/crew.ts';
import { documentOf } from './goodput/document.ts';
import { liveText, runLive } from './goodput/live/session.ts';
import { POLICIES } from './goodput/policies/index.ts';
import { summariesOf, tablesOf } from './goodput/report.ts';
import { SCENARIOS } from './goodput/scenarios.ts';
import type { Outcome } from './goodput/worker.ts';
import { createProgress } from './overhead/progress.ts';

const USAGE = `npm run bench:goodput -- [options]
  --only <regex>        these workloads, by id
  --policies a,b        these policies (${POLICIES.map(({ id }) => id).join(', ')})
  --seeds 101,202       default 101,202,303,404
  --minutes <n>         measured minutes, default 10 (5 at a cold start)
  --threads <n>         default: the cores, two at most
  --list                the ids of the workloads
  --json                raw figures on stdout
  --write               write docs/goodput.md and docs/goodput.svg
  --assert              exit 1 when something does not hold that must

Over HTTP, in real time (three minutes and a half):
  --realtime            Sluice as a process, the simulator as its provider, streaming clients
  --target <url>        the same load against any OpenAI-compatible relay, e.g. http://127.0.0.1:3000/v1;
                        its owner enters the simulated accounts, which are printed first
  --key a,b             keys for the target, one for each tenant
  --model <name>        what to ask the target for, default qwen3-max
  --start-after 10s     begin by itself; without it Enter begins
  --port <n>            of the simulator, default any free one`;

const PAGE = new URL('../docs/goodput.md', import.meta.url);
const CHART = new URL('../docs/goodput.svg', import.meta.url);

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    policies: { type: 'string', default: POLICIES.map(({ id }) => id).join(',') },
    seeds: { type: 'string', default: '101,202,303,404' },
    minutes: { type: 'string' },
    threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    realtime: { type: 'boolean', default: false },
    target: { type: 'string' },
    key: { type: 'string' },
    model: { type: 'string' },
    'start-after': { type: 'string' },
    port: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const progress = createProgress(process.stderr);

try {
  if (options.help) console.log(USAGE);
  else if (options.list)
    for (const { id, group, name } of SCENARIOS) console.log(`${id.padEnd(20)} ${group}: ${name}`);
  else if (options.realtime || options.target !== undefined) {
    const figures = await runLive(options, progress);
    console.log(options.json ? JSON.stringify(figures, null, 2) : liveText(options, figures));
  } else process.exitCode = await run();
} catch (error) {
  progress.note(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function run(): Promise<number> {
  const scenarios = SCENARIOS.filter(({ id }) => new RegExp(options.only).test(id));
  const asked = options.policies.split(',').map((id) => id.trim());
  const unknown = asked.filter((id) => !POLICIES.some((policy) => policy.id === id));
  if (unknown.length > 0) throw new Error(`--policies: there is no ${unknown.join(', ')}`);
  const policies = POLICIES.filter(({ id }) => asked.includes(id));
  const seeds = options.seeds.split(',').map(Number);
  const minutes = options.minutes === undefined ? {} : { minutes: Number(options.minutes) };
  const jobs = scenarios.flatMap(({ id: scenario }) =>
    policies.flatMap(({ id: policy }) => seeds.map((seed) => ({ scenario, policy, seed, ...minutes }))),
  );
  const outcomes = await runAll(jobs, {
    threads: Number(options.threads),
    onOutcome: (done, { job }) =>
      progress.show(`${done} of ${jobs.length} runs: ${job.scenario}, ${job.policy}, seed ${job.seed}`),
  });
  progress.clear();
  const held = print(outcomes);
  const failed = outcomes.flatMap((outcome) => ('error' in outcome ? [outcome] : []));
  for (const { job, error } of failed) {
    progress.note(`${job.scenario}, ${job.policy}, seed ${job.seed}: ${error}`);
  }
  return failed.length > 0 || (options.assert && !held) ? 1 : 0;
}

/** Says whether everything holds that was measured and must, on average at least. */
function print(outcomes: readonly Outcome[]): boolean {
  const summaries = summariesOf(outcomes);
  const verdicts = verdictsOf(summaries);
  // After the runs: whoever measures time wants the machine to itself.
  const cost = options.policies.includes('sluice') ? costTable(measureCost()) : '';
  if (options.json) console.log(JSON.stringify({ outcomes, verdicts }, null, 2));
  else
    console.log(
      [tablesOf(summaries), ...(verdicts.length > 0 ? [verdictTable(verdicts)] : []), cost].join('\n\n'),
    );
  if (options.write) {
    writeFileSync(PAGE, documentOf(summaries, verdicts, cost));
    writeFileSync(CHART, chartOf(summaries));
    progress.note('docs/goodput.md and docs/goodput.svg are written');
  }
  return verdicts.every(({ held }) => held !== 'no');
}
