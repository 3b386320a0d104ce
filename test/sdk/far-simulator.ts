/** A simulator as a server that knows nothing of who asks: the account `far`, whose secret is `far-secret`. */

import { systemClock } from '../../src/base/clock.ts';
import { createSeededRandom } from '../../src/base/seeded-random.ts';
import { type SimulatorServer, serveSimulator } from '../../src/simulator/server.ts';
import { createSimulator, type Simulator } from '../../src/simulator/upstream.ts';

export async function startFar(): Promise<{
  readonly simulator: Simulator;
  readonly server: SimulatorServer;
}> {
  const simulator = createSimulator({
    clock: systemClock,
    random: createSeededRandom(3),
    accounts: [
      { id: 'far', secrets: ['far-secret'], limits: { 'qwen3-max': { rpm: 60_000, tpm: 60_000_000 } } },
    ],
    pace: { firstTokenMs: 1, tokensPerSecond: 1_000 },
    answers: { outputTokens: 40 },
    oddShare: 0,
  });
  return { simulator, server: await serveSimulator(simulator, { host: '127.0.0.1', port: 0 }) };
}
