/** `docs/configuration.md`, printed from the schema: one table per section, then a whole example. */

import { EXAMPLE } from './example.ts';
import { configurationJsonSchema, isLeaf, type JsonSchema } from './json-schema.ts';

const OPENING = `# Configuration

<!-- Printed by \`npm run print\` from \`src/config/schema.ts\`. Changes here are lost. -->

Sluice reads one YAML file, \`sluice.yaml\` in the current folder unless \`--config\` names another one. \`sluice check\` tells
everything that is wrong with it, with line and column. Editors check it by [config.schema.json](config.schema.json).

- **Durations** are \`300ms\`, \`50s\`, \`5m\`, \`1h\`, \`30d\`, or a plain number of seconds. **Sizes** are \`512kb\`, \`32mb\`.
- **Interpolation** works in every value: \`\${VAR}\` (must be set), \`\${VAR:-default}\`, \`\${file:path}\` (relative to the
  configuration file, without its last line break). \`$\${\` is a plain \`\${\`. Inside \`{ }\` and \`[ ]\` YAML wants quotes
  around it.
- **Limits** are numbers above 0. \`off\` switches a published limit off. A model's own limits win over its account's, and
  both over the published ones.
- Unknown keys are errors.
`;

export function configurationMarkdown(): string {
  const schema = configurationJsonSchema();
  const sections = [...sectionsOf(schema, '')];
  const tables = sections.map(({ path, section }) => tableOf(path, section));
  return `${[OPENING.trimEnd(), ...tables, `## A whole example\n\n\`\`\`yaml\n${EXAMPLE}\`\`\``].join('\n\n')}\n`;
}

type Section = { readonly path: string; readonly section: JsonSchema };

/** Every mapping with keys of its own, the outer one first. A ramp is told once, in its row. */
function* sectionsOf(schema: JsonSchema, path: string): Iterable<Section> {
  if (schema.properties !== undefined) {
    yield { path, section: schema };
    for (const [name, value] of Object.entries(schema.properties)) {
      if (name !== 'ramp') yield* sectionsOf(value, path === '' ? name : `${path}.${name}`);
    }
  }
  if (schema.items !== undefined) yield* sectionsOf({ ...schema.items, ...described(schema) }, `${path}[]`);
  if (typeof schema.additionalProperties === 'object') {
    yield* sectionsOf({ ...schema.additionalProperties, ...described(schema) }, `${path}.<name>`);
  }
  for (const choice of schema.anyOf ?? []) yield* sectionsOf({ ...choice, ...described(schema) }, path);
}

const described = ({ description }: JsonSchema): Pick<JsonSchema, 'description'> =>
  description === undefined ? {} : { description };

function tableOf(path: string, { description, properties = {}, required = [] }: JsonSchema): string {
  const rows = Object.entries(properties).map(([name, value]) => {
    const preset = required.includes(name) ? '**required**' : presetOf(value);
    return [`\`${name}\``, typeOf(value), preset, value.description ?? ''].map(escapeCell).join(' | ');
  });
  const title = path === '' ? '## The file' : `## \`${path}\``;
  const opening = path === '' ? [] : [description ?? ''];
  const table = [
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
  ];
  return [title, ...opening.filter((line) => line !== ''), table.join('\n')].join('\n\n');
}

const escapeCell = (cell: string): string => cell.replaceAll('|', '\\|');

/** A default worth telling: an empty mapping or list says nothing. */
function presetOf({ default: preset }: JsonSchema): string {
  if (Array.isArray(preset) && preset.length > 0) return `\`[${preset.join(', ')}]\``;
  if (preset === undefined || typeof preset === 'object') return '';
  return `\`${String(preset)}\``;
}

function typeOf(schema: JsonSchema): string {
  if (isLeaf(schema)) return schema.title ?? '';
  if (schema.items !== undefined) return `list of ${plural(typeOf(schema.items))}`;
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  const entries = schema.additionalProperties;
  if (typeof entries === 'object') return 'mapping by name';
  return schema.properties !== undefined && 'growth' in schema.properties ? '`{ floor, growth }`' : 'section';
}

/** A choice stays as it is. */
const plural = (type: string): string => {
  if (type.includes(' | ')) return type;
  return type.endsWith('s') ? `${type}es` : `${type}s`;
};
