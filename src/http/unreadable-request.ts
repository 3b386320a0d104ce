/**
 * What is no HTTP gets an error, too: one that clients can read, in the words that nearly all of them understand, for
 * nobody knows what was asked. The connection ends with it.
 */

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { newRequestId } from '../base/ids.ts';
import { openaiChat } from '../dialects/openai-chat/openai-chat.ts';
import { Failure } from '../domain/failure.ts';

/** By the codes of Node's parser; what is not here is a 400. */
const SAID: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The head of the request is too large: send fewer or shorter headers.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The head of the request did not come in time.'],
};

/** Nothing is said where nobody listens any more. */
export function refuseUnreadable(error: Error, socket: Socket): void {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, message] = SAID[code] ?? [
    400,
    'The request is no valid HTTP: its head, its content-length or its chunks are wrong.',
  ];
  const failure = new Failure('invalid_request', { message, status });
  const { body } = openaiChat.writeFailure(failure, newRequestId());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body.toString('utf8')}`,
  );
}
