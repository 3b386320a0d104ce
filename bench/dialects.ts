/**
 * What an event costs on its way between two dialects, read and written anew, beside one that is passed on in its own:
 * `npm run bench:dialects` prints a table of every pair; `--write` rewrites `docs/translation.md`.
 */

import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, type } from 'node:os';
import { parseArgs } from 'node:util';
import type { Dialect } from '../src/dialects/dialect.ts';
import { dialects } from '../src/dialects/index.ts';
import type { ChatEvent } from '../src/domain/chat.ts';
import type { Usage } from '../src/domain/usage.ts';
import { Translation } from '../src/relay/translation.ts';
import { medianOf } from './overhead/statistics.ts';
import { figure, tableOf } from './overhead/table.ts';

const USAGE = `npm run bench:dialects -- [options]
  --write    write docs/translation.md
  --assert   exit 1 when the bound is missed`;

const PAGE = new URL('../docs/translation.md', import.meta.url);
const BOUND_MICROS = 5;
const EVENTS = 2_000;
const ROUNDS = 15;
/** Before these the engine has not settled on its code. */
const WARM_UP_ROUNDS = 10;

const HEAD = { id: 'id-1', model: 'qwen3-max', created: 1_754_000_000 };
const USE: Usage = {
  input: 20,
  cacheRead: 0,
  cacheWrite: 0,
  output: EVENTS,
  reasoning: 0,
  source: 'upstream',
};
const ANSWERED = { head: HEAD, usage: USE, estimatedUsage: () => USE };

const WORDS = ['The ', 'quota ', '限流', ' of an', ' account', ', and "more"', ' 🎉', '\n'];

/** What models send: mostly text; some thoughts first, a call of a tool in pieces at the end. */
function eventsOf(): ChatEvent[] {
  const word = (i: number): string => WORDS[i % WORDS.length] ?? '';
  const events: ChatEvent[] = [];
  for (let i = 0; i < EVENTS * 0.2; i++) events.push({ type: 'reasoning', text: word(i), choice: 0 });
  for (let i = 0; i < EVENTS * 0.6; i++) events.push({ type: 'text', text: word(i), choice: 0 });
  events.push({
    type: 'tool-call',
    index: 0,
    id: 'call_1',
    name: 'write_file',
    arguments: '{"text":"',
    choice: 0,
  });
  for (let i = 0; i < EVENTS * 0.2; i++)
    events.push({ type: 'tool-call', index: 0, arguments: 'quota ', choice: 0 });
  events.push({ type: 'tool-call', index: 0, arguments: '"}', choice: 0 });
  events.push({ type: 'finish', reason: 'tool_calls', choice: 0 });
  return events;
}

/** Frame by frame, as an upstream sends them. */
function framesOf(dialect: Dialect): Buffer[] {
  const writer = dialect.streamWriter(HEAD, { wantsUsage: true });
  const written = [...eventsOf(), { type: 'usage' as const, usage: USE }].map((event) => writer.write(event));
  return [...written, writer.end()].filter(({ length }) => length > 0);
}

type Way = { readonly from: Dialect; readonly to: Dialect; readonly frames: readonly Buffer[] };

/** Microseconds for one event, and the bytes that came out, so that nothing is optimised away. */
function timed({ from, to, frames }: Way): { readonly micros: number; readonly bytes: number } {
  const reader = from.streamReader();
  const translation = from === to ? undefined : new Translation({ from, to, wantsUsage: true, dropped: [] });
  const options = { model: 'public-name', wantsUsage: true };
  let bytes = 0;
  // Not the time that passes: what else runs on the machine is not the translation's.
  const before = process.cpuUsage();
  for (const frame of frames) {
    const chunks = reader.push(frame);
    if (translation !== undefined) bytes += translation.write(chunks, ANSWERED).length;
    else for (const chunk of chunks) bytes += to.forward(chunk, options)?.length ?? 0;
  }
  const { user, system } = process.cpuUsage(before);
  return { micros: (user + system) / EVENTS, bytes };
}

type Cost = { readonly from: Dialect; readonly to: Dialect; readonly micros: number };

function measureAll(): Cost[] {
  const all = Object.values(dialects);
  const ways = all.flatMap((from) => all.map((to): Way => ({ from, to, frames: framesOf(from) })));
  const samples = ways.map((): number[] => []);
  // The pairs take turns, so that they all had the same machine.
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++)
    ways.forEach((way, i) => {
      const { micros, bytes } = timed(way);
      if (bytes === 0) throw new Error(`nothing came from ${way.from.id} to ${way.to.id}`);
      if (round >= WARM_UP_ROUNDS) samples[i]?.push(micros);
    });
  return ways.map(({ from, to }, i) => ({ from, to, micros: medianOf(samples[i] ?? []) }));
}

function documentOf(costs: readonly Cost[]): string {
  const ids = Object.keys(dialects);
  const rows = ids.map((from) => [
    from,
    ...ids.map((to) =>
      figure(costs.find((cost) => cost.from.id === from && cost.to.id === to)?.micros ?? NaN, 2),
    ),
  ]);
  const worst = Math.max(...costs.filter(({ from, to }) => from !== to).map(({ micros }) => micros));
  const cpu = (cpus()[0]?.model ?? 'unknown').replace(/ \d+-Core Processor$/, '');
  return `# What translation costs

Printed by \`npm run bench:dialects\`, which measures on the machine it runs on.

CPU microseconds for one event: read from what the upstream sent (down) and written for the client (across). Where the two
are the same, the frame is passed on with another model's name in it.

${tableOf(['upstream \\ client', ...ids], rows)}

Bound: at most ${BOUND_MICROS} µs between two dialects; measured at most ${figure(worst, 2)} µs: ${worst <= BOUND_MICROS ? 'kept' : 'missed'}.

- A stream of ${EVENTS} events: a fifth thoughts, three fifths text, a fifth arguments of a tool. Medians of ${ROUNDS} rounds in which the
  pairs took turns, after ${WARM_UP_ROUNDS} that do not count.
- Machine: ${availableParallelism()} cores, ${cpu}, ${type()}, Node ${process.versions.node}.
`;
}

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    assert: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) console.log(USAGE);
else {
  const costs = measureAll();
  const page = documentOf(costs);
  console.log(page);
  if (options.write) writeFileSync(PAGE, page);
  const isMissed = costs.some(({ from, to, micros }) => from !== to && micros > BOUND_MICROS);
  if (options.assert && isMissed) process.exitCode = 1;
}
