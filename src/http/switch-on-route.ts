/**
 * The operator's hand: `POST /live/switch-on` ends a bench, or what is switched off. Only from this machine, whatever key
 * is shown; and no web page that a browser here has open can do it: JSON takes a preflight that nobody answers, and a
 * page whose own name was pointed at this machine is known by its Host header.
 */

import type { FastifyInstance } from 'fastify';
import { isJsonObject, parseJson } from '../base/json.ts';
import { Failure } from '../domain/failure.ts';
import { hostNameOf, isLoopbackName } from './admin/hosts.ts';
import { isForwarded, isLoopback } from './door.ts';
import type { Front } from './front.ts';

type Asked = {
  readonly ip: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
};

const JSON_TYPE = /^application\/json\s*(;|$)/i;
const LONGEST_NAME = 500;

export function addSwitchOn(server: FastifyInstance, front: Front): void {
  server.route({
    method: 'POST',
    url: '/live/switch-on',
    // Before the body is read.
    onRequest: async (request) => requireOperator(request),
    handler: (request) => {
      const what = whatIn(request.body);
      if (!front.switchOn(what)) throw refusal(404, notBenched(what, front));
      front.log.info({ what }, 'switched on by hand');
      return { switchedOn: true, what };
    },
  });
}

function requireOperator({ ip, headers }: Asked): void {
  if (!isLoopback(ip) || isForwarded(headers))
    throw refusal(403, 'Only from the machine on which the relay runs, and not through a proxy.');
  if (!isLoopbackName(hostNameOf(headers.host)))
    throw refusal(403, 'Host: expected 127.0.0.1, [::1] or localhost.');
  if (!JSON_TYPE.test(String(headers['content-type'] ?? '')))
    throw refusal(415, 'Content-Type: expected application/json.');
}

function whatIn(body: unknown): string {
  const value = Buffer.isBuffer(body) ? parseJson(body.toString('utf8')) : undefined;
  const what = isJsonObject(value) ? value['what'] : undefined;
  if (typeof what !== 'string' || what === '' || what.length > LONGEST_NAME)
    throw refusal(400, 'what: expected the name of a bench, as in {"what":"account qwen-a"}.');
  return what;
}

function notBenched(what: string, front: Front): string {
  const names = front.benches().map((bench) => bench.what);
  return `'${what}' is not benched. ${names.length === 0 ? 'Nothing is.' : `These are: ${names.join(', ')}.`}`;
}

const refusal = (status: number, message: string): Failure =>
  new Failure('invalid_request', { message, status });
