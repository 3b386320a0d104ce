/**
 * `Idempotency-Key`: of the calls of one client key that carry the same one, the first is made, those that come while
 * it runs follow its answer, and those that come after its good end get that answer again for a while. Failures are
 * shared by those who were there and then forgotten. A call without the header never comes here.
 */

import { hash } from 'node:crypto';
import type { Cancel, Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Call } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Exchange, Outlet } from './exchange.ts';
import { type KeptAnswer, SharedAnswer } from './shared-answer.ts';

export type IdempotencyLimits = {
  /** A larger answer is not kept: who comes later asks anew. */
  readonly answerBytes: number;
  /** All that is kept; the oldest goes first. */
  readonly totalBytes: number;
  /** How much of a shared stream a client may leave untaken before it is cut off, or, the first, waited for. */
  readonly lagBytes: number;
};

export type IdempotencyOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'idempotent'>;
  /** How long a finished answer is kept; 0: the header means nothing. */
  readonly ttlMs: () => number;
  readonly limits?: IdempotencyLimits;
};

/** A call to be made, and where its answer goes. */
export type Owned = { readonly call: Call; readonly outlet: Outlet };

export type Idempotency = {
  /** Undefined: another call answers this exchange. Throws `Failure` on a wrong header, and on another request. */
  enter(call: Call, exchange: Exchange): Owned | undefined;
  /** What is held now. */
  held(): { readonly running: number; readonly kept: number; readonly bytes: number };
  /** Forgets what is kept. */
  close(): void;
};

const MIB = 1024 * 1024;
const LIMITS: IdempotencyLimits = { answerBytes: 2 * MIB, totalBytes: 64 * MIB, lagBytes: 4 * MIB };

/** What an entry takes beside its answer, roughly, so that many small ones are bounded too. */
const ENTRY_BYTES = 1_024;

/** Of the request that the key was first used for. */
type Entry = { readonly callId: string; readonly fingerprint: string };
type Running = Entry & { readonly answer: SharedAnswer; bytes: number };
type Kept = Entry & { readonly answer: KeptAnswer; readonly bytes: number; readonly untilMs: number };

export function createIdempotency(options: IdempotencyOptions): Idempotency {
  const { clock, log, metrics, ttlMs, limits = LIMITS } = options;
  const running = new Map<string, Running>();
  /** The oldest first. */
  const kept = new Map<string, Kept>();
  let bytes = 0;
  let cancelSweep: Cancel | undefined;

  const forget = (place: string, { bytes: freed }: Kept): void => {
    kept.delete(place);
    bytes -= freed;
    if (kept.size > 0) return;
    cancelSweep?.();
    cancelSweep = undefined;
  };

  const sweep = (): void => {
    cancelSweep = undefined;
    const nowMs = clock.now();
    for (const [place, each] of kept) {
      if (each.untilMs > nowMs) {
        cancelSweep = clock.after(each.untilMs - nowMs, sweep);
        return;
      }
      forget(place, each);
    }
  };

  /** Makes room among what is kept; false when what runs takes it all. */
  const reserve = (more: number): boolean => {
    for (const [place, each] of kept) {
      if (bytes + more <= limits.totalBytes) break;
      forget(place, each);
    }
    if (bytes + more > limits.totalBytes) return false;
    bytes += more;
    return true;
  };

  const begin = (place: string, fingerprint: string, { call, exchange }: Asked): Owned => {
    if (!reserve(ENTRY_BYTES)) return { call, outlet: exchange };
    const leave = (): boolean => running.get(place) === entry && running.delete(place);
    const answer = new SharedAnswer(
      {
        keep(more) {
          if (entry.bytes - ENTRY_BYTES + more > limits.answerBytes || !reserve(more)) return false;
          entry.bytes += more;
          return true;
        },
        drop() {
          if (leave()) bytes -= entry.bytes;
        },
        done(made) {
          leave();
          kept.set(place, {
            callId: call.id,
            fingerprint,
            answer: made,
            bytes: entry.bytes,
            untilMs: clock.now() + ttlMs(),
          });
          cancelSweep ??= clock.after(ttlMs(), sweep);
        },
      },
      limits,
    );
    const entry: Running = { callId: call.id, fingerprint, answer, bytes: ENTRY_BYTES };
    running.set(place, entry);
    answer.follow(exchange);
    return { call: { ...call, departure: answer.departure }, outlet: answer };
  };

  /** Expired ones may still stand here when the time to live was shortened. */
  const keptAt = (place: string): Kept | undefined => {
    const found = kept.get(place);
    if (found === undefined || found.untilMs > clock.now()) return found;
    forget(place, found);
    return undefined;
  };

  return {
    enter(call, exchange) {
      const key = ttlMs() === 0 ? undefined : idempotencyKeyOf(call);
      if (key === undefined) return { call, outlet: exchange };
      const place = `${call.key.id}\n${call.dialect}\n${key}`;
      const fingerprint = fingerprintOf(call);
      const live = running.get(place);
      const found = live ?? keptAt(place);
      if (found === undefined) return begin(place, fingerprint, { call, exchange });
      if (found.fingerprint !== fingerprint) {
        metrics.idempotent('conflict');
        throw conflict(key);
      }
      const how = live === undefined ? 'replayed' : 'joined';
      metrics.idempotent(how);
      log.info({ call: exchange.id, key: call.key.id, how, of: found.callId }, 'shared answer');
      mark(exchange, how);
      if (found.answer instanceof SharedAnswer) found.answer.follow(exchange);
      else replay(exchange, found.answer);
      return undefined;
    },
    held: () => ({ running: running.size, kept: kept.size, bytes }),
    close() {
      for (const [place, each] of kept) forget(place, each);
    },
  };
}

type Asked = { readonly call: Call; readonly exchange: Exchange };

/** Whatever answers it, an error included, was not made for it. */
function mark(exchange: Exchange, how: 'joined' | 'replayed'): void {
  const { standing } = exchange;
  exchange.standing = () => ({ ...standing?.(), 'x-sluice-idempotent': how });
}

function replay(exchange: Exchange, { stream, headers, body }: KeptAnswer): void {
  if (exchange.response.destroyed) return;
  if (stream) {
    exchange.openStream(headers);
    exchange.response.end(body);
  } else exchange.sendJson(200, body, headers);
}

/** With what a dialect may say in its path instead of its body. */
const fingerprintOf = ({ body, openrouterBody = body, head, models = [] }: Call): string =>
  `${hash('sha256', openrouterBody, 'base64')} ${head.stream} ${[head.model, ...models].join(' ')}`;

const VISIBLE = /^[!-~]{1,255}$/;

function idempotencyKeyOf({ headers }: Call): string | undefined {
  const value = headers['idempotency-key'];
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && VISIBLE.test(value)) return value;
  throw new Failure('invalid_request', {
    message: 'Header Idempotency-Key: expected 1 to 255 visible ASCII characters without spaces, once.',
    param: 'Idempotency-Key',
  });
}

const conflict = (key: string): Failure =>
  new Failure('idempotency_conflict', {
    message:
      `Header Idempotency-Key: '${key.slice(0, 40)}' was used for a request with another body a moment ago. ` +
      'Send a new key with a new request; only the same request may be sent again under its key.',
    param: 'Idempotency-Key',
  });
