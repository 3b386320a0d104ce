/**
 * The simulator behind a real socket: the same answers over HTTP, streamed with back-pressure, and a small control
 * endpoint to look at it and to change it while it runs. Meant for the loopback address: the control has no lock.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ConnectionError, readAll, type UpstreamRequest } from '../base/fetch.ts';
import { isJsonObject, parseJson } from '../base/json.ts';
import { ACCOUNT_STATES, type AccountChange, FAULT_KINDS, type SimulatedAccount } from './account.ts';
import { LARGEST_BODY_BYTES, type Simulator } from './upstream.ts';

export type SimulatorServer = {
  /** `http://127.0.0.1:4100`, without a path. */
  readonly url: string;
  /** Ends open streams, too. */
  close(): Promise<void>;
};

/** Limits that are no number. */
const GUARD_NAMES: ReadonlySet<string> = new Set(['slope', 'rise']);

export type ListenOptions = { readonly host: string; readonly port: number };

/** Port 0 takes any free one. Rejects when the port is taken. */
export function serveSimulator(
  simulator: Simulator,
  { host, port }: ListenOptions,
): Promise<SimulatorServer> {
  const server = createServer((request, response) => {
    void answer(simulator, request, response);
  });
  // A stream may last as long as its answer.
  server.requestTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve({
        url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}

async function answer(
  simulator: Simulator,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort(new Error('the client hung up')));
  try {
    const path = request.url ?? '/';
    if (path.startsWith('/simulator/')) await control(simulator, request, response);
    else await forward(simulator, await upstreamRequest(request, gone.signal), response);
  } catch (error) {
    if (error instanceof RangeError) sendJson(response, 413, { error: error.message });
    // What dies in the simulator dies on the wire: no status, no terminal.
    else if (gone.signal.aborted || error instanceof ConnectionError) request.socket.destroy();
    else sendJson(response, 500, { error: 'the simulator failed' });
  }
}

async function upstreamRequest(request: IncomingMessage, signal: AbortSignal): Promise<UpstreamRequest> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const method = request.method === 'GET' || request.method === 'DELETE' ? request.method : 'POST';
  const url = `http://${headers['host'] ?? 'localhost'}${request.url ?? '/'}`;
  return { method, url, headers, body: await readAll(request, LARGEST_BODY_BYTES), signal };
}

async function forward(
  simulator: Simulator,
  request: UpstreamRequest,
  response: ServerResponse,
): Promise<void> {
  const { status, headers, body } = await simulator.fetch(request);
  response.writeHead(status, headers);
  response.flushHeaders();
  for await (const piece of body) {
    if (!response.write(piece)) await drained(response);
    if (response.destroyed) return;
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

/** `GET /simulator/stats[?account=a&model=m]` and `POST /simulator/accounts/{id}` with `{state, fault, limits, …}`. */
async function control(
  simulator: Simulator,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const id = /^\/simulator\/accounts\/([^/]+)$/.exec(url.pathname)?.[1];
  if (request.method === 'GET' && url.pathname === '/simulator/stats') {
    sendJson(response, 200, statsOf(simulator, url.searchParams));
  } else if (request.method === 'POST' && id !== undefined) {
    const account = simulator.accounts.find((each) => each.id === decodeURIComponent(id));
    if (account === undefined) return sendJson(response, 404, { error: `no account "${id}"` });
    const change = parseJson((await readAll(request, 1_000_000)).toString('utf8'));
    const fault = changeFault(change);
    if (fault !== undefined) return sendJson(response, 400, { error: fault });
    account.set(change as AccountChange);
    sendJson(response, 200, accountView(simulator, account));
  } else sendJson(response, 404, { error: 'try GET /simulator/stats or POST /simulator/accounts/{id}' });
}

function statsOf(simulator: Simulator, query: URLSearchParams): object {
  const id = query.get('account') ?? undefined;
  const model = query.get('model') ?? undefined;
  if (id !== undefined && !simulator.accounts.some((account) => account.id === id)) return {};
  if (id !== undefined) return simulator.stats(id, model);
  return {
    ...simulator.stats(),
    accounts: simulator.accounts.map((account) => accountView(simulator, account)),
  };
}

const accountView = (simulator: Simulator, account: SimulatedAccount): object => ({
  id: account.id,
  region: account.region,
  state: account.state,
  limits: Object.fromEntries([...account.quotas()].map(([model, quota]) => [model, quota.limits])),
  stats: simulator.stats(account.id),
});

/** What is wrong with a change that came from outside, in words; undefined when nothing is. */
function changeFault(change: unknown): string | undefined {
  if (!isJsonObject(change)) return 'expected a JSON object';
  const { state, fault, limits, revoked, planResetAtMs } = change;
  if (state !== undefined && !ACCOUNT_STATES.some((each) => each === state))
    return `state: expected one of ${ACCOUNT_STATES.join(', ')}`;
  if (fault !== undefined && fault !== null) {
    if (!isJsonObject(fault) || !FAULT_KINDS.some((each) => each === fault['kind']))
      return `fault.kind: expected one of ${FAULT_KINDS.join(', ')}`;
    if ('when' in fault) return 'fault.when: only inside the process';
  }
  if (limits !== undefined) {
    if (!isJsonObject(limits)) return 'limits: expected an object by model, e.g. {"qwen3-max":{"rpm":60}}';
    for (const [model, value] of Object.entries(limits)) {
      if (value === null) continue;
      if (!isJsonObject(value)) return `limits.${model}: expected an object or null`;
      for (const [name, number] of Object.entries(value))
        if (GUARD_NAMES.has(name) ? !isJsonObject(number) : typeof number !== 'number')
          return `limits.${model}.${name}: expected ${GUARD_NAMES.has(name) ? 'an object' : 'a number'}`;
    }
  }
  if (revoked !== undefined && !Array.isArray(revoked)) return 'revoked: expected an array of secrets';
  if (planResetAtMs !== undefined && typeof planResetAtMs !== 'number')
    return 'planResetAtMs: expected epoch milliseconds';
  return undefined;
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body, null, 2)}\n`);
}
