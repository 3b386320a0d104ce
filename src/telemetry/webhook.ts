/**
 * One message to one webhook, signed by Standard Webhooks: a receiver can tell with any of that standard's libraries
 * that it came from this Sluice, and which one it is when it comes twice.
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */

import { createHmac } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { ConnectionError, type Fetch } from '../base/fetch.ts';

export type Webhook = {
  readonly url: string;
  /** `whsec_` and base64. */
  readonly secret: string;
};

export type WebhookMessage = {
  /** The same in every try. */
  readonly id: string;
  readonly body: string;
};

/** How one try went. */
export type Tried = {
  /** `refused` for an answer other than 2xx, redirects included; `gone` for 410: nobody wants more. */
  readonly outcome: 'delivered' | 'refused' | 'gone' | 'unreachable';
  /** `204`, `timeout`, `ECONNREFUSED`: safe to show. */
  readonly detail: string;
  readonly ms: number;
};

type Sending = { readonly clock: Clock; readonly fetch: Fetch; readonly signal?: AbortSignal };

export const WEBHOOK_TIMEOUT_MS = 10_000;

/** What a receiver says is of no interest; this much is read so that the connection can be used again. */
const ANSWER_LIMIT_BYTES = 16 * 1024;

/** Never throws. */
export async function sendWebhook(
  { url, secret }: Webhook,
  message: WebhookMessage,
  { clock, fetch, signal }: Sending,
): Promise<Tried> {
  const startedMs = clock.now();
  const timeout = new AbortController();
  const cancel = clock.after(WEBHOOK_TIMEOUT_MS, () => timeout.abort());
  const either = signal === undefined ? timeout.signal : AbortSignal.any([timeout.signal, signal]);
  const tried = (outcome: Tried['outcome'], detail: string): Tried => ({
    outcome,
    detail,
    ms: clock.now() - startedMs,
  });
  try {
    const { status, body } = await fetch({
      method: 'POST',
      url: targetOf(url),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'sluice',
        ...signatureOf(secret, message, Math.floor(startedMs / 1_000)),
      },
      body: Buffer.from(message.body),
      signal: either,
    });
    await drop(body);
    if (status >= 200 && status < 300) return tried('delivered', String(status));
    return tried(status === 410 ? 'gone' : 'refused', String(status));
  } catch (error) {
    if (timeout.signal.aborted) return tried('unreachable', 'timeout');
    if (signal?.aborted) return tried('unreachable', 'shutdown');
    return tried('unreachable', error instanceof ConnectionError ? error.code : 'failed');
  } finally {
    cancel();
  }
}

/** The head has said all; a body that breaks off or never ends changes nothing. */
async function drop(body: AsyncIterable<Uint8Array>): Promise<void> {
  let bytes = 0;
  try {
    for await (const piece of body) {
      bytes += piece.length;
      if (bytes > ANSWER_LIMIT_BYTES) break;
    }
  } catch {
    // Told already.
  }
}

/** The time is that of the try, so that a late one is not taken for a replay. */
export function signatureOf(
  secret: string,
  { id, body }: WebhookMessage,
  atSeconds: number,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${atSeconds}.${body}`).digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(atSeconds),
    'webhook-signature': `v1,${signature}`,
  };
}

/** With a path, without a fragment: what a request line takes. */
function targetOf(url: string): string {
  const target = new URL(url);
  target.hash = '';
  return target.href;
}

/** Paths and queries of webhooks often are passwords: only the host is shown. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname === '/' && search === '' ? '' : '/…'}`;
}
