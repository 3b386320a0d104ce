/**
 * What an agent and Sluice said to each other: a plain forwarder between the two that changes nothing and keeps the
 * paths, the statuses, what Sluice says that it dropped, and on wish the bodies.
 */

import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly status: number;
  readonly dropped: string;
  readonly answer: string;
};

export type Wire = {
  /** Without a path. */
  readonly url: string;
  /** Since the last time. */
  take(): readonly Exchange[];
  close(): Promise<void>;
};

/** A model was asked, and answered. */
export const isAnswered = ({ method, path, status }: Exchange): boolean =>
  method === 'POST' &&
  status === 200 &&
  /[/:](chat\/completions|responses|messages|generateContent|streamGenerateContent)(\?|$)/.test(path);

/** `record`: a folder for one file per exchange. */
export async function openWire(target: string, record?: string): Promise<Wire> {
  let kept: Exchange[] = [];
  let count = 0;
  const keep = (exchange: Exchange): void => {
    kept.push(exchange);
    count += 1;
    if (record === undefined) return;
    const name = `${String(count).padStart(4, '0')}.json`;
    const { authorization, 'x-api-key': key, 'x-goog-api-key': google, ...headers } = exchange.headers;
    writeFileSync(join(record, name), JSON.stringify({ ...exchange, headers }, null, 2));
  };
  const server = createServer((request, response) => {
    forward(target, request, response).then(keep, () => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = kept;
      kept = [];
      return taken;
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function forward(
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Exchange> {
  const { method = 'GET', url: path = '/', headers } = request;
  const body = await bytesOf(request);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = send(target + path, { method, headers }, resolve);
    outgoing.on('error', reject);
    response.on('close', () => outgoing.destroy());
    outgoing.end(body);
  });
  const { statusCode: status = 0 } = answer;
  response.writeHead(status, answer.headers);
  const said = await bytesOf(answer, (piece) => void response.write(piece));
  response.end();
  const dropped = String(answer.headers['x-sluice-dropped'] ?? '');
  return { method, path, headers, body: body.toString(), status, dropped, answer: said.toString() };
}

async function bytesOf(
  stream: AsyncIterable<Buffer>,
  each: (piece: Buffer) => void = () => {},
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) {
    pieces.push(piece);
    each(piece);
  }
  return Buffer.concat(pieces);
}
