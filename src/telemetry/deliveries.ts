/**
 * Messages on their way to webhooks: a bounded number is held, each is tried again with growing pauses until it
 * arrives or nobody can hope any more. What is configured now decides where a try goes and how it is signed.
 */

import type { Cancel, Clock } from '../base/clock.ts';
import type { Fetch } from '../base/fetch.ts';
import type { Logger } from '../base/log.ts';
import { sendWebhook, shownUrl, type Tried, type Webhook, type WebhookMessage } from './webhook.ts';

/** Pauses between the tries, about 14 to 16 minutes together: a receiver may be rolled out meanwhile. */
const PAUSES_MS: readonly number[] = [5_000, 30_000, 180_000, 600_000];
/** Only ever later, so that many do not come back at the same moment. */
const JITTER = 0.2;
const MAX_HELD = 100;
const MAX_IN_FLIGHT = 4;
/** At the end, for what is under way or was never tried. */
const CLOSING_MS = 3_000;
const WANTS_NO_MORE =
  'the receiver wants no more (410) and is left alone until the configuration is reloaded';

export type DeliveryEnd = 'delivered' | 'gone' | 'given_up' | 'dropped';

export type DeliveryOptions = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly fetch: Fetch;
  readonly webhooks: () => readonly Webhook[];
  /** Every delivery ends once. */
  readonly onEnd: (end: DeliveryEnd) => void;
};

export type Deliveries = {
  /** To every webhook that is configured. Returns at once. */
  send(message: WebhookMessage): void;
  /** Neither arrived nor given up. */
  pending(): number;
  /** What is under way gets a moment to arrive, everything else is dropped. */
  close(): Promise<void>;
};

type Delivery = {
  readonly url: string;
  readonly message: WebhookMessage;
  tries: number;
  state: 'ready' | 'in_flight' | 'pausing';
  cancel: Cancel | undefined;
};

export function createDeliveries(options: DeliveryOptions): Deliveries {
  const { clock, random, log, fetch } = options;
  /** The oldest first. */
  const held = new Set<Delivery>();
  /** Until the configuration is read again, which makes new ones. */
  const gone = new WeakSet<Webhook>();
  const ending = new AbortController();
  let inFlight = 0;
  let closed = false;
  let onEmpty: (() => void) | undefined;

  const about = ({ url, message, tries }: Delivery) => ({
    alert: message.id,
    webhook: shownUrl(url),
    tries,
  });

  function end(delivery: Delivery, how: DeliveryEnd, reason: string): void {
    if (!held.delete(delivery)) return;
    delivery.cancel?.();
    options.onEnd(how);
    if (how === 'delivered') log.debug({ ...about(delivery), outcome: reason }, 'alert delivered');
    else log.warn({ ...about(delivery), reason }, 'alert not delivered');
    if (held.size === 0) onEmpty?.();
  }

  function next(): void {
    for (const delivery of held) {
      if (inFlight >= MAX_IN_FLIGHT) return;
      if (delivery.state === 'ready') void attempt(delivery);
    }
  }

  async function attempt(delivery: Delivery): Promise<void> {
    const webhook = options.webhooks().find(({ url }) => url === delivery.url);
    if (webhook === undefined || gone.has(webhook)) {
      if (webhook === undefined) end(delivery, 'dropped', 'the webhook is not configured any more');
      else end(delivery, 'gone', WANTS_NO_MORE);
      return;
    }
    delivery.state = 'in_flight';
    delivery.tries++;
    inFlight++;
    const tried = await sendWebhook(webhook, delivery.message, { clock, fetch, signal: ending.signal });
    inFlight--;
    if (tried.outcome === 'gone') gone.add(webhook);
    const over = endOf(delivery, tried);
    if (over === undefined) pause(delivery);
    else end(delivery, over.how, over.reason);
    next();
  }

  /** Undefined: another try may help. */
  function endOf(
    { tries }: Delivery,
    { outcome, detail }: Tried,
  ): { readonly how: DeliveryEnd; readonly reason: string } | undefined {
    if (outcome === 'delivered') return { how: 'delivered', reason: detail };
    if (outcome === 'gone') return { how: 'gone', reason: WANTS_NO_MORE };
    if (closed) return { how: 'dropped', reason: `shutdown, last try: ${detail}` };
    return tries > PAUSES_MS.length ? { how: 'given_up', reason: `last try: ${detail}` } : undefined;
  }

  function pause(delivery: Delivery): void {
    const pauseMs = PAUSES_MS[delivery.tries - 1] ?? 0;
    delivery.state = 'pausing';
    delivery.cancel = clock.after(pauseMs * (1 + JITTER * random()), () => {
      delivery.state = 'ready';
      next();
    });
  }

  function makeRoom(): void {
    if (held.size < MAX_HELD) return;
    // Fewer are in flight than are held, so there is one.
    const oldest = [...held].find(({ state }) => state !== 'in_flight');
    if (oldest !== undefined) end(oldest, 'dropped', 'too many alerts wait for their webhooks');
  }

  return {
    send(message) {
      if (closed) return;
      for (const webhook of options.webhooks()) {
        if (gone.has(webhook)) continue;
        makeRoom();
        held.add({ url: webhook.url, message, tries: 0, state: 'ready', cancel: undefined });
      }
      next();
    },
    pending: () => held.size,
    async close() {
      closed = true;
      for (const delivery of [...held])
        if (delivery.state === 'pausing') end(delivery, 'dropped', 'shutdown');
      if (held.size === 0) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(CLOSING_MS, () => {
          for (const delivery of [...held]) end(delivery, 'dropped', 'shutdown');
          ending.abort();
        });
        onEmpty = () => {
          cancel();
          resolve();
        };
      });
    },
  };
}
