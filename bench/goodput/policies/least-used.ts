/**
 * The usual router of LLM proxies: counters by the minute of the clock, requests counted at the call and tokens at
 * its end, the account with the fewest tokens taken, five seconds of rest for one that refused, three retries. Written
 * after LiteLLM's usage-based routing (BerriAI/litellm, lowest_tpm_rpm_v2.py): its rule, not the product.
 */

import type { BenchCall, Policy, PolicyContext } from '../contract.ts';

const RETRIES = 3;
const COOLDOWN_MS = 5_000;
const LONGEST_RETRY_MS = 8_000;

type Counter = { minute: number; requests: number; tokens: number; restsUntilMs: number };

export const leastUsed: Policy = {
  id: 'least-used',
  name: 'least used, cooldown',
  create(context) {
    const { clock, random, upstream, answered, shown, started } = context;
    const counters = context.accounts.map(
      (): Counter => ({ minute: 0, requests: 0, tokens: 0, restsUntilMs: 0 }),
    );

    const attempt = (call: BenchCall, tries: number): void => {
      const account = pick(counters, context, call);
      const counter = account === undefined ? undefined : counters[account];
      if (account === undefined || counter === undefined) {
        again(call, tries, 'no account');
        return;
      }
      counter.requests += 1;
      started(call);
      upstream.send(account, call, {
        refused(kind) {
          counter.restsUntilMs = clock.now() + COOLDOWN_MS;
          again(call, tries, kind);
        },
        head() {},
        done(output) {
          turn(counter, clock.now());
          counter.tokens += call.input + output;
          answered(call);
        },
      });
    };

    const again = (call: BenchCall, tries: number, why: string): void => {
      if (tries >= RETRIES) {
        shown(call, why);
        return;
      }
      const others = pick(counters, context, call) !== undefined;
      const waitMs = others ? 0 : Math.min(LONGEST_RETRY_MS, 500 * 2 ** tries) * (0.75 + random() / 2);
      clock.after(waitMs, () => attempt(call, tries + 1));
    };

    return { offer: (call) => attempt(call, 0) };
  },
};

/** Among those with the fewest tokens, any. */
function pick(counters: readonly Counter[], context: PolicyContext, call: BenchCall): number | undefined {
  const { clock, random, accounts } = context;
  let fewest = Infinity;
  let best: number[] = [];
  counters.forEach((counter, account) => {
    turn(counter, clock.now());
    const { rpm = Infinity, tpm = Infinity } = accounts[account]?.limits ?? {};
    if (counter.restsUntilMs > clock.now()) return;
    if (counter.requests + 1 > rpm || counter.tokens + call.input > tpm) return;
    if (counter.tokens < fewest) best = [];
    if (counter.tokens <= fewest) best.push(account);
    fewest = Math.min(fewest, counter.tokens);
  });
  return best[Math.floor(random() * best.length)];
}

function turn(counter: Counter, nowMs: number): void {
  const minute = Math.floor(nowMs / 60_000);
  if (counter.minute === minute) return;
  counter.minute = minute;
  counter.requests = counter.tokens = 0;
}
