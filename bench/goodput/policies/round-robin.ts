/** Round the accounts, and after a refusal the next one at once: what a plain load balancer does. */

import type { BenchCall, Policy } from '../contract.ts';

const TRIES = 6;

export const roundRobin: Policy = {
  id: 'round-robin',
  name: 'round robin, the next at once',
  create({ accounts, upstream, answered, shown, started }) {
    let next = 0;
    const attempt = (call: BenchCall, tries: number): void => {
      const account = next % accounts.length;
      next += 1;
      upstream.send(account, call, {
        refused: (kind) => (tries >= TRIES ? shown(call, kind) : attempt(call, tries + 1)),
        head() {},
        done: () => answered(call),
      });
    };
    return {
      offer(call) {
        started(call);
        attempt(call, 1);
      },
    };
  },
};
