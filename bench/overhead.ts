/**
 * What Sluice costs, beside a bare proxy and nginx, in one run: `npm run bench` prints a table and rewrites
 * `docs/benchmarks.md`. This file starts and ends the processes; `overhead/rounds.ts` measures, `overhead/report.ts`
 * says what it means.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createChildren } from './overhead/children.ts';
import { CONTENDERS, type Contender, type ContenderName, startContender } from './overhead/contenders.ts';
import { createProgress } from './overhead/progress.ts';
import {
  boundsOf,
  boundsTable,
  documentOf,
  figuresTable,
  type Machine,
  notesOf,
  summaryOf,
} from './overhead/report.ts';
import { FULL, measure, QUICK, type Samples } from './overhead/rounds.ts';

const USAGE = `npm run bench -- [options]
  --quick             fewer rounds, under 20 s on an idle machine
  --only bare,sluice  these contenders (${CONTENDERS.join(', ')})
  --json              raw figures on stdout
  --write             write docs/benchmarks.md also after --quick
  --assert            exit 1 when a bound is missed`;

const PAGE = new URL('../docs/benchmarks.md', import.meta.url);
/** Nothing waits for ever, but a machine that crawls could still make a run endless. */
const LONGEST_RUN_MS = 180_000;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: CONTENDERS.join(',') },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const progress = createProgress(process.stderr);
const children = createChildren();
const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
const clean = (): void => {
  children.endAll();
  rmSync(directory, { recursive: true, force: true });
};
process.once('exit', clean);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));
setTimeout(() => {
  progress.note(`gave up after ${LONGEST_RUN_MS / 1000} s`);
  process.exit(1);
}, LONGEST_RUN_MS).unref();

try {
  process.exitCode = options.help ? help() : await run(namesOf(options.only));
} catch (error) {
  progress.note(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
process.exit();

async function run(names: readonly ContenderName[]): Promise<number> {
  const stub = await children.companion('stub.ts');
  const load = await children.companion('load.ts');
  const contenders: Contender[] = [];
  let missing = 0;
  for (const name of names) {
    progress.show(`starting ${name}`);
    const started = await startContender(name, { children, directory, upstreamPort: stub.port });
    if (!('absent' in started)) contenders.push(started);
    else progress.note(`${name} is left out: ${started.absent}`);
    if ('absent' in started && !started.expected) missing += 1;
  }
  const plan = options.quick ? QUICK : FULL;
  const samples = await measure(contenders, { stub, load, plan, progress: progress.show });
  progress.clear();
  const missed = print(samples);
  return missing > 0 || (options.assert && missed) ? 1 : 0;
}

/** Says whether a bound was missed, or could not be told. */
function print(samples: Samples): boolean {
  const summary = summaryOf(samples);
  const bounds = boundsOf(summary);
  const machine = machineOf();
  if (options.json) {
    console.log(JSON.stringify({ machine, summary, bounds, samples }, null, 2));
  } else {
    const reached = bounds.length > 0 ? [boundsTable(bounds)] : [];
    console.log([figuresTable(summary), ...reached, notesOf(summary).join('\n')].join('\n\n'));
  }
  if (bounds.length > 0 && (!options.quick || options.write)) {
    writeFileSync(PAGE, documentOf(summary, machine));
    progress.note('docs/benchmarks.md is written');
  }
  return bounds.length === 0 || bounds.some((bound) => !bound.reached);
}

function namesOf(list: string): readonly ContenderName[] {
  const asked = list.split(',').map((name) => name.trim());
  const unknown = asked.filter((name) => !CONTENDERS.some((known) => known === name));
  if (unknown.length > 0) {
    throw new Error(`--only: expected some of ${CONTENDERS.join(', ')}, got ${unknown.join(', ')}`);
  }
  return CONTENDERS.filter((name) => asked.includes(name));
}

function machineOf(): Machine {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    node: process.versions.node,
    system: type(),
  };
}

function help(): number {
  console.log(USAGE);
  return 0;
}
