/** The page that is kept: the bounds, the tables, and how all of it was measured. */

import { type Verdict, verdictTable } from './bounds.ts';
import { type Summary, scenarioOf, tableGroupsOf } from './report.ts';

/** The first tables have everybody; those of variants only Sluice and the two that use most of the limit. */
const WHOLE: ReadonlySet<string> = new Set(['Traffic', 'Cold start at 0.95x']);
const IN_VARIANTS: ReadonlySet<string> = new Set(['queue', 'round-robin', 'sluice']);

export function documentOf(
  summaries: readonly Summary[],
  verdicts: readonly Verdict[],
  cost: string,
): string {
  const shown = summaries.filter(
    ({ scenario, policy }) => WHOLE.has(scenarioOf(scenario).group) || IN_VARIANTS.has(policy),
  );
  const seeds = Math.max(0, ...summaries.map(({ runs }) => runs.length));
  return `# Goodput

Printed by \`npm run bench:goodput -- --write\`; \`bench/goodput.ts\` is where it starts. How much of its limits a pool
gives, and what that costs in refusals: Sluice beside the usual ways, in simulated time.

![Bars: limit used, upstream refusals and refusals to clients, by policy](goodput.svg)

Every figure is the mean of ${seeds} seeds [least-greatest].

## What must hold

${verdictTable(verdicts)}

*yes*: in every seed.

${cost}

**Where it falls short: outsiders.** What calls from elsewhere leave is a moving target. Coming at random, three a
second into a strict window of ten, they leave room for seven on average, but for five of ours in nine seconds of ten
only: fewer than 8 refusals in 1,000 allow two to three a second, a third of what is left, to whoever is not told what
remains (Poisson). Coming evenly they leave a sharp limit that has to be found from refusals: what is missing there is
what strict seconds cost at these distances without outsiders, too (90 % where requests bind), and the price of asking
for more as rarely as this does. A provider that tells what remains (OpenAI, Anthropic) spares all of it.

${tableGroupsOf(shown)
  .map(({ title, table }) => `## ${title}\n\n${table}`)
  .join('\n\n')}

## How it is measured

- **Not live.** The provider is the product's own simulator (\`src/simulator/quotas.ts\`), which knows nothing of
  Sluice's admission. What the vendor does not publish (windows, charging, growth guards) is measured in variants.
- **Pool**: five accounts of 600 RPM, 1,000,000 TPM, 10 RPS and 16,667 input tokens a second, unless a table says
  otherwise; 20 tenants. Prompts and answers are lognormal (sigma 0.5): 1,700 + 500 tokens on average where tokens
  bind, 700 + 300 where requests bind. One call in five names 4,096 as its max_tokens, the others 2,048.
- **Growth guards**: the provider's are not published. Three shapes stand in: half as much again each second, ten
  seconds that may double the thirty before, five that may add a quarter of the limit to the twenty before. A guard of
  20 % a second with whole numbers cannot be climbed by anybody from two or three requests a second.
- **Wires**: each message takes its own time each way, 20 ms and a lognormal (median 40 ms, sigma 0.9) up to 400 ms;
  the provider's clock is not ours. First token after 0.3 s and a lognormal (median 0.4 s), then 40-80 tokens a second.
  Output is charged at its end.
- **Time**: the load rises over 150 s, five minutes are not counted, ten are; at a cold start five from the first call
  on. The traffic goes on behind that, so that the last calls have it no easier. Every call must come to an end, or
  the run fails.
- **Limit used** is what providers accepted of what they had left for us, the greater of requests and tokens.
  **Upstream 429** are refusals for 1,000 sends. **Shown** are calls that the client saw fail; **unavoidable** is what
  of the tokens no policy could have answered, 1 - 1/load. A line that still grows hides some of that: its calls wait
  behind the measured time.
- **Wait** is from the call's arrival to the send that was accepted. **Jain** is the fairness index over tenants, of
  the cost answered against an even deal of it.
- **The others** have fixed rules and no tuning: the founding article's backoff (an account for each tenant, five
  tries) and its queue (60/RPM apart, the same backoff, 120 s of patience), round robin with the next account at once
  (six tries), least used with cooldown (after LiteLLM's usage-based routing: its rule, not the product).
`;
}
