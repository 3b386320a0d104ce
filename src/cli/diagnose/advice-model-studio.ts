/**
 * What is particular to Model Studio: seconds have limits too, dated snapshots have low ones, and how they are raised.
 * Sources: https://www.alibabacloud.com/help/en/model-studio/rate-limit ,
 * https://www.alibabacloud.com/help/en/model-studio/rate-limiting-best-practices ,
 * https://help.aliyun.com/zh/model-studio/rate-limit , https://help.aliyun.com/model-studio/base-url
 */

import type { FailureKind } from '../../domain/failure.ts';
import { type Advice, POOL, SMOOTH, type Step, step } from './advice-steps.ts';

const ACCOUNTS = step(
  'company-wide',
  'More main accounts: N have N times the limit (3 of 600 RPM: 1,800). Several secrets, users or workspaces of one account share one limit and add nothing.',
);
const FALLBACK = step(
  'not critical',
  'Fall back to a model with a quota of its own: qwen3-max, then qwen-plus, then qwen-turbo (`fallbacks`).',
);
const RAISE = step(
  'in the long run',
  'Console of Model Studio, quota management (限流提额): TPM in Beijing and Singapore at once, for 30 days. More by request: verified account, no open bills, a detailed description of the use; 1-3 working days. Topping up raises no limit.',
);
const SNAPSHOT = step(
  'mind',
  'A dated snapshot has a far lower limit than the stable id: qwen3-max-2025-09-23 60 RPM, qwen3-max 600.',
);
const SECONDS = step(
  'mind',
  'A second has its limit, too (RPS = RPM/60, TPS = TPM/60): 600 RPM are 10 in a second, however empty the minute.',
);

const limited = (limit: string): Partial<Advice> => ({
  limit,
  steps: [POOL, SMOOTH, ACCOUNTS, FALLBACK, RAISE, SECONDS, SNAPSHOT],
});

const REGION: readonly Step[] = [
  step(
    'look first',
    'A good secret is refused in another region: Beijing, Singapore, Virginia and Hong Kong have each their own base URL and secrets.',
  ),
  step(
    'or',
    'A plan secret (`sk-sp-…`) works only at the base URL of its plan, and is not for a relay; one of a workspace only at its own address.',
  ),
  step(
    'then',
    'Set `region` of the account or replace the secret; `sluice check --live` asks every account.',
  ),
];

export const MODEL_STUDIO_ADVICE: Readonly<Partial<Record<FailureKind, Partial<Advice>>>> = {
  rpm: limited('requests per minute (RPM), or per second (RPM/60)'),
  tpm: limited('tokens per minute, input and output (TPM), or per second (TPM/60)'),
  rps: limited('requests per second (RPS = RPM/60)'),
  tps: limited('tokens per second (TPS = TPM/60)'),
  burst: {
    steps: [
      step('for good', 'Let Sluice pace it: it starts slowly and raises the rate as Model Studio allows.'),
      step(
        'light limiting',
        'Ramp up over a minute after a start or a pause, or let Model Studio hold the call: `X-DashScope-Wait-Timeout: 30` (3 to 120 s; the client must wait longer).',
      ),
      ACCOUNTS,
    ],
  },
  concurrency: { steps: [POOL, SMOOTH, ACCOUNTS, FALLBACK] },
  overload: {
    steps: [
      step('for good', 'Other accounts hardly help; another model does (qwen3-max, then qwen-plus).'),
      step('light limiting', 'Back off exponentially with a random part; do not retry at once.'),
      step('no hurry', 'The Batch interface lies outside these limits, at half the price.'),
    ],
  },
  plan: {
    steps: [
      step('now', 'Wait for the reset, or use a pay-as-you-go secret (`sk-…`) and its base URL.'),
      step(
        'mind',
        'Plan secrets (`sk-sp-…`) are for coding tools, not for a relay: the plan may be suspended.',
      ),
    ],
  },
  balance: {
    steps: [
      step(
        'now',
        'Pay the open bill or top up in the Alibaba Cloud console; a budget limit is raised there, too.',
      ),
      step('mind', 'This is about money. A minute limit (`insufficient_quota`) is not helped by topping up.'),
      step('until then', 'Other accounts serve; Sluice leaves this one alone.'),
    ],
  },
  free_tier: {
    limit: 'the free quota of this model (each id and snapshot has its own)',
    steps: [
      step(
        'now',
        'Console of Model Studio: turn off "use free tier only" of the model, so that it is paid by use.',
      ),
      step('until then', 'Use another model: its free quota is its own.'),
    ],
  },
  auth: { steps: REGION },
  no_access: {
    steps: [
      step(
        'now',
        'Console of Model Studio: open the model for the account and for the workspace of the secret.',
      ),
      step('or', 'Use a secret of the default workspace, or take the model from this account.'),
    ],
  },
  exceeds_limits: {
    steps: [
      step('the client', 'Send a shorter prompt, or ask for fewer tokens (`max_tokens`).'),
      SNAPSHOT,
      RAISE,
    ],
  },
};
