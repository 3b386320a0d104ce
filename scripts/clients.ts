/**
 * Drives real agents through Sluice, on models of another vendor: installs each, asks it to write a file, and looks for
 * the file, the tool's way back and the calls in Sluice's log. `npm run clients` does all; it needs the npm registry and
 * nothing else, and leaves nothing running.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { AGENTS, type Agent, type Way } from './clients/agents.ts';
import { type Ended, run } from './clients/child.ts';
import { KEY, MODELS, type Model, type Relay, startRelay } from './clients/relay.ts';
import { isGood, matrixOf, resultOf, type Turn, tableOf } from './clients/report.ts';
import { isAnswered, openWire, type Wire } from './clients/wire.ts';

const USAGE = `npm run clients -- [options]
  --only a,b       these agents (${AGENTS.map(({ id }) => id).join(', ')})
  --models a,b     these models (${Object.keys(MODELS).join(', ')})
  --dir <folder>   where the agents are installed, and stay; otherwise a temporary folder
  --record <dir>   every exchange as a file, without its key
  --limit <s>      longest time of one turn, default 120
  --verbose        what each agent said
  --write          the table of docs/clients.md, of this run`;

const INSTALL_MS = 600_000;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: AGENTS.map(({ id }) => id).join(',') },
    models: { type: 'string', default: Object.keys(MODELS).join(',') },
    dir: { type: 'string' },
    record: { type: 'string' },
    limit: { type: 'string', default: '120' },
    verbose: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const PAGE = new URL('../docs/clients.md', import.meta.url);

/** Node's own place first: agents with a `#!/usr/bin/env node` get this Node. */
const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;

const FILE = 'hello.txt';
const TEXT = 'Sluice carried this';

async function install(agent: Agent, folder: string): Promise<string> {
  const manifest = join(folder, 'node_modules', agent.package, 'package.json');
  if (!existsSync(manifest)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
    const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', agent.package];
    const env = { ...process.env, PATH } as Record<string, string>;
    const { code, output } = await run('npm', args, { cwd: folder, env, limitMs: INSTALL_MS });
    if (code !== 0) throw new Error(`${agent.package} could not be installed:\n${output}`);
  }
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

type Stage = { readonly relay: Relay; readonly wire: Wire; readonly folder: string };

/** One question to one agent in an empty folder with an empty home. */
async function play(
  agent: Agent,
  way: Way,
  setting: { readonly stage: Stage; readonly bin: string; readonly model: Model; readonly version: string },
): Promise<Turn> {
  const { stage, bin, model, version } = setting;
  const place = mkdtempSync(join(stage.folder, `${agent.id}-`));
  const [home, cwd] = [join(place, 'home'), join(place, 'work')];
  mkdirSync(home);
  mkdirSync(cwd);
  const prompt =
    model === 'gpt-5.5'
      ? `Without a shell, write the file ${join(cwd, FILE)} with the text '${TEXT}'`
      : `Write the file ${FILE} with the text '${TEXT}'`;
  const { args, env } = way.command({ url: stage.wire.url, key: KEY, model, prompt, home });
  const ended: Ended = await run(bin, args, {
    cwd,
    env: { PATH, HOME: home, USER: 'sluice', TERM: 'dumb', CI: '1', TMPDIR: place, ...env },
    limitMs: Number(options.limit) * 1_000,
  });
  const written = existsSync(join(cwd, FILE)) ? readFileSync(join(cwd, FILE), 'utf8').trim() : undefined;
  const exchanges = stage.wire.take();
  const calls = await stage.relay.takeCalls(exchanges.filter(isAnswered).length);
  return {
    agent: agent.id,
    version,
    wire: way.wire,
    model,
    ended,
    isWritten: written === TEXT,
    exchanges,
    calls,
  };
}

/** Between the two marks of the page. */
function writeInto(page: URL, text: string): void {
  const old = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    old.replace(/(<!-- driven -->\n)[\s\S]*?(<!-- end -->)/, (_, open, end) => `${open}${text}\n${end}`),
  );
}

async function main(): Promise<number> {
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-clients-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const turns = await drive(folder);
  console.log(`\n${tableOf(turns)}`);
  if (options.write) writeInto(PAGE, matrixOf(turns, new Date().toISOString().slice(0, 10)));
  return turns.length > 0 && turns.every(isGood) ? 0 : 1;
}

async function drive(folder: string): Promise<Turn[]> {
  const agents = options.dir === undefined ? join(folder, 'agents') : resolve(options.dir);
  if (options.record !== undefined) mkdirSync(options.record, { recursive: true });
  const relay = await startRelay(folder);
  const wire = await openWire(relay.url, options.record);
  const turns: Turn[] = [];
  for (const agent of AGENTS.filter(({ id }) => options.only.split(',').includes(id))) {
    const place = join(agents, agent.id);
    const version = await install(agent, place);
    const bin = join(place, 'node_modules/.bin', agent.bin);
    for (const way of agent.ways)
      for (const model of way.models) {
        if (!options.models.split(',').includes(model)) continue;
        const turn = await play(agent, way, { stage: { relay, wire, folder }, bin, model, version });
        turns.push(turn);
        console.log(resultOf(turn, options.verbose));
      }
  }
  await wire.close();
  await relay.close();
  return turns;
}

// Whatever happens, what was started ends at the exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();
