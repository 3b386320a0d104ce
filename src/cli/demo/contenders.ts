/**
 * The three ways to send the traffic, each with a simulator and accounts of its own, so that they can run at once
 * and not disturb each other. Everything speaks real HTTP on ports of the loopback address that were free.
 */

import { createApp, known } from '../../app.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/log.ts';
import { createSeededRandom } from '../../base/seeded-random.ts';
import { configOfAccounts } from '../../config/environment.ts';
import { createTransport, type Transport } from '../../providers/transport.ts';
import { DEFAULT_PACE, saidAfterMs } from '../../simulator/pace.ts';
import { serveSimulator } from '../../simulator/server.ts';
import { createSimulator, type Simulator } from '../../simulator/upstream.ts';
import { ask, BACKOFF_TRIES, type Endpoint, makeCall } from './client.ts';
import { Journal } from './journal.ts';
import { type Arrival, MODEL } from './traffic.ts';

export type Contender = {
  readonly id: 'simple' | 'backoff' | 'sluice';
  readonly name: string;
  readonly accounts: number;
  /** Of the client. */
  readonly tries: number;
};

export const CONTENDERS: readonly Contender[] = [
  { id: 'simple', name: 'Simple client', accounts: 1, tries: 1 },
  { id: 'backoff', name: 'With backoff', accounts: 1, tries: BACKOFF_TRIES },
  { id: 'sluice', name: 'Sluice', accounts: 3, tries: 1 },
];

export type Result = {
  readonly contender: Contender;
  readonly journal: Journal;
  /** 429s that the upstream gave, whoever saw them. */
  readonly refusalsGiven: number;
};

export type RunOptions = {
  readonly traffic: readonly Arrival[];
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Told when all stand ready: the clock's time of the start, and what will be written to. */
  readonly onStart?: (startMs: number, journals: readonly Journal[]) => void;
};

const HOST = '127.0.0.1';
const CONNECT_MS = 5_000;
const LOOPBACK = { host: HOST, port: 0 } as const;
/** Has a quota of its own, so a first call of it takes nothing from the traffic's. */
const WARM_UP_MODEL = 'qwen-turbo';

/** Runs them all at once. Throws the signal's reason; whatever happens, nothing is left behind. */
export async function runContenders(
  contenders: readonly Contender[],
  { traffic, seed, signal, onStart }: RunOptions,
): Promise<readonly Result[]> {
  const clock = systemClock;
  await using stack = new AsyncDisposableStack();
  const stages: Stage[] = [];
  for (const contender of contenders)
    stages.push(stack.use(await openStage(contender, { clock, seed, signal })));

  const startMs = clock.now();
  const journals = contenders.map(() => new Journal());
  onStart?.(startMs, journals);
  await Promise.all(
    stages.flatMap(({ endpoint, contender }, index) => {
      const setting = {
        ask: (prompt: string) => ask(endpoint, { model: MODEL, prompt }, signal),
        journal: journals[index] ?? new Journal(),
        tries: contender.tries,
        generationMs: (outputTokens: number) => saidAfterMs(DEFAULT_PACE, outputTokens),
        clock,
        random: createSeededRandom(seed + 1),
        startMs,
        signal,
      };
      return traffic.map((arrival) => makeCall(arrival, setting));
    }),
  );
  return stages.map(({ contender, simulator }, index) => ({
    contender,
    journal: journals[index] ?? new Journal(),
    refusalsGiven: refusalsOf(simulator),
  }));
}

type Stage = AsyncDisposable & {
  readonly contender: Contender;
  readonly endpoint: Endpoint;
  readonly simulator: Simulator;
};

type StageOptions = { readonly clock: Clock; readonly seed: number; readonly signal: AbortSignal };

async function openStage(contender: Contender, { clock, seed, signal }: StageOptions): Promise<Stage> {
  // Should anything below throw, what stands already is closed again.
  await using stack = new AsyncDisposableStack();
  const accounts = Array.from({ length: contender.accounts }, (_, index) => ({
    id: `account-${index + 1}`,
    secrets: [`sk-simulated-${index + 1}`],
  }));
  const simulator = createSimulator({ clock, random: createSeededRandom(seed + 2), accounts });
  const upstream = await serveSimulator(simulator, LOOPBACK);
  stack.defer(() => upstream.close());
  const baseUrl = `${upstream.url}/compatible-mode/v1`;
  const { fetch } = useTransport(stack);
  const endpoint =
    contender.id === 'sluice'
      ? { ...(await openSluice(stack, { accounts, baseUrl, clock })), fetch }
      : { baseUrl, key: accounts[0]?.secrets[0] ?? '', fetch };
  // A process that has just begun is slow; whoever demonstrates queues should not measure compilers.
  for (let calls = 0; calls < 2; calls += 1)
    await Promise.all(
      accounts.map(() => ask(endpoint, { model: WARM_UP_MODEL, prompt: 'Hello', maxTokens: 1 }, signal)),
    );
  const kept = stack.move();
  return { contender, endpoint, simulator, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

type Pool = {
  readonly accounts: readonly { readonly id: string; readonly secrets: readonly string[] }[];
  readonly baseUrl: string;
  readonly clock: Clock;
};

/** The product as it is, with the address in place of Model Studio's and nothing else set. */
async function openSluice(
  stack: AsyncDisposableStack,
  { accounts, baseUrl, clock }: Pool,
): Promise<Pick<Endpoint, 'baseUrl' | 'key'>> {
  const key = 'sk-sluice-demonstration';
  const config = configOfAccounts(
    accounts.map((account) => ({
      ...account,
      provider: 'qwen',
      base_url: baseUrl,
      models: [MODEL, WARM_UP_MODEL],
    })),
    { env: { SLUICE_KEY: key }, known },
  );
  const { fetch } = useTransport(stack);
  const app = createApp({ config, clock, random: Math.random, log: silentLogger, fetch });
  stack.defer(() => app.server.close());
  return { baseUrl: `${await app.server.listen(LOOPBACK)}/v1`, key };
}

function useTransport(stack: AsyncDisposableStack): Transport {
  const transport = createTransport({ connectTimeoutMs: CONNECT_MS });
  stack.defer(() => transport.close());
  return transport;
}

const LIMITS = ['burst', 'rps', 'rpm', 'tps', 'tpm', 'concurrency'] as const;

function refusalsOf(simulator: Simulator): number {
  let sum = 0;
  for (const { id } of simulator.accounts) {
    const { refused } = simulator.stats(id, MODEL);
    for (const limit of LIMITS) sum += refused[limit] ?? 0;
  }
  return sum;
}
