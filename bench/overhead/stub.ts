/**
 * The upstream: answers every chat call with the same 600 bytes, or with a stream of as many chunks as the parent last
 * asked for. Streams take turns, one write per beat: a write wakes the proxy once, and no two chunks of a stream meet
 * in its socket. Run as a child process; it tells its parent the port.
 */

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the parent sets between runs: `hold` leaves streams open after their first chunk. */
export type StubMode = { readonly chunks: number; readonly gapMicros: number; readonly hold: boolean };

const PLAIN_BYTES = 600;
const CHUNK_BYTES = 250;

let mode: StubMode = { chunks: 1, gapMicros: 0, hold: false };

const plain = Buffer.from(plainReply());
const chunk = Buffer.from(frame({ choices: [choice({ content: filler(CHUNK_BYTES - 190) }, null)] }));
const last = Buffer.from(frame({ choices: [choice({}, 'stop')] }));
const usage = Buffer.from(frame({ choices: [], usage: usageOf(220) }));
const done = Buffer.from('data: [DONE]\n\n');

type Stream = { readonly response: ServerResponse; left: number };
const ring: Stream[] = [];
let nextBeatMs = 0;

const server = createServer({ keepAliveTimeout: 300_000, requestTimeout: 0 }, (request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(404).end();
    return;
  }
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    if (/"stream": ?true/.test(Buffer.concat(parts).toString('latin1'))) stream(response);
    else
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': plain.length })
        .end(plain);
  });
});

function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  if (mode.hold) {
    response.write(chunk);
    return;
  }
  if (ring.push({ response, left: mode.chunks }) === 1) setImmediate(beat);
}

/**
 * Spins while streams are open: a timer is a millisecond coarse and would fire in bursts, and a machine that falls
 * asleep between two chunks charges its waking up to the proxy.
 */
function beat(): void {
  const nowMs = performance.now();
  if (nowMs >= nextBeatMs) {
    nextBeatMs = nowMs + mode.gapMicros / 1000;
    const turn = ring.shift();
    if (turn && !turn.response.destroyed && writeNext(turn)) ring.push(turn);
  }
  if (ring.length > 0) setImmediate(beat);
}

function writeNext(turn: Stream): boolean {
  turn.left -= 1;
  if (turn.left > 0) turn.response.write(chunk);
  else if (turn.left === 0) turn.response.write(last);
  else if (turn.left === -1) turn.response.write(usage);
  else turn.response.end(done);
  return turn.left >= -1;
}

function frame(fields: object): string {
  return `data: ${JSON.stringify({ id: 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWx', object: 'chat.completion.chunk', created: 1, model: 'stub-model', ...fields })}\n\n`;
}

function choice(delta: object, finish: string | null): object {
  return { index: 0, delta, logprobs: null, finish_reason: finish };
}

function usageOf(output: number): object {
  return { prompt_tokens: 230, completion_tokens: output, total_tokens: 230 + output };
}

function plainReply(): string {
  const reply = (content: string): string =>
    JSON.stringify({
      id: 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWx',
      object: 'chat.completion',
      created: 1,
      model: 'stub-model',
      choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
      usage: usageOf(64),
    });
  return reply(filler(PLAIN_BYTES - reply('').length));
}

function filler(length: number): string {
  return 'the water rises slowly behind the gate and '.repeat(20).slice(0, length);
}

process.on('message', (message) => {
  mode = message as StubMode;
  process.send?.({ answer: null });
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', 4096, () => process.send?.({ port: (server.address() as AddressInfo).port }));
