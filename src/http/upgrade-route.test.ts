import assert from 'node:assert/strict';
import { test } from 'node:test';
import Fastify from 'fastify';
import { Failure } from '../domain/failure.ts';
import { addUpgradeRefusal } from './upgrade-route.ts';

function doorOf() {
  const server = Fastify();
  addUpgradeRefusal(server, '/v1/responses');
  server.setNotFoundHandler((_request, reply) => reply.code(404).send());
  server.setErrorHandler((error, _request, reply) => {
    assert.ok(error instanceof Failure);
    return reply.code(error.status).send({ message: error.message, retry: error.retry });
  });
  return server;
}

test('who asks for a WebSocket is told to come by HTTP', async () => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
  const answer = await doorOf().inject({ method: 'GET', url: '/v1/responses', headers: upgrade });
  assert.equal(answer.statusCode, 426);
  assert.equal(answer.headers['upgrade'], 'HTTP/1.1');
  assert.match(answer.body, /POST \/v1\/responses/);
  assert.match(answer.body, /"retry":false/);
});

test('who asks for none finds nothing there', async () => {
  const answer = await doorOf().inject({ method: 'GET', url: '/v1/responses' });
  assert.equal(answer.statusCode, 404);
  assert.equal(answer.headers['upgrade'], undefined);
});
