import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { actionAt, calledAt, isGoogles, takeKey, wantsList } from './google-address.ts';

test('an action stands behind the last colon, whatever the model is called', () => {
  for (const [path, action] of [
    ['/v1beta/models/m:generateContent', 'generateContent'],
    ['/v1alpha/models/org/llama3:8b:countTokens', 'countTokens'],
    ['/v1/models/m:streamGenerateContent', 'streamGenerateContent'],
    ['/v1/models/llama3:8b', undefined],
    ['/v1/models/:generateContent', undefined],
    ['/v1beta/tunedModels/m:generateContent', undefined],
    ['/api/v1/models/m:generateContent', undefined],
    ['/v2/models/m:generateContent', undefined],
    ['/v1/chat/completions', undefined],
  ] as const)
    assert.equal(actionAt(path), action, path);
});

test('what calls an upstream is of a dialect, and nothing else is', () => {
  assert.equal(calledAt('/v1/models/m:generateContent')?.id, 'gemini');
  assert.equal(calledAt('/v1beta/models/m:streamGenerateContent')?.id, 'gemini');
  for (const path of ['/v1/models/m:countTokens', '/v1/models/m:toString', '/v1/models/m', '/v1:x'])
    assert.equal(calledAt(path), undefined, path);
});

test('whoever asks below a version that only Google has, or for what only Google does, speaks Gemini', () => {
  for (const path of [
    ...['/v1beta', '/v1beta/models', '/v1alpha/files/1', '/v1beta/models/m:paint'],
    ...[
      '/v1/models/m:generateContent',
      '/v1/models/a:b:batchEmbedContents',
      '/v1/models/m:predictLongRunning',
    ],
  ])
    assert.equal(isGoogles(path), true, path);
  for (const path of ['/v1/models/llama3:8b', '/v1/models', '/v1betas', '/v1/messages', '/api/v1beta/models'])
    assert.equal(isGoogles(path), false, path);
});

test('a key in the address is moved to its header, and the rest stays', () => {
  const taken = (url: string, headers: Record<string, string> = {}) => {
    const request = { url, headers } as unknown as IncomingMessage;
    takeKey(request);
    return [request.url, request.headers['x-goog-api-key']];
  };
  assert.deepEqual(taken('/v1beta/m:x?key=k%2F1&alt=sse'), ['/v1beta/m:x?alt=sse', 'k/1']);
  assert.deepEqual(taken('/v1beta/m:x?key=k'), ['/v1beta/m:x', 'k']);
  assert.deepEqual(taken('/v1/m:x?key=k', { 'x-goog-api-key': 'own' }), ['/v1/m:x', 'own']);
  for (const path of ['/api/v1/models', '/openai/v1/files', '/rerank', '/metrics'])
    assert.deepEqual(taken(`${path}?after=a&key=k`), [`${path}?after=a`, 'k']);
  for (const url of ['/v1/m', '/v1/m?monkey=1', '/v1beta/key=k'])
    assert.deepEqual(taken(url), [url, undefined]);
});

test('a stream is a list unless it is asked for as events', () => {
  for (const [target, isList] of [
    ['/v1/models/m:streamGenerateContent', true],
    ['/v1/models/m:streamGenerateContent?alt=json', true],
    ['/v1/models/m:streamGenerateContent?alt=sse', false],
    ['/v1/models/m:streamGenerateContent?a=1&alt=sse&b=2', false],
    ['/v1/models/m:streamGenerateContent?x_alt=sse', true],
  ] as const)
    assert.equal(wantsList(target), isList, target);
});
