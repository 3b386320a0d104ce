/**
 * Drives real agents through Sluice, on models of another vendor: installs each, asks it to write a file, and looks for
 * the file, the tool's way back and the calls in Sluice's log. `npm run clients` does all; it needs the npm registry and
 * nothing else, and leaves nothing running.
 */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { AGENTS, type Agent, type Way } from './clients/agents.ts';
import { type Ended, run } from './clients/child.ts';
import { KEY, MODELS, type Model, type Relay, startRelay } from './clients/relay.ts';
import { resultOf, type Turn, tableOf } from './clients/report.ts';
import { isAnswered, openWire, type Wire } from './clients/wire.ts';

const USAGE = `npm run clients -- [options]
  --only a,b       these agents (${AGENTS.map(({ id }) => id).join(', ')})
  --models a,b     these models (${Object.keys(MODELS).join(', ')})
  --dir <folder>   where the agents are installed, and stay; otherwise a temporary folder
  --record <dir>   every exchange as a file, without its key
  --limit <s>      longest time of one turn, default 120
  --verbose        what each agent said`;

const INSTALL_MS = 600_000;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: AGENTS.map(({ id }) => id).join(',') },
    models: { type: 'string', default: Object.keys(MODELS).join(',') },
    dir: { type: 'string' },
    record: { type: 'string' },
    limit: { type: 'string', default: '120' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

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

async function main(): Promise<number> {
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sluice-clients-'));
  const home = options.dir ?? join(folder, 'agents');
  if (options.record !== undefined) mkdirSync(options.record, { recursive: true });
  const relay = await startRelay(folder);
  const wire = await openWire(relay.url, options.record);
  const turns: Turn[] = [];
  try {
    for (const agent of AGENTS.filter(({ id }) => options.only.split(',').includes(id))) {
      const place = join(home, agent.id);
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
  } finally {
    await wire.close();
    await relay.close();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${tableOf(turns)}`);
  return turns.length > 0 && turns.every((turn) => turn.isWritten) ? 0 : 1;
}

process.exitCode = await main();
