/** For tests of the door: an exchange over a socket whose client takes bytes only when it is told to, or leaves. */

import { createServer } from 'node:http';
import { Duplex } from 'node:stream';
import { Exchange } from '../http/exchange.ts';

export type HeldExchange = {
  readonly exchange: Exchange;
  /** From now on the client takes nothing; what it is sent stays with us. */
  hold(): void;
  /** It takes what there is and what will come. */
  take(): void;
  leave(): void;
  /** What it has taken, without the head. */
  body(): string;
  head(): string;
};

/** The body comes as it is, without the framing of chunks: the client speaks HTTP 1.0. */
export async function heldExchange(): Promise<HeldExchange> {
  let taken = '';
  let holding = false;
  let goOn = (): void => undefined;
  const socket = new Duplex({
    read: () => undefined,
    write(bytes: Buffer, _encoding, done) {
      const take = (): void => {
        taken += bytes.toString('latin1');
        goOn = () => undefined;
        done();
      };
      if (holding) goOn = take;
      else take();
    },
  });
  const exchange = await new Promise<Exchange>((resolve) => {
    const server = createServer((request, response) => resolve(new Exchange(request, response)));
    server.emit('connection', socket);
    socket.push('GET / HTTP/1.0\r\n\r\n');
  });
  const parts = (): string[] => taken.split('\r\n\r\n');
  return {
    exchange,
    hold() {
      holding = true;
    },
    take() {
      holding = false;
      goOn();
    },
    leave: () => void socket.destroy(),
    body: () => parts().slice(1).join('\r\n\r\n'),
    head: () => parts()[0] ?? '',
  };
}
