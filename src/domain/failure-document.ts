/** `docs/errors.md`, printed from the table of failures. */

import { FAILURES, type FailureRule } from './failure.ts';

const OPENING = `# Errors

<!-- Printed by \`npm run print\` from \`src/domain/failure.ts\`. Changes here are lost. -->

Every way a call can fail has a kind: the word in the log, the label of the metric, the row below. A client sees the
HTTP status and, in the body, \`type\` and \`code\` as OpenAI's API has them; on \`/v1/messages\` the type that Anthropic's
API has for that status.

- **touches**: what a failure says something about. \`request\`: nothing but this call. \`channel\`, \`secret\`, \`account\`,
  \`provider\`: ever more of the pool, which is left alone for the bench time, doubled while the failure repeats.
- **next**: \`stop\`: the client gets the error. \`next\`: another channel, now. \`wait\`: back in line for any channel. Once
  content has reached the client, every failure stops.
- **retry**: whether the client's SDK may try again by itself (\`x-should-retry\`).
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
    '| kind | status | type | code | touches | next | bench | retry | meaning |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map(([kind, rule]) => `| ${rowOf(kind, rule).join(' | ')} |`),
  ].join('\n');

const rowOf = (kind: string, rule: FailureRule): string[] => [
  `\`${kind}\``,
  String(rule.status),
  `\`${rule.type}\``,
  rule.code === null ? '' : `\`${rule.code}\``,
  rule.scope,
  rule.next,
  rule.benchMs === 0 ? '' : `${timeText(rule.benchMs)} to ${timeText(rule.benchMaxMs)}`,
  rule.retry ? 'yes' : 'no',
  rule.meaning,
];

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
