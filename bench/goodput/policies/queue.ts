/**
 * The founding article's queue: one line an account, let out at even distances of 60/RPM seconds, with its backoff
 * behind. A call joins the shortest line and gives up after 120 s in it; one that was refused comes back to its front.
 */

import { BACKOFF_TRIES, backoffMs } from '../../../src/cli/demo/client.ts';
import type { BenchCall, Policy, PolicyContext } from '../contract.ts';

const PATIENCE_MS = 120_000;

type Place = { readonly call: BenchCall; tries: number };

export const queue: Policy = {
  id: 'queue',
  name: 'queue at 60/RPM with backoff',
  create(context) {
    const lines = context.accounts.map((_, account) => createLine(context, account));
    let turns = 0;
    return {
      offer(call) {
        // Beginning at another line each time: the first would get everything while all are empty.
        turns += 1;
        let shortest = lines[turns % lines.length];
        for (const line of lines) if (line.length() < (shortest?.length() ?? 0)) shortest = line;
        shortest?.join({ call, tries: 0 });
      },
    };
  },
};

function createLine(context: PolicyContext, account: number) {
  const { clock, random, upstream } = context;
  const spacingMs = 60_000 / (context.accounts[account]?.limits.rpm ?? Infinity);
  const fresh: Place[] = [];
  let first = 0;
  const returned: Place[] = [];
  let nextMs = 0;
  let armed = false;

  const take = (): Place | undefined => {
    const place = returned.shift() ?? fresh[first];
    if (place !== undefined && place === fresh[first]) first += 1;
    return place;
  };

  const arm = (): void => {
    if (armed) return;
    armed = true;
    clock.after(nextMs - clock.now(), step);
  };

  const step = (): void => {
    armed = false;
    let place = take();
    while (place !== undefined && clock.now() - place.call.arrivedMs > PATIENCE_MS) {
      context.shown(place.call, 'patience');
      place = take();
    }
    if (place === undefined) return;
    nextMs = clock.now() + spacingMs;
    send(place);
    arm();
  };

  const send = (place: Place): void => {
    const { call } = place;
    if (place.tries === 0) context.started(call);
    place.tries += 1;
    upstream.send(account, call, {
      refused(kind) {
        if (place.tries >= BACKOFF_TRIES) return context.shown(call, kind);
        clock.after(backoffMs(place.tries - 1, random), () => {
          returned.push(place);
          arm();
        });
      },
      head() {},
      done: () => context.answered(call),
    });
  };

  return {
    length: () => fresh.length - first + returned.length,
    join(place: Place): void {
      fresh.push(place);
      arm();
    },
  };
}
