/** A file of the catalogue as text: one line a model, so that a change of one is a change of one line. */

import type { CatalogueInput } from '../../src/catalog/schema.ts';

export function printFile({ sources, models, ...head }: CatalogueInput): string {
  const { provider, ...rest } = head;
  const sourceLines = Object.entries(sources).map(
    ([name, source]) => `    ${quoted(name)}: ${quoted(source)}`,
  );
  const lines = [
    `  "provider": ${quoted(provider)}`,
    `  "sources": {\n${sourceLines.join(',\n')}\n  }`,
    ...Object.entries(rest).map(([name, value]) => `  ${quoted(name)}: ${quoted(value)}`),
    `  "models": [\n${models.map((model) => `    ${quoted(model)}`).join(',\n')}\n  ]`,
  ];
  return `{\n${lines.join(',\n')}\n}\n`;
}

const quoted = (value: unknown): string => JSON.stringify(value);
