/** The founding article's client: each tenant has an account, waits 2^n seconds and a random one, and tries five times. */

import { BACKOFF_TRIES, backoffMs } from '../../../src/cli/demo/client.ts';
import type { BenchCall, Policy } from '../contract.ts';

export const backoff: Policy = {
  id: 'backoff',
  name: 'backoff, an account each',
  create({ clock, random, accounts, upstream, answered, shown, started }) {
    const attempt = (call: BenchCall, tryIndex: number): void => {
      upstream.send(call.tenant % accounts.length, call, {
        refused(kind) {
          if (tryIndex + 1 >= BACKOFF_TRIES) shown(call, kind);
          else clock.after(backoffMs(tryIndex, random), () => attempt(call, tryIndex + 1));
        },
        head() {},
        done: () => answered(call),
      });
    };
    return {
      offer(call) {
        started(call);
        attempt(call, 0);
      },
    };
  },
};
