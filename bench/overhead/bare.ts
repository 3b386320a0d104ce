/**
 * The yardstick: the least a Node proxy can do. node:http in, undici out over kept-alive connections, bodies piped both
 * ways, nothing parsed. Run as a child process: `bare.ts <upstream origin>`; it tells its parent the port.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';

const upstream = process.argv[2] ?? '';
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });

const server = createServer(async (incoming, outgoing) => {
  try {
    const { connection: _, ...headers } = incoming.headers;
    const { method = 'GET', url = '/' } = incoming;
    const body = method === 'GET' ? null : incoming;
    const reply = await request(upstream + url, { method, headers, body, dispatcher });
    outgoing.writeHead(reply.statusCode, reply.headers);
    outgoing.on('close', () => reply.body.destroy());
    reply.body.on('error', () => outgoing.destroy()).pipe(outgoing);
  } catch {
    outgoing.writeHead(502).end();
  }
});

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
