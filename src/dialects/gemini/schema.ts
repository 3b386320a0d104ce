/**
 * The schemas of Gemini's own kind, which are a part of OpenAPI's with types in capitals, as JSON schemas. The other way is
 * not needed: Gemini takes JSON schemas, too, in fields of their own.
 * Source: https://ai.google.dev/api/caching#Schema
 */

import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { camelOf } from './wire.ts';

/** Counts are 64 bits wide there, and texts in JSON. */
const COUNTS: ReadonlySet<string> = new Set([
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'],
]);
const MEANINGLESS: ReadonlySet<string> = new Set(['propertyOrdering', 'example', 'nullable']);

export function jsonSchemaOf(schema: unknown): unknown {
  if (!isJsonObject(schema)) return schema;
  const written: Record<string, unknown> = {};
  for (const [spelt, value] of Object.entries(schema)) {
    const name = spelt.startsWith('$') ? spelt : camelOf(spelt);
    if (MEANINGLESS.has(name)) continue;
    written[name] = convertedUnder(name, value);
  }
  const { type } = written;
  if (schema['nullable'] === true && typeof type === 'string') written['type'] = [type, 'null'];
  return written;
}

function convertedUnder(name: string, value: unknown): unknown {
  if (name === 'type' && typeof value === 'string') return value.toLowerCase();
  if (name === 'properties' && isJsonObject(value)) return eachOf(value);
  if ((name === 'items' || name === 'additionalProperties') && isJsonObject(value))
    return jsonSchemaOf(value);
  if (Array.isArray(value) && (name === 'anyOf' || name === 'prefixItems')) return value.map(jsonSchemaOf);
  return COUNTS.has(name) && typeof value === 'string' ? Number(value) : value;
}

/** Names of properties are the client's own, also where they look like a keyword. */
const eachOf = (properties: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, jsonSchemaOf(value)]));
