/**
 * Sluice's own admission, as the product has it: its lanes, windows, queue, benches and calibration, put together as
 * the relay puts them together. Only what lies between (sockets, dialects) is missing.
 */

import { createLimiter } from '../../../src/admission/limiter.ts';
import { type Ask, createQueue, UNBOUNDED } from '../../../src/admission/queue.ts';
import { Departure } from '../../../src/base/departure.ts';
import type { Channel } from '../../../src/domain/channel.ts';
import type { FailureKind } from '../../../src/domain/failure.ts';
import { limitsInForce } from '../../../src/domain/limits.ts';
import { costOn } from '../../../src/relay/capacity.ts';
import { type Granted, Pool } from '../../../src/relay/pool.ts';
import { createHealth } from '../../../src/routing/health.ts';
import type { LimitKind } from '../../../src/simulator/quotas.ts';
import { createMemoryStore } from '../../../src/state/memory.ts';
import { createCalibration } from '../../../src/tokens/calibrate.ts';
import type { BenchCall, Policy, PolicyContext } from '../contract.ts';

/** As the relay has it: after so many refusals a call is given up. */
const MAX_REFUSALS = 40;
/** Sizes are estimated from bytes, which is right on the average and wrong by some per cent for each. */
const ESTIMATE_SIGMA = 0.05;

/** A provider has one word for the minute and the second. */
const KINDS: Readonly<Record<LimitKind, FailureKind>> = {
  rpm: 'rpm',
  rps: 'rpm',
  tpm: 'tpm',
  tps: 'tpm',
  burst: 'burst',
  concurrency: 'concurrency',
  rpd: 'day',
  tpd: 'day',
};

export const sluice: Policy = {
  id: 'sluice',
  name: 'Sluice',
  create: (context) => {
    const relay = createRelay(context);
    return { offer: (call) => relay.offer(call) };
  },
};

/** Also for measuring the cost of a decision, and for looking inside. */
export function createRelay(context: PolicyContext) {
  const { clock, random, upstream } = context;
  const store = createMemoryStore();
  const limiter = createLimiter(store, { now: () => clock.now() });
  const queue = createQueue({ clock, random, settings: () => UNBOUNDED });
  limiter.onRelease(() => queue.wake());
  const health = createHealth({ random });
  const calibration = createCalibration();
  const rooms = { clock, random, limiter, health };
  const channels = context.accounts.map((account) => channelOf(account, context.prepaidKnown));
  const indexOf = new Map(channels.map((channel, i) => [channel, i]));

  /** How often a call was asked whether it can start. */
  let decisions = 0;

  const offer = (call: BenchCall): void => {
    const noise = Math.exp(
      ESTIMATE_SIGMA * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(6.28318 * random()),
    );
    const size = { key: String(call.tenant), rawInputTokens: Math.max(1, Math.round(call.input * noise)) };
    let refusals = 0;
    let wasStarted = false;
    let paid: number | undefined;

    const enter = (): void => {
      const nowMs = clock.now();
      const estimate = calibration.estimate('model', { ...size, maxOutputTokens: call.maxTokens });
      const pool = new Pool({
        rooms,
        strategy: 'earliest-start',
        channels,
        estimates: channels.map(() => estimate),
        maxWaitMs: context.waitBudgetMs,
      });
      const cost = costOn(channels, estimate);
      const ask: Ask<Granted> = {
        line: 'model',
        tenant: String(call.tenant),
        weight: 1,
        priority: 'normal',
        cost,
        bytes: 0,
        orderMs: call.arrivedMs + context.waitBudgetMs,
        deadlineMs: Math.max(nowMs, call.arrivedMs + context.waitBudgetMs),
        departure: new Departure(),
        mayWait: true,
        returns: refusals > 0,
        ownWait: true,
        tryStart: (atMs) => {
          decisions++;
          return pool.tryStart(atMs);
        },
        hold: (atMs) => pool.hold(atMs),
        release: () => pool.release(),
        speed: (atMs) => pool.speed(atMs),
        // Whoever starts without a line pays nothing.
        onWait: () => {
          paid = cost;
        },
      };
      queue.join(ask, {
        resolve: send,
        reject: (failure) => context.shown(call, failure.kind),
      });
    };

    const payInstead = (cost: number): void => {
      if (paid === undefined) return;
      queue.correct('model', {
        priority: 'normal',
        tenant: String(call.tenant),
        difference: cost - paid,
      });
      paid = cost;
    };

    const send = ({ channel, permit }: Granted): void => {
      if (!wasStarted) context.started(call);
      wasStarted = true;
      upstream.send(indexOf.get(channel) ?? 0, call, {
        refused(kind, told) {
          permit.heard({ arrivedAtMs: told.arrivedMs });
          permit.refused(KINDS[kind]);
          refusals++;
          payInstead(0);
          if (refusals >= MAX_REFUSALS) context.shown(call, KINDS[kind]);
          else enter();
        },
        head(told) {
          permit.heard({ arrivedAtMs: told.arrivedMs });
          permit.accepted();
        },
        done(output) {
          permit.settle({ tokens: call.input + output, input: call.input });
          calibration.learn('model', { ...size, input: call.input, output });
          payInstead(costOn(channels, { inputTokens: call.input, outputTokens: output }));
          context.answered(call);
        },
      });
    };

    enter();
  };

  return { offer, limiter, queue, channels, decisions: () => decisions };
}

function channelOf({ id, limits }: PolicyContext['accounts'][number], prepaid: boolean): Channel {
  return {
    id,
    account: { id, provider: 'qwen', baseUrl: '', secrets: ['s'] },
    upstreamModel: 'model',
    limits: limitsInForce(prepaid ? { ...limits, prepaid: true } : limits, undefined, {
      enforcesSeconds: true,
    }),
    tier: 0,
    weight: 1,
  };
}
