/** No relay at all: calls go round the accounts, and a refusal is the client's. */

import type { Policy } from '../contract.ts';

export const direct: Policy = {
  id: 'direct',
  name: 'no relay, no retry',
  create({ accounts, upstream, answered, shown, started }) {
    let next = 0;
    return {
      offer(call) {
        const account = next % accounts.length;
        next += 1;
        started(call);
        upstream.send(account, call, {
          refused: (kind) => shown(call, kind),
          head() {},
          done: () => answered(call),
        });
      },
    };
  },
};
