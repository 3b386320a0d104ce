/**
 * The same question over real wires: the simulator as a server, a relay in a process of its own, streaming clients.
 * The relay is Sluice, or any that speaks OpenAI's dialect and whose owner has entered the simulator's accounts.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Children, Companion, Program } from '../../overhead/children.ts';
import { type LoadOptions, offerLoad, tryOnce } from './load.ts';
import { type LiveFigures, liveFiguresOf, type Seen } from './measures.ts';
import {
  DRAIN_MS,
  instructions,
  LIVE_ACCOUNTS,
  LIVE_LIMITS,
  LIVE_LOAD,
  LIVE_MODEL,
  MEASURED_MS,
  RAMP_MS,
  secretOf,
  WARM_UP_MS,
} from './setting.ts';

export type LiveTarget = {
  /** With its version: `http://127.0.0.1:4000/v1`. */
  readonly baseUrl: string;
  readonly keys: readonly string[];
  readonly model: string;
};

export type LiveOptions = {
  readonly children: Children;
  /** For configuration and log. */
  readonly directory: string;
  readonly upstreamPort: number;
  readonly measuredMs?: number | undefined;
  readonly target?: LiveTarget | undefined;
  /** Called with what a foreign relay's owner has to enter; resolves when that is done. */
  readonly untilEntered: (instructions: string) => Promise<void>;
  readonly show: (text: string) => void;
};

/** Longer than any run takes: whoever starts one may give up then. */
export const longestLiveMs = (measuredMs = MEASURED_MS): number =>
  WARM_UP_MS + measuredMs + DRAIN_MS + 60_000;

export async function measureLive(options: LiveOptions): Promise<LiveFigures> {
  const { children, target, show, measuredMs = MEASURED_MS } = options;
  const models = [...new Set([LIVE_MODEL, ...(target === undefined ? [] : [target.model])])];
  const upstream = await children.companion(
    '../goodput/live/upstream.ts',
    String(LIVE_ACCOUNTS),
    String(options.upstreamPort),
    ...models,
  );
  const upstreamUrl = `http://127.0.0.1:${upstream.port}`;
  if (target !== undefined) await options.untilEntered(instructions(upstreamUrl, models));
  const relay = target ?? (await startSluice(options, upstreamUrl));
  const lengthMs = WARM_UP_MS + measuredMs;
  const load: LoadOptions = {
    ...relay,
    perSecond: (LIVE_LOAD * LIVE_ACCOUNTS * LIVE_LIMITS.rpm) / 60,
    rampMs: RAMP_MS,
    lengthMs,
    drainMs: DRAIN_MS,
    seed: 7,
    onProgress: (calls) =>
      show(`${calls.length} calls, ${calls.filter((call) => call.answered).length} answered`),
  };
  const wrong = await tryOnce(load);
  if (wrong !== undefined)
    throw new Error(`the relay at ${relay.baseUrl} does not answer a first call: ${wrong}`);
  const [calls, before, after] = await Promise.all([
    offerLoad(load),
    seenAfter(upstream, WARM_UP_MS),
    seenAfter(upstream, lengthMs),
  ]);
  return liveFiguresOf({
    calls,
    keys: relay.keys.length,
    fromMs: WARM_UP_MS,
    untilMs: lengthMs,
    before,
    after,
  });
}

const seenAfter = async (upstream: Companion, delayMs: number): Promise<Seen> => {
  await wait(delayMs);
  return upstream.ask<Seen>({ kind: 'stats' });
};

const KEYS = Array.from({ length: 10 }, (_, index) => `bench-tenant-${index + 1}-0123456789`);
const READY_WITHIN_MS = 20_000;

/** As its users start it, with the limits it was told by the provider's owner. */
async function startSluice({ children, directory }: LiveOptions, upstreamUrl: string): Promise<LiveTarget> {
  mkdirSync(directory, { recursive: true });
  const config = join(directory, 'sluice.yaml');
  const log = join(directory, 'sluice.log');
  writeFileSync(config, sluiceConfig(upstreamUrl));
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const program = children.program(process.execPath, [main, 'start', '--config', config, '--port', '0'], log);
  return { baseUrl: `${await urlOf(program, log)}/v1`, keys: KEYS, model: LIVE_MODEL };
}

async function urlOf(program: Program, log: string): Promise<string> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadlineMs && program.ended() === undefined) {
    const url = /listens on (http:\S+)/.exec(readFileSync(log, 'utf8'))?.[1];
    if (url !== undefined) return url;
    await wait(50);
  }
  throw new Error(`sluice did not start; its log:\n${readFileSync(log, 'utf8').trim()}`);
}

function sluiceConfig(upstreamUrl: string): string {
  const accounts = Array.from(
    { length: LIVE_ACCOUNTS },
    (_, index) => `  - id: account-${index + 1}
    provider: qwen
    base_url: ${upstreamUrl}/compatible-mode/v1
    secrets: [${secretOf(index)}]
    models: { ${LIVE_MODEL}: { limits: { rpm: ${LIVE_LIMITS.rpm}, tpm: ${LIVE_LIMITS.tpm} } } }`,
  );
  return `server: { host: 127.0.0.1, port: 0 }
accounts:
${accounts.join('\n')}
keys:
${KEYS.map((key, index) => `  - { id: tenant-${index + 1}, key: ${key} }`).join('\n')}
log: { level: info }
`;
}
