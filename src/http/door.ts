/**
 * Who comes in: the one function by which every route that wants a client's key asks for it. What is shown of
 * the relay itself is open to this machine without a key: not to whom a proxy here speaks for, and not to a web page whose
 * own name was pointed at this machine, which is known by its Host header.
 */

import type { IncomingMessage } from 'node:http';
import type { ClientKey } from '../domain/call.ts';
import type { Endpoint } from '../domain/endpoints.ts';
import { hostNameOf, isLoopbackName } from './admin/hosts.ts';
import type { Front } from './front.ts';

type Room = Pick<Front, 'access'>;

/** `endpoint`: not given where the route is open to every key. Throws what `Access.authenticate` throws. */
export const keyOf = (front: Room, { headers, socket }: IncomingMessage, endpoint?: Endpoint): ClientKey =>
  front.access().authenticate({
    headers,
    peer: socket.remoteAddress,
    ...(endpoint === undefined ? {} : { endpoint }),
  });

/** From elsewhere it takes a key, for it tells of accounts, models and traffic. */
export function mayLook(front: Room, request: IncomingMessage): void {
  const { headers, socket } = request;
  const isHere = isLoopback(socket.remoteAddress ?? '') && !isForwarded(headers);
  if (!isHere || !isLoopbackName(hostNameOf(headers.host))) keyOf(front, request, 'live');
}

/** The same as an answer: for what tells strangers less. */
export function isLooker(front: Room, request: IncomingMessage): boolean {
  try {
    mayLook(front, request);
    return true;
  } catch {
    return false;
  }
}

/** A proxy on this machine speaks for others, whether it was named as one or not. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const;

export const isForwarded = (headers: Readonly<Record<string, unknown>>): boolean =>
  PROXY_HEADERS.some((name) => headers[name] !== undefined);

export const isLoopback = (address: string): boolean =>
  address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
