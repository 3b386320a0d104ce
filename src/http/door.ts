/**
 * Who comes in: the one function by which every route that wants a client's key asks for it, and the address of who asks.
 * What is shown of the relay itself is open to this machine without a key.
 */

import type { IncomingMessage } from 'node:http';
import type { ClientKey } from '../domain/call.ts';
import type { Endpoint } from '../domain/endpoints.ts';
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
  if (!isLoopback(addressOf(front, request))) keyOf(front, request, 'live');
}

export const addressOf = (front: Room, { headers, socket }: IncomingMessage): string =>
  front.access().addressOf({ headers, peer: socket.remoteAddress }) ?? '';

export const isLoopback = (address: string): boolean =>
  address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.');
