import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DialectId } from '../domain/call.ts';
import { providerOf } from '../providers/index.ts';
import { needsFunctions } from './text-tools.ts';

const PATCH = { type: 'custom', custom: { name: 'apply_patch', format: { type: 'text' } } };
const LOOK = { type: 'function', function: { name: 'look' } };

const needed = (id: string, fields: object, dialect: DialectId = 'openai-chat'): boolean =>
  needsFunctions({ dialect, body: Buffer.from(JSON.stringify(fields)) }, providerOf(id) ?? assert.fail(id));

test('a tool that takes a text is written anew for those who know functions alone', () => {
  for (const id of ['qwen', 'deepseek', 'moonshot', 'mistral', 'groq', 'simulator'])
    assert.equal(needed(id, { model: 'm', tools: [LOOK, PATCH] }), true, id);
});

test('and goes on as it is to those who know it, or of whom nothing is known', () => {
  for (const id of ['openai', 'azure', 'openai-compatible', 'vllm'])
    assert.equal(needed(id, { model: 'm', tools: [PATCH] }), false, id);
});

test('nothing is written anew for a word that only looks like such a tool', () => {
  for (const fields of [
    { tools: [LOOK] },
    { tools: [{ type: 'function', function: { name: 'custom', description: '"custom"' } }] },
    { messages: [{ role: 'user', content: '"type":"custom"' }] },
    { tools: 'custom' },
    { tools: null, tool_choice: { type: 'custom', custom: { name: 'x' } } },
    {},
  ])
    assert.equal(needed('qwen', { model: 'm', ...fields }), false, JSON.stringify(fields));
  assert.equal(needed('qwen', { tools: [PATCH] }, 'openai-responses'), false);
  assert.equal(
    needsFunctions(
      { dialect: 'openai-chat', body: Buffer.from('"custom"') },
      providerOf('qwen') ?? assert.fail(),
    ),
    false,
  );
});
