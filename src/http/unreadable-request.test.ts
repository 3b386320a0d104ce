import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { refuseUnreadable } from './unreadable-request.ts';

const server = createServer((_request, response) => response.end('fine'));
server.on('clientError', (error, socket) => refuseUnreadable(error, socket as Socket));
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});

/** All that comes until the server hangs up. */
const answerTo = (text: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let answer = '';
    socket.on('data', (piece: Buffer) => {
      answer += piece.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.write(text);
  });

test('what is no HTTP is told so as JSON, and the connection ends', async () => {
  for (const [text, status] of [
    ['nonsense\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n', 400],
    ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const answer = await answerTo(text);
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), text.slice(0, 40));
    const { error } = JSON.parse(answer.slice(answer.indexOf('{'))) as {
      error: { type: string; message: string };
    };
    assert.equal(error.type, 'invalid_request_error');
    assert.match(error.message, status === 431 ? /head of the request is too large/ : /no valid HTTP/);
  }
});
