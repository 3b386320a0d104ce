/**
 * Tells the operator what has happened: a line of the log, a count, and a message to every webhook that wants it. A
 * call never waits for any of this. What repeats itself is told once in a while only.
 */

import type { Clock } from '../base/clock.ts';
import type { Fetch } from '../base/fetch.ts';
import { newAlertId } from '../base/ids.ts';
import type { Logger } from '../base/log.ts';
import { type Alert, type AlertType, alertOf, type Occurrence } from '../domain/alert.ts';
import { createDeliveries } from './deliveries.ts';
import type { Registry } from './registry.ts';
import type { Webhook, WebhookMessage } from './webhook.ts';

/** Of the configuration in force. */
export type AlertSettings = {
  readonly webhooks: readonly Webhook[];
  /** What the webhooks get; the log and the metric get everything. */
  readonly on: readonly AlertType[];
};

export type AlertOptions = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly registry: Registry;
  readonly fetch: Fetch;
  readonly settings: () => AlertSettings;
};

export type Alerts = {
  /** Returns at once. */
  raise(occurrence: Occurrence): void;
  /** Messages that have not arrived yet. */
  pending(): number;
  /** Messages under way get a moment to arrive; what is raised later is only logged and counted. */
  close(): Promise<void>;
};

/** The same again within this time is not told. */
const REPEAT_MS = 10 * 60_000;
const LEVELS = { switched_off: 'error', switched_on: 'info', benched_long: 'warn' } as const satisfies Record<
  AlertType,
  keyof Logger
>;

export function createAlerts({ clock, random, log, registry, fetch, settings }: AlertOptions): Alerts {
  const raised = registry.counter('sluice_alerts_total', 'Alerts by what happened and why.');
  const ended = registry.counter('sluice_webhook_deliveries_total', 'Alerts sent to webhooks, by outcome.');
  const deliveries = createDeliveries({
    clock,
    random,
    log,
    fetch,
    webhooks: () => settings().webhooks,
    onEnd: (outcome) => ended({ outcome }).add(),
  });
  const isNew = createMemory(clock);

  return {
    raise(occurrence) {
      if (!isNew(occurrence)) return;
      const alert = alertOf(occurrence, { id: newAlertId(), atMs: clock.now() });
      const { type, kind } = alert;
      log[LEVELS[type]](fieldsOf(alert), alert.message);
      raised({ type, kind }).add();
      if (settings().on.includes(type)) deliveries.send(messageOf(alert));
    },
    pending: deliveries.pending,
    close: deliveries.close,
  };
}

/** Says whether an occurrence is news. Off, on and off again within the time are three pieces of news. */
function createMemory(clock: Clock): (occurrence: Occurrence) => boolean {
  const told = new Map<string, Occurrence & { readonly atMs: number }>();
  return (occurrence) => {
    const nowMs = clock.now();
    const { type, what, kind } = occurrence;
    const turns = (other: Occurrence): boolean =>
      other.what === what && other.type !== type && [type, other.type].includes('switched_on');
    for (const [key, each] of told) if (nowMs - each.atMs >= REPEAT_MS || turns(each)) told.delete(key);
    const key = `${type} ${kind} ${what}`;
    if (told.has(key)) return false;
    told.set(key, { ...occurrence, atMs: nowMs });
    return true;
  };
}

const fieldsOf = ({ id, type, what, kind, untilMs, advice }: Alert): Record<string, unknown> => ({
  alert: id,
  type,
  what,
  kind,
  ...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
  advice,
});

function messageOf(alert: Alert): WebhookMessage {
  const { id, type, what, kind, atMs, untilMs, message, advice } = alert;
  const [noun = 'pool'] = what.split(' ');
  const data = {
    what,
    kind,
    message,
    advice,
    ...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
  };
  return {
    id,
    body: JSON.stringify({ type: `${noun}.${type}`, timestamp: new Date(atMs).toISOString(), data }),
  };
}

/** For trying a webhook out: nothing has happened. */
export function testMessage(atMs: number): WebhookMessage {
  const data = { message: 'This is a test of the webhook: nothing has happened.' };
  const timestamp = new Date(atMs).toISOString();
  return { id: newAlertId(), body: JSON.stringify({ type: 'alert.test', timestamp, data }) };
}
