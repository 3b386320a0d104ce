/**
 * The schema as JSON schema: what editors check a file against, and the map by which the loader knows which keys
 * exist and which values may be shown.
 */

import { z } from 'zod';
import type { Path } from './place.ts';
import { fileSchema } from './schema.ts';

/** The part of JSON schema that ours consists of. */
export type JsonSchema = {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  /** A secret: given, never shown. */
  readonly writeOnly?: boolean;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
};

/** For `docs/config.schema.json`: every value may be an interpolation, so numbers, words and durations take `${…}`. */
export const configurationJsonSchema = (): JsonSchema => {
  const { $schema, ...rest } = jsonSchemaOf(fileSchema());
  return { $schema, title: 'sluice.yaml', ...rest } as JsonSchema;
};

/** What a file may say, as opposed to what is made of it. */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema & { readonly $schema?: string } =>
  z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;

/** A single value, as opposed to a mapping or a list: only leaves carry a title. */
export const isLeaf = (schema: JsonSchema): boolean =>
  schema.title !== undefined && schema.properties === undefined && schema.items === undefined;

/** What may stand at a path: several where there is a choice, none where the path leads nowhere. */
export function schemasAt(schema: JsonSchema, path: Path): readonly JsonSchema[] {
  return path.reduce<readonly JsonSchema[]>(
    (schemas, step) => schemas.flatMap((each) => stepInto(each, step)),
    choices(schema),
  );
}

const choices = (schema: JsonSchema): readonly JsonSchema[] =>
  isLeaf(schema) || schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(choices);

function stepInto(schema: JsonSchema, step: string | number): readonly JsonSchema[] {
  if (typeof step === 'number') return schema.items === undefined ? [] : choices(schema.items);
  const { properties = {}, additionalProperties } = schema;
  const found = Object.hasOwn(properties, step) ? properties[step] : additionalProperties;
  return found === undefined || found === false ? [] : choices(found);
}
