/**
 * `sluice simulate`: Model Studio's limits on a loopback port, to try a relay (or any client) against 429s that cost
 * nothing. Prints what to paste, then a line of figures now and then.
 */

import { Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../base/clock.ts';
import type { AccountOptions } from '../simulator/account.ts';
import { publishedLimits, REGIONS, type Region } from '../simulator/profiles.ts';
import type { QuotaLimits } from '../simulator/quotas.ts';
import { DEFAULT_SLOPE } from '../simulator/ramp.ts';
import { type SimulatorServer, serveSimulator } from '../simulator/server.ts';
import { createSimulator, type Simulator } from '../simulator/upstream.ts';

export type SimulateFlags = {
  readonly port: number;
  readonly host: string;
  readonly accounts: number;
  readonly model: readonly string[];
  readonly region: Region;
  readonly rpm?: number;
  readonly tpm?: number;
  /** `off`: no limits per second. */
  readonly rps?: number | 'off';
  readonly ttft: number;
  readonly tokensPerSecond: number;
  readonly outputTokens: number;
  readonly ramp: boolean;
};

export type SimulateSetting = {
  /** Writes one line. Default: stdout. */
  readonly print?: (line: string) => void;
};

const DEFAULT_MODEL = 'qwen3-max';

/** How often the live line is drawn anew. */
const LIVE_MS = 1_000;

export function simulateCommand(setting: SimulateSetting = {}): Command {
  const print = setting.print ?? ((line: string) => void process.stdout.write(`${line}\n`));
  return new Command('simulate')
    .description("serve a simulation of Model Studio's limits on a local port")
    .option('--port <number>', 'port; 0 takes any free one', whole(0), 4100)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--accounts <number>', 'accounts, one secret each', whole(1), 3)
    .option('--model <name>', `a model to set limits for, repeatable (default: ${DEFAULT_MODEL})`, gather, [])
    .addOption(new Option('--region <name>', 'whose published limits').choices(REGIONS).default('singapore'))
    .option('--rpm <number>', 'requests per minute, instead of the published', whole(1))
    .option('--tpm <number>', 'tokens per minute, instead of the published', whole(1))
    .option('--rps <number|off>', 'requests per second; off: minutes alone', perSecond)
    .option('--ttft <ms>', 'time to the first token', whole(0), 300)
    .option('--tokens-per-second <number>', 'pace of an answer; 0: without pause', whole(0), 60)
    .option('--output-tokens <number>', 'mean length of an answer', whole(1), 60)
    .option('--ramp', 'refuse rates that rise too quickly', false)
    .action(async (flags: SimulateFlags) => {
      const { simulator, lines, server } = await startSimulator(flags);
      // First of all: who reads the first line may signal at once.
      const stopped = untilSignal();
      for (const line of lines) print(line);
      const stopLine = process.stdout.isTTY ? liveLine(simulator) : () => {};
      await stopped;
      stopLine();
      await server.close();
    });
}

export type StartedSimulator = {
  readonly simulator: Simulator;
  readonly server: SimulatorServer;
  /** What to tell the person who started it. */
  readonly lines: readonly string[];
};

/** Rejects when the port is taken. */
export async function startSimulator(flags: SimulateFlags): Promise<StartedSimulator> {
  const limits = limitsOf(flags);
  const accounts = Array.from({ length: flags.accounts }, (_, index): AccountOptions => {
    const id = `account-${index + 1}`;
    return { id, secrets: [`sk-simulated-${index + 1}`], limits };
  });
  const simulator = createSimulator({
    clock: systemClock,
    random: Math.random,
    accounts,
    region: flags.region,
    rules: { perSecond: flags.rps !== 'off' },
    answers: { outputTokens: flags.outputTokens },
    pace: { firstTokenMs: flags.ttft, tokensPerSecond: flags.tokensPerSecond },
  });
  const server = await serveSimulator(simulator, { host: flags.host, port: flags.port }).catch(
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
        throw new Error(`port ${flags.port} of ${flags.host} is taken: choose another one with --port`);
      throw error;
    },
  );
  return { simulator, server, lines: introduction(server.url, accounts, flags.rps !== 'off') };
}

function limitsOf(flags: SimulateFlags): Record<string, QuotaLimits> {
  const published = publishedLimits(flags.region);
  const models = flags.model.length > 0 ? flags.model : [DEFAULT_MODEL];
  const own: QuotaLimits = {
    ...(flags.rpm === undefined ? {} : { rpm: flags.rpm }),
    ...(flags.tpm === undefined ? {} : { tpm: flags.tpm }),
    ...(typeof flags.rps === 'number' ? { rps: flags.rps } : {}),
    ...(flags.ramp ? { slope: DEFAULT_SLOPE } : {}),
  };
  return Object.fromEntries(models.map((model) => [model, { ...published[model], ...own }]));
}

function introduction(url: string, accounts: readonly AccountOptions[], perSecond: boolean): string[] {
  const base = `${url}/compatible-mode/v1`;
  const limits = Object.entries(accounts[0]?.limits ?? {});
  const [model = DEFAULT_MODEL] = limits[0] ?? [];
  const secret = accounts[0]?.secrets[0] ?? '';
  const body = { model, messages: [{ role: 'user', content: 'Hello' }] };
  return [
    `Simulating Model Studio at ${base}`,
    '',
    ...accounts.map((account) => `  ${account.id.padEnd(12)} ${account.secrets.join(' ')}`),
    '',
    'Limits of each account:',
    ...limits.map(([name, limit]) => `  ${name.padEnd(24)} ${limitText(limit, perSecond)}`),
    '',
    'Try it:',
    `  curl ${base}/chat/completions -H 'Authorization: Bearer ${secret}' ` +
      `-H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`,
    `  curl ${url}/simulator/stats`,
    '',
  ];
}

function limitText(limits: QuotaLimits, perSecond: boolean): string {
  const { rpm, tpm, slope } = limits;
  const rps = limits.rps ?? (perSecond && rpm !== undefined && rpm >= 60 ? rpm / 60 : undefined);
  const parts = [
    rpm === undefined ? 'no RPM' : `${rpm.toLocaleString('en')} RPM`,
    tpm === undefined ? 'no TPM' : `${tpm.toLocaleString('en')} TPM`,
    ...(rps === undefined ? [] : [`${rps.toLocaleString('en')} RPS`]),
    ...(slope === undefined ? [] : [`growth ${slope.growthPerSecond * 100} % a second`]),
  ];
  return parts.join(', ');
}

/** Draws one line again and again; returns how to stop. */
function liveLine(simulator: Simulator): () => void {
  const draw = (): void => {
    const { requests, refused, inFlight, requestsLastMinute, tokensLastMinute } = simulator.stats();
    const refusals = Object.entries(refused).map(([kind, count]) => `${kind} ${count}`);
    process.stdout.write(
      `\r\x1b[K${requests} calls, ${requestsLastMinute} requests and ${tokensLastMinute} tokens in the last minute, ` +
        `${inFlight} in flight, refused: ${refusals.join(', ') || 'none'}`,
    );
    cancel = systemClock.after(LIVE_MS, draw);
  };
  let cancel = systemClock.after(0, draw);
  return () => {
    cancel();
    process.stdout.write('\n');
  };
}

const untilSignal = (): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      process.off('SIGINT', done).off('SIGTERM', done);
      resolve();
    };
    process.on('SIGINT', done).on('SIGTERM', done);
  });

const gather = (value: string, before: readonly string[]): readonly string[] => [...before, value];

const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    return value;
  };

function perSecond(text: string): number | 'off' {
  return text === 'off' ? 'off' : whole(1)(text);
}
