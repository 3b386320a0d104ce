/** A plausible value for a JSON schema: what a simulated model fills into tool arguments and structured answers. */

import { isJsonObject } from '../base/json.ts';

/** Deep enough for real schemas; recursive ones end here. */
const DEEPEST = 8;

/** `text` fills free strings. */
export function sampleOf(schema: unknown, text: string, depth = 0): unknown {
  if (!isJsonObject(schema) || depth > DEEPEST) return text;
  if ('const' in schema) return schema['const'];
  if ('default' in schema) return schema['default'];
  const first = firstOf(schema['enum']) ?? firstOf(schema['examples']);
  if (first !== undefined) return first;
  const branch = firstOf(schema['anyOf']) ?? firstOf(schema['oneOf']) ?? firstOf(schema['allOf']);
  if (branch !== undefined) return sampleOf(branch, text, depth + 1);
  return sampleOfType(schema, text, depth);
}

function sampleOfType(schema: Readonly<Record<string, unknown>>, text: string, depth: number): unknown {
  const { type, properties } = schema;
  switch (Array.isArray(type) ? type[0] : (type ?? (isJsonObject(properties) ? 'object' : 'string'))) {
    case 'object':
      return Object.fromEntries(
        Object.entries(isJsonObject(properties) ? properties : {}).map(([name, inner]) => [
          name,
          sampleOf(inner, text, depth + 1),
        ]),
      );
    case 'array':
      return [sampleOf(schema['items'], text, depth + 1)];
    case 'integer':
    case 'number':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return text;
  }
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined);
