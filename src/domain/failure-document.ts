/** `docs/errors.md`, printed from the table of failures. */

import { FAILURES, type FailureRule } from './failure.ts';

const OPENING = `# Errors

<!-- Printed by \`npm run print\` from \`src/domain/failure-table.ts\`. Changes here are lost. -->

Every way a call can fail has a kind: the word in the log, the label of the metric, the row below. A client sees the
HTTP status and, in the body, \`type\` and \`code\` as OpenAI's API has them; on \`/v1/messages\` the type that Anthropic's
API has for that status.

- **touches**: what a failure says something about. \`request\`: nothing but this call. \`secret\`, \`channel\` (account x
  model), \`account\`, \`model\` (of the provider, in every account, once two accounts said so): more or less of the pool,
  which is left alone until the time that the provider told, else for the bench time, doubled while the failure repeats.
  A bench only ever moves later. After it one waiting call tries, then the rate rises step by step.
- **bench**: \`then off\`: a second refusal after the first bench switches it off until somebody acts (\`sluice on\`, or
  another secret or address in the configuration).
- **after**: how many calls in a row must fail before the bench, for a channel that has answered within ten seconds. A
  call that two accounts refuse while they serve others is at fault itself (\`request_refused\`).
- **next**: \`stop\`: the client gets the error. \`next\`: another channel, now. \`wait\`: back in line for any channel. Once
  content has reached the client, every failure stops.
- **retry**: whether the client's SDK may try again by itself (\`x-should-retry\`). After \`pool_exhausted\` it may where a
  channel is free again within a minute.
`;

const BLAME = {
  client: "The client's doing",
  sluice: "Sluice's own refusals",
  upstream: 'From the provider',
} as const satisfies Record<FailureRule['blame'], string>;

export function errorsMarkdown(failures: Readonly<Record<string, FailureRule>> = FAILURES): string {
  const parts = Object.entries(BLAME).map(([blame, title]) => {
    const rows = Object.entries(failures).filter(([, rule]) => rule.blame === blame);
    return [`## ${title}`, table(rows)].join('\n\n');
  });
  return `${[OPENING.trimEnd(), ...parts].join('\n\n')}\n`;
}

const table = (rows: readonly (readonly [string, FailureRule])[]): string =>
  [
    '| kind | status | type | code | touches | next | bench | after | retry | meaning |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map(([kind, rule]) => `| ${rowOf(kind, rule).join(' | ')} |`),
  ].join('\n');

const rowOf = (kind: string, rule: FailureRule): string[] => [
  `\`${kind}\``,
  String(rule.status),
  `\`${rule.type}\``,
  rule.code === null ? '' : `\`${rule.code}\``,
  rule.scope,
  rule.next,
  benchText(rule),
  rule.scope === 'request' || rule.next === 'stop' ? '' : String(rule.patience ?? 1),
  rule.retry ? 'yes' : 'no',
  rule.meaning,
];

function benchText({ benchMs, benchMaxMs, switchesOff }: FailureRule): string {
  if (benchMs === 0) return '';
  return switchesOff ? `${timeText(benchMs)}, then off` : `${timeText(benchMs)} to ${timeText(benchMaxMs)}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

function timeText(durationMs: number): string {
  const unit = UNITS.find(([, unitMs]) => durationMs % unitMs === 0);
  return unit === undefined ? `${durationMs} ms` : `${durationMs / unit[1]} ${unit[0]}`;
}
