/** Many clients of a house: who arrives when, who leaves, and what is measured of their answers. */

import inject from 'light-my-request';
import type { Lane } from '../../src/admission/lane.ts';
import { sleep } from '../../src/base/clock.ts';
import type { ChatRequest } from '../../src/domain/chat.ts';
import type { SimulatorStats } from '../../src/simulator/tally.ts';
import { type Answer, chat, type House, KEY } from './house.ts';

/** A call is at the relay after so many turns of the event loop. */
const TURNS = 4;

type Body = Readonly<Record<string, unknown>>;
type HeaderMap = Readonly<Record<string, string>>;

/** A call that is at the relay `inMs` from now, to the ms: time stands still for it until it has arrived. */
export async function callIn(
  house: House,
  inMs: number,
  body: Body,
  headers: HeaderMap = {},
): Promise<Answer> {
  await sleep(house.clock, inMs);
  const answer = house.call(body, headers);
  for (let turn = 0; turn < TURNS; turn++) await sleep(house.clock, 0);
  return answer;
}

/** `count` calls, one every `everyMs`, the first after `fromMs`. */
export const steadily = (
  house: House,
  of: { readonly count: number; readonly everyMs: number; readonly fromMs?: number },
  one: (i: number) => { readonly body: Body; readonly headers?: HeaderMap },
): Promise<Answer>[] =>
  Array.from({ length: of.count }, (_, i) => {
    const { body, headers } = one(i);
    return callIn(house, (of.fromMs ?? 0) + i * of.everyMs, body, headers);
  });

/** All at this moment, of one name. */
export const burst = (
  house: House,
  count: number,
  name: string,
  headers: HeaderMap = {},
): Promise<Answer>[] => Array.from({ length: count }, (_, i) => house.call(chat(`${name} ${i}`), headers));

export type Leaver = { leave(): void; readonly left: Promise<Answered | 'left'> };
export type Answered = { readonly statusCode: number; readonly payload: string };

/**
 * A client that hangs up when it is told to, if it has not been answered by then. Its socket closes; the `signal` of
 * `inject` would only end a request that has not been read.
 */
export function leaver(house: House, payload: string, headers: HeaderMap = bearer(KEY)): Leaver {
  let leave = (): void => undefined;
  let gone = false;
  const left = inject(
    (request, response) => {
      leave = () => void response.destroy();
      if (gone) leave();
      house.app.server.handle(request, response);
    },
    {
      method: 'POST',
      url: '/v1/chat/completions',
      headers: { 'content-type': 'application/json', ...headers },
      payload,
    },
  ).catch((error: unknown): 'left' => {
    if (!gone) throw error;
    return 'left';
  });
  return {
    left,
    leave() {
      gone = true;
      leave();
    },
  };
}

export const bearer = (key: string): HeaderMap => ({ authorization: `Bearer ${key}` });

export const waitMs = ({ headers }: Answer): number => Number(headers['x-sluice-queue-ms']);

/** The least value that this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const refusals = ({ refused }: Pick<SimulatorStats, 'refused'>): number =>
  Object.values(refused).reduce<number>((sum, count) => sum + (count ?? 0), 0);

export const statuses = (answers: readonly Answer[]): Record<number, number> => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

export type Arrival = { readonly atMs: number; readonly account: string; readonly text: string };

/** What arrives at the simulated accounts from now on, in order. Takes the place of their faults. */
export function arrivals(house: House): readonly Arrival[] {
  const seen: Arrival[] = [];
  const startMs = house.clock.now();
  for (const account of house.simulator.accounts)
    account.set({
      fault: {
        kind: 'slow',
        when(request) {
          seen.push({ atMs: house.clock.now() - startMs, account: account.id, text: textOf(request) });
          return false;
        },
      },
    });
  return seen;
}

const textOf = ({ messages }: ChatRequest): string =>
  messages.flatMap(({ parts }) => parts.map((part) => (part.type === 'text' ? part.text : ''))).join('');

/** The lane of a channel, `account/model`. */
export function laneOf(house: House, id: string): Lane {
  const { rooms } = house.app;
  const channel = rooms.snapshot().catalog.channels.find((each) => each.id === id);
  if (channel === undefined) throw new RangeError(`no channel '${id}'`);
  return rooms.limiter.lane(channel);
}

/** What the windows of a lane count now, by limit and unit. */
export const windowsOf = (house: House, lane: Lane): Record<string, number> =>
  Object.fromEntries(
    lane.windows(house.clock.now()).map(({ limit, unit, used }) => [`${limit} ${unit}`, used]),
  );
