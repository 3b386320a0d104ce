/**
 * A provider made of a real socket and a function: keeps what it was sent and answers as the test says. For what the
 * simulator would never do: bytes cut anywhere, hang-ups, floods.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Received = {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
};

export type Answerer = (received: Received, response: ServerResponse) => void | Promise<void>;

export type StubUpstream = {
  /** With the version, ready for `base_url`. */
  readonly url: string;
  readonly received: readonly Received[];
  last(): Received;
  answer: Answerer;
  openSockets(): number;
  close(): Promise<void>;
};

export async function startStub(answer: Answerer = plainAnswer()): Promise<StubUpstream> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.on('end', () => {
      const { headers, rawHeaders, url = '' } = request;
      const one = { url, headers, rawHeaders, body: Buffer.concat(pieces) };
      received.push(one);
      void stub.answer(one, response);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub: StubUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    received,
    last() {
      const last = received.at(-1);
      if (last === undefined) throw new Error('the upstream was not asked');
      return last;
    },
    answer,
    openSockets: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  return stub;
}

/** A plain answer with usage; `extra` goes over its fields. */
export const plainReply = (model = 'up-model', extra: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    id: 'chatcmpl-stub',
    object: 'chat.completion',
    created: 1_790_000_000,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: '你好 🌊' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
    ...extra,
  });

export const plainAnswer =
  (body = plainReply()): Answerer =>
  (_received, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  };

/** One stream chunk as JSON. */
export const chunkOf = (delta: unknown, more: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    id: 'chatcmpl-stub',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'up-model',
    choices: [{ index: 0, delta, finish_reason: null }],
    ...more,
  });

export const FINISH = chunkOf({}, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
export const USAGE = chunkOf(null, {
  choices: [],
  usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 },
});

/** A whole stream from data payloads. */
export const streamOf = (...payloads: readonly string[]): string =>
  payloads.map((payload) => `data: ${payload}\n\n`).join('');

/** What is asked for with `stream: true` gets the stream in these pieces, the rest a plain answer. */
export const streamAnswer =
  (...pieces: readonly (string | Buffer)[]): Answerer =>
  async (received, response) => {
    if (!/"stream": ?true/.test(received.body.toString())) return plainAnswer()(received, response);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const piece of pieces) response.write(piece);
    response.end();
  };

/** A configuration whose only account is the stub. `model` is offered under its own name. */
export const stubConfig = (url: string, model = 'up-model', more = ''): string => `
accounts:
  - id: stub
    provider: openai-compatible
    base_url: ${url}
    secrets: [upstream-secret]
    models: { ${model} }
${more}`;
