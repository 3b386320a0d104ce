import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutThoughts } from './adapt.ts';

const HI = { role: 'user', content: '世' };
const sealed = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'gAAA' };
const open = { type: 'reasoning', id: 'rs_2', summary: [{ type: 'summary_text', text: 'Hm.' }] };

test('thoughts that another has encrypted are taken out and named, and no other byte changes', () => {
  const [head, tail] = ['{ "store":false,"input": ', ', "x": 1.0 }'];
  const body = Buffer.from(`${head}${JSON.stringify([HI, sealed, open, HI])}${tail}`);
  const { body: told, dropped } = withoutThoughts(body);
  assert.equal(Buffer.from(told).toString(), `${head}${JSON.stringify([HI, open, HI])}${tail}`);
  assert.deepEqual(dropped, ['encrypted_content']);
});

test('what has none stays the same bytes', () => {
  for (const value of [{ input: 'reasoning' }, { input: [HI, open] }, {}, 'no JSON']) {
    const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
    assert.equal(withoutThoughts(body).body, body);
  }
});
