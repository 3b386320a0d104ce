/** `docs/providers.md`, printed from the providers' files: a table of all, then a section each with its sources. */

import { providers } from './index.ts';
import { dialectsText, factsOf, limitsText, type ProviderFacts } from './provider-facts.ts';

const OPENING = `# Providers

<!-- Printed by \`npm run print\` from \`src/providers/\`. Changes here are lost. -->

An account names its provider by id: \`{ id: a, provider: groq, secrets: ["\${GROQ_API_KEY}"] }\`. What a provider speaks
besides is asked in the client's own dialect, byte for byte; everything else is translated. \`sluice providers\` prints the
same in a terminal.

- **Without a file** every provider whose variable is set becomes an account; several secrets are separated by commas.
  Beside \`GROQ_API_KEY\`, \`GROQ_BASE_URL\` gives another address, and \`DASHSCOPE_REGION\` a region. Who has no usual models
  (a server of your own, Azure) is named with them: \`OLLAMA_MODEL=qwen3:8b,gpt-oss:20b\`.
- **Models** are the usual ones of a provider unless the account lists its own. Any model can be listed, known here or not.
- **Quirks** are what a provider wants otherwise than its dialect says. What it would refuse is dropped or renamed in the
  bytes as they leave, and what was dropped stands in \`x-sluice-dropped\`. An account can have such rules of its own:
  \`drop: [user]\`, \`rename: { max_completion_tokens: max_tokens }\`, \`set: { store: false }\`
  ([configuration.md](configuration.md)).
- **Limits** are the published ones of the usual models; an account's own win. Where none are known, an account has those
  that it is given and what Sluice learns.
`;

export function providersMarkdown(): string {
  const facts = providers.map(factsOf);
  return `${[OPENING.trimEnd(), tableOf(facts), ...facts.map(sectionOf)].join('\n\n')}\n`;
}

function tableOf(facts: readonly ProviderFacts[]): string {
  const rows = facts.map((each) => [
    `[${each.name}](#${anchorOf(each)})`,
    code(each.id),
    dialectsText(each),
    each.regions.map(code).join(', '),
    each.variables.map(code).join(', '),
    String(each.quirks.length || ''),
    Object.keys(each.limits).length > 0 ? 'yes' : '',
  ]);
  return [
    '| provider | id | dialects | regions, the default first | variables | quirks | limits known |',
    '|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

const code = (text: string): string => `\`${text}\``;

/** As GitHub makes it of a heading. */
const anchorOf = ({ name }: ProviderFacts): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

function sectionOf(facts: ProviderFacts): string {
  const { name, addresses, addressForms, models, tasks, limits, quirks, sources } = facts;
  const places = Object.entries(addresses).map(([region, url]) =>
    region === '' ? `- ${code(url)}` : `- ${code(region)}: ${code(url)}`,
  );
  const forms = addressForms.map((form) => `- with \`base_url\`: ${code(form)}`);
  const told = Object.entries(limits).map(([model, each]) => `${code(model)} ${limitsText(each)}`);
  return [
    `## ${name}`,
    [...places, ...forms].join('\n'),
    ...(tasks.length === 0 ? [] : [`Besides: ${tasks.map(code).join(', ')}.`]),
    ...(models.length === 0 ? [] : [`Usual models: ${models.map(code).join(', ')}.`]),
    ...(quirks.length === 0
      ? []
      : [quirks.map(({ what, source }) => `- ${what} (${linked(source)})`).join('\n')]),
    ...(told.length === 0 ? [] : [`Published limits: ${told.join('; ')}.`]),
    ...(sources.length === 0 ? [] : [`Sources: ${sources.map(linked).join(', ')}.`]),
  ].join('\n\n');
}

/** Threads are named as the field names them: `owner/repository#1`. */
const linked = (source: string): string =>
  source
    .split(', ')
    .map((each) =>
      each
        .replace(/^https:\/\/\S+$/, '<$&>')
        .replace(/^([\w.-]+\/[\w.-]+)#(\d+)$/, '[$&](https://github.com/$1/issues/$2)'),
    )
    .join(', ');
