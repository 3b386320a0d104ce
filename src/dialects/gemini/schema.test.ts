import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonSchemaOf } from './schema.ts';

test('types are written small, at every depth, and nothing else changes its meaning', () => {
  assert.deepEqual(
    jsonSchemaOf({
      type: 'OBJECT',
      properties: {
        type: { type: 'STRING', enum: ['A', 'B'], description: 'A TYPE' },
        list: { type: 'ARRAY', items: { type: 'INTEGER', format: 'int32' }, minItems: '1', max_items: 3 },
        any: { any_of: [{ type: 'NUMBER' }, { type: 'BOOLEAN', nullable: true }] },
        example: { type: 'STRING' },
      },
      required: ['type'],
      propertyOrdering: ['list', 'type'],
    }),
    {
      type: 'object',
      properties: {
        type: { type: 'string', enum: ['A', 'B'], description: 'A TYPE' },
        list: { type: 'array', items: { type: 'integer', format: 'int32' }, minItems: 1, maxItems: 3 },
        any: { anyOf: [{ type: 'number' }, { type: ['boolean', 'null'] }] },
        example: { type: 'string' },
      },
      required: ['type'],
    },
  );
});

test('what is a JSON schema already, or none at all, stays as it is', () => {
  const schema = {
    $ref: '#/$defs/a',
    type: ['string', 'null'],
    additionalProperties: false,
    $defs: { a: { type: 'object' } },
  };
  assert.deepEqual(jsonSchemaOf(schema), schema);
  for (const value of [undefined, null, true, 'OBJECT']) assert.equal(jsonSchemaOf(value), value);
});
