/**
 * Passes a stream on. While the call waits, the client gets its 200 and a comment before it can grow impatient, and
 * learns of a failure in-band; a slow client slows the upstream down; silence in the middle is filled with comments
 * between events.
 */

import type { Cancel } from '../base/clock.ts';
import type { Chunk, Wire } from '../dialects/dialect.ts';
import type { Call } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { Story } from '../domain/story.ts';
import type { Opening } from '../relay/relay.ts';
import type { Reply } from '../relay/reply.ts';
import { type Outlet, RESUMED, seamsText, storyHeaders } from './exchange.ts';
import type { Front } from './front.ts';

type Streamed = { readonly exchange: Outlet; readonly call: Call; readonly opening: Opening };

export async function serveStream(
  front: Front,
  dialect: Wire,
  { exchange, call, opening }: Streamed,
): Promise<void> {
  const { response } = exchange;
  const heart = new Heart(front, () => {
    if (response.writableNeedDrain) return;
    if (!response.headersSent) exchange.openStream(headOf(opening.soFar()));
    exchange.comment(dialect.heartbeat(heartbeatText(front, opening)));
  });
  let reply: Reply | undefined;
  let last: Buffer | undefined;
  try {
    reply = await opening.reply;
    if (response.destroyed) return reply.clientLeft();
    if (!response.headersSent) exchange.openStream(headOf(opening.story));
    else exchange.comment(dialect.heartbeat(servedText(opening)));
    for (let chunks = await reply.next(); chunks !== undefined; chunks = await reply.next()) {
      const bytes = reply.translation?.write?.(chunks, reply) ?? bytesFor(dialect, { chunks, call, reply });
      if (bytes.length > 0) {
        if (reply.terminated) {
          reply.keep(bytes);
          const settled = reply.settle();
          if (settled !== undefined) await settled;
        }
        heart.beat();
        last = bytes;
        if (!response.write(bytes)) await exchange.drained();
      }
      if (exchange.response.destroyed) return reply.clientLeft();
    }
    const end = reply.translation?.end?.(reply) ?? (reply.terminated ? undefined : dialect.terminal);
    const settled = reply.settle();
    if (settled !== undefined) await settled;
    if (end !== undefined) {
      reply.keep(end);
      response.write(end);
    }
    tellSeams(exchange, opening.story);
    response.end();
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind !== 'client_gone') await reply?.settle(failure);
    if (!response.headersSent) throw failure;
    exchange.breakOff(
      failure.kind === 'client_gone' ? undefined : lastWords(dialect, failure, { call, reply, last }),
    );
  } finally {
    heart.stop();
    await reply?.[Symbol.asyncDispose]();
  }
}

/** The error terminal; `last`: what the client got before it, heartbeats apart. */
function lastWords(
  dialect: Wire,
  failure: Failure,
  {
    call,
    reply,
    last,
  }: { readonly call: Call; readonly reply: Reply | undefined; readonly last: Buffer | undefined },
): Buffer {
  const created = Math.floor(call.arrivedAtMs / 1_000);
  const head = reply?.head ?? { id: call.id, model: call.head.model, created };
  return dialect.writeStreamFailure(failure, call.id, { head, ...(last === undefined ? {} : { last }) });
}

/** Of a stream that may be continued elsewhere, what follows behind it is announced. */
const headOf = (story: Story): Record<string, string> =>
  story.resumed === undefined ? storyHeaders(story) : { ...storyHeaders(story), trailer: RESUMED };

function tellSeams(exchange: Outlet, { resumed = [] }: Story): void {
  if (resumed.length > 0) exchange.trail({ [RESUMED]: seamsText(resumed) });
}

function bytesFor(
  dialect: Wire,
  { chunks, call, reply }: { readonly chunks: readonly Chunk[]; readonly call: Call; readonly reply: Reply },
): Buffer {
  const options = { model: reply.model, wantsUsage: call.head.wantsUsage };
  const frames: Buffer[] = [];
  for (const chunk of chunks) {
    // Whoever asked for usage gets a report, also from an upstream that gives none.
    if (chunk.only === 'terminal' && options.wantsUsage && reply.usage === undefined) {
      const writer = dialect.streamWriter?.(reply.head, { wantsUsage: true });
      if (writer !== undefined) frames.push(writer.write({ type: 'usage', usage: reply.estimatedUsage() }));
    }
    const frame = dialect.forward(chunk, options);
    if (frame !== undefined) frames.push(frame);
  }
  return frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames);
}

/** Beats when nothing was written for the configured time. One timer, looked at when it fires. */
class Heart {
  readonly #front: Front;
  readonly #onBeat: () => void;
  readonly #everyMs: number;
  #lastMs: number;
  #cancel: Cancel;

  constructor(front: Front, onBeat: () => void) {
    this.#front = front;
    this.#onBeat = onBeat;
    // A little early, so that what is promised within the time is there within the time.
    this.#everyMs = front.settings().heartbeatMs * 0.95;
    this.#lastMs = front.clock.now();
    this.#cancel = this.#arm(this.#everyMs);
  }

  /** Something was written. */
  beat(): void {
    this.#lastMs = this.#front.clock.now();
  }

  stop(): void {
    this.#cancel();
  }

  /** 0 in the configuration: no heartbeats. */
  #arm(delayMs: number): Cancel {
    if (this.#everyMs === 0) return () => undefined;
    return this.#front.clock.after(delayMs, () => {
      const quietMs = this.#front.clock.now() - this.#lastMs;
      if (quietMs >= this.#everyMs - 1) {
        this.#onBeat();
        this.beat();
        this.#cancel = this.#arm(this.#everyMs);
      } else this.#cancel = this.#arm(this.#everyMs - quietMs);
    });
  }
}

/** `queued position=3 eta=4.2s deadline=46.0s`, or what else the call is waiting for. */
function heartbeatText(front: Front, opening: Opening): string {
  const place = opening.place();
  if (place === undefined)
    return opening.story.attempts.length === 0 ? 'working' : 'waiting for the provider';
  const position = place.position();
  const etaMs = place.startsAtMs();
  const inSeconds = (atMs: number): string =>
    `${Math.max(0, (atMs - front.clock.now()) / 1_000).toFixed(1)}s`;
  const eta = etaMs === undefined ? '' : ` eta=${inSeconds(etaMs)}`;
  return `queued position=${position}${eta} deadline=${inSeconds(place.deadlineMs)}`;
}

/** The head went out before the call had a channel: what its headers could not say. */
function servedText({ story }: Opening): string {
  return Object.entries(storyHeaders(story))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
