import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wires } from '../dialects/index.ts';
import { taskDialects } from '../dialects/tasks/index.ts';
import type { TaskDialectId } from '../domain/call.ts';
import { providerOf, providers } from './index.ts';
import { addressOf } from './provider.ts';

const at = (id: string, dialect: TaskDialectId, baseUrl?: string): string | undefined => {
  const provider = providerOf(id) ?? assert.fail(id);
  return addressOf(provider, dialect, baseUrl ?? provider.baseUrl() ?? '');
};

test('tasks are asked below the base URL, where the table says that a provider has them', () => {
  assert.equal(at('openai', 'openai-embeddings'), 'https://api.openai.com/v1/embeddings');
  assert.equal(at('openai', 'openai-images'), 'https://api.openai.com/v1/images/generations');
  assert.equal(at('openai', 'openai-speech'), 'https://api.openai.com/v1/audio/speech');
  assert.equal(at('openai', 'openai-completions'), 'https://api.openai.com/v1/completions');
  assert.equal(at('openai', 'rerank'), undefined);
  assert.equal(at('siliconflow', 'rerank'), 'https://api.siliconflow.cn/v1/rerank');
  assert.equal(at('groq', 'openai-embeddings'), undefined);
  for (const dialect of ['openai-embeddings', 'rerank', 'openai-moderations'] as const)
    assert.match(at('openai-compatible', dialect, 'http://host/v1') ?? '', /^http:\/\/host\/v1\/[a-z]+$/);
  assert.equal(at('anthropic', 'openai-embeddings'), undefined);
});

test('some have their own places', () => {
  const qwen = 'https://dashscope.aliyuncs.com';
  const compatible = `${qwen}/compatible-mode/v1`;
  assert.equal(at('qwen', 'openai-embeddings', compatible), `${compatible}/embeddings`);
  assert.equal(at('qwen', 'rerank', compatible), `${qwen}/compatible-api/v1/reranks`);
  const own = '/api/v1/services/rerank/text-rerank/text-rerank';
  assert.equal(at('qwen', 'dashscope-rerank', compatible), qwen + own);
  const workspace = 'https://llm-1.ap-southeast-1.maas.aliyuncs.com';
  assert.equal(
    at('qwen', 'rerank', `${workspace}/compatible-mode/v1`),
    `${workspace}/compatible-api/v1/reranks`,
  );
  assert.equal(at('qwen', 'rerank', 'https://other.example.com/compatible-mode/v1'), undefined);
  assert.equal(at('cohere', 'rerank'), 'https://api.cohere.ai/v2/rerank');
  const google = 'https://generativelanguage.googleapis.com/v1beta';
  assert.equal(at('gemini', 'openai-embeddings'), `${google}/openai/embeddings`);
  assert.equal(at('gemini', 'openai-embeddings', `${google}/openai`), `${google}/openai/embeddings`);
  assert.equal(at('gemini', 'gemini-batch-embeddings', `${google}/openai`), `${google}/models`);
  const azure = 'https://x.openai.azure.com';
  assert.equal(at('azure', 'openai-embeddings', `${azure}/openai/v1`), `${azure}/openai/v1/embeddings`);
  assert.match(
    at('azure', 'openai-speech', azure) ?? '',
    /deployments\/\{model\}\/audio\/speech\?api-version=/,
  );
});

test("Model Studio's models of now are ranked in one language, the others in its own; only coders complete", () => {
  const { serves } = providerOf('qwen') ?? assert.fail();
  assert.deepEqual(
    ['qwen3-rerank', 'gte-rerank-v2', 'qwen3-vl-rerank'].map((model) => [
      serves?.('rerank', model),
      serves?.('dashscope-rerank', model),
    ]),
    [
      [true, false],
      [false, true],
      [false, true],
    ],
  );
  assert.deepEqual(
    ['qwen3-coder-plus', 'qwen-plus'].map((model) => serves?.('openai-completions', model)),
    [true, false],
  );
  assert.equal(serves?.('openai-chat', 'qwen-plus'), true);
});

test('no provider names a dialect that there is not', () => {
  const known = new Set(Object.keys(wires));
  for (const { id, speaks } of providers)
    for (const dialect of Object.keys(speaks)) assert.ok(known.has(dialect), `${id}: ${dialect}`);
  assert.ok(Object.keys(taskDialects).every((id) => known.has(id)));
});
