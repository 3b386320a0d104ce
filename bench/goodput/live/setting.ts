/** What is fixed when the same load goes over real wires, and what the owner of a foreign relay has to be told. */

import type { QuotaLimits } from '../../../src/simulator/quotas.ts';

export const LIVE_ACCOUNTS = 4;
export const LIVE_LOAD = 1.15;
export const LIVE_LIMITS = { rpm: 600, tpm: 1_000_000 } as const satisfies QuotaLimits;
export const LIVE_MODEL = 'qwen3-max';

/** Short answers: chunks cost the machine, and requests are what is to bind. */
export const OUTPUT_TOKENS = 40;
export const TOKENS_PER_SECOND = 60;
export const FIRST_TOKEN_MS = 300;

export const RAMP_MS = 20_000;
export const WARM_UP_MS = 60_000;
export const MEASURED_MS = 120_000;
/** How long calls may still take once no new ones come. */
export const DRAIN_MS = 90_000;

export const secretOf = (account: number): string => `sk-simulated-account-${account + 1}`;

/** For a relay that is not ours: what its owner enters before the load begins. */
export function instructions(upstreamUrl: string, models: readonly string[]): string {
  return [
    `The provider is at ${upstreamUrl}/compatible-mode/v1 (OpenAI-compatible), with ${LIVE_ACCOUNTS} accounts:`,
    ...Array.from({ length: LIVE_ACCOUNTS }, (_, index) => `  account ${index + 1}: ${secretOf(index)}`),
    `Each allows ${LIVE_LIMITS.rpm} RPM and ${LIVE_LIMITS.tpm.toLocaleString('en')} TPM, and a sixtieth of them a second, for ${models.join(' and ')}.`,
    'Enter them in the relay under test.',
  ].join('\n');
}
