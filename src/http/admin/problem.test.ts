import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { wrongFields } from './problem.ts';

const SCHEMA = z
  .object({
    role: z.enum(['owner', 'viewer']),
    kind: z.literal('grant'),
    limit: z.number().int().min(1).max(500),
    weight: z.number().gt(0),
    name: z.string().min(2).max(4),
    list: z.array(z.string()).min(1),
    own: z.string().regex(/^a/, 'expected a word with an a'),
  })
  .strict();
const GOOD = { role: 'owner', kind: 'grant', limit: 5, weight: 1, name: 'abc', list: ['x'], own: 'a' };

const told = (wrong: object): string | undefined => {
  const result = SCHEMA.safeParse({ ...GOOD, ...wrong });
  return result.success ? undefined : wrongFields('body', result.error).message;
};

test('wrong fields are told in the words of the house, and no value is repeated', () => {
  assert.equal(told({}), undefined);
  assert.equal(told({ role: 'boss' }), 'body.role: expected one of owner, viewer.');
  assert.equal(told({ kind: 'secret' }), 'body.kind: expected grant.');
  assert.equal(told({ limit: 0 }), 'body.limit: expected at least 1.');
  assert.equal(told({ limit: 501 }), 'body.limit: expected at most 500.');
  assert.equal(told({ limit: 1.5 }), 'body.limit: expected a whole number.');
  assert.equal(told({ weight: 0 }), 'body.weight: expected more than 0.');
  assert.equal(told({ name: 'a' }), 'body.name: expected at least 2 characters.');
  assert.equal(told({ list: [] }), 'body.list: expected at least 1 entry.');
  assert.equal(told({ name: 7 }), 'body.name: expected text.');
  assert.equal(told({ list: 'secret' }), 'body.list: expected a list.');
  assert.equal(told({ own: 'secret' }), 'body.own: expected a word with an a.');
  assert.equal(told({ odd: 'secret' }), 'body.odd: there is no such field.');
});
