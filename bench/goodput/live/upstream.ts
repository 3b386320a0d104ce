/**
 * The provider over HTTP, in a process of its own: the simulator with so many accounts of 600 RPM. Run as a child:
 * tells its port, then answers every message with its figures.
 */

import { systemClock } from '../../../src/base/clock.ts';
import { createSeededRandom } from '../../../src/base/seeded-random.ts';
import { serveSimulator } from '../../../src/simulator/server.ts';
import { createSimulator } from '../../../src/simulator/upstream.ts';
import { FIRST_TOKEN_MS, LIVE_LIMITS, OUTPUT_TOKENS, secretOf, TOKENS_PER_SECOND } from './setting.ts';

const [accounts = '4', port = '0', ...models] = process.argv.slice(2);

const simulator = createSimulator({
  clock: systemClock,
  random: createSeededRandom(41),
  accounts: Array.from({ length: Number(accounts) }, (_, index) => ({
    id: `account-${index + 1}`,
    secrets: [secretOf(index)],
    limits: Object.fromEntries(models.map((model) => [model, LIVE_LIMITS])),
  })),
  answers: { outputTokens: OUTPUT_TOKENS },
  pace: { firstTokenMs: FIRST_TOKEN_MS, tokensPerSecond: TOKENS_PER_SECOND },
});

process.on('disconnect', () => process.exit());
const server = await serveSimulator(simulator, { host: '127.0.0.1', port: Number(port) });
process.on('message', () => process.send?.({ answer: simulator.stats() }));
process.send?.({ port: Number(new URL(server.url).port) });
