/** Plain values in, configuration or a list of issues out: for a file and for the environment alike. */

import { type Config, configOf } from './config.ts';
import { type Issue, issuesOf } from './issue.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { Known } from './known.ts';
import { referenceIssues } from './references.ts';
import { fileSchema } from './schema.ts';

export type Validated = { readonly config: Config } | { readonly issues: readonly Issue[] };

export function validate(data: unknown, known: Known): Validated {
  const schema = fileSchema(known);
  const result = schema.safeParse(data);
  const issues = [
    ...(result.success ? [] : issuesOf(result.error.issues, jsonSchemaOf(schema))),
    ...referenceIssues(data, known),
  ];
  return result.success && issues.length === 0 ? { config: configOf(result.data) } : { issues };
}
