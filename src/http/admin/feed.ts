/**
 * Writes the events of a feed to one client as fast as it reads: the next one is only made when the last one has left, so
 * that a slow reader skips snapshots instead of piling them up. There are only so many at once, and all end on a drain.
 */

import type { ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.ts';
import { jsonText } from './json.ts';
import { AdminProblem, type FeedEvent } from './route.ts';

const MOST_FEEDS = 20;
/** Whoever takes nothing for so long has gone. */
const STUCK_MS = 60_000;

export type Feeds = {
  /** Throws 503 when there are too many, or the end has come. */
  check(): void;
  /** Resolves when the feed has ended, in whatever way. */
  serve(
    response: ServerResponse,
    feed: (signal: AbortSignal) => AsyncIterable<FeedEvent>,
    headers: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** All end, and no new ones begin. */
  end(): void;
  readonly size: number;
};

export function createFeeds(clock: Clock): Feeds {
  const running = new Set<AbortController>();
  let ended = false;
  return {
    get size() {
      return running.size;
    },
    end() {
      ended = true;
      for (const feed of running) feed.abort();
    },
    check() {
      if (ended) throw new AdminProblem(503, 'This instance is shutting down: try again.');
      if (running.size >= MOST_FEEDS)
        throw new AdminProblem(
          503,
          `There are ${MOST_FEEDS} feeds already: close one, or ask without a feed.`,
          [],
          {
            'retry-after': '5',
          },
        );
    },
    async serve(response, feed, headers) {
      const end = new AbortController();
      running.add(end);
      response.once('close', () => end.abort());
      response.on('error', () => end.abort());
      try {
        response.writeHead(200, {
          ...headers,
          'content-type': 'text/event-stream; charset=utf-8',
          'x-accel-buffering': 'no',
        });
        response.flushHeaders();
        for await (const event of feed(end.signal)) {
          if (end.signal.aborted) break;
          if (!response.write(textOf(event))) await drained(response, end, clock);
          if (end.signal.aborted) break;
        }
      } finally {
        running.delete(end);
        response.end();
      }
    },
  };
}

function textOf(event: FeedEvent): string {
  if (event === undefined) return ': still here\n\n';
  const id = event.id === undefined ? '' : `id: ${event.id}\n`;
  return `event: ${event.event}\n${id}data: ${jsonText(event.data)}\n\n`;
}

function drained(response: ServerResponse, end: AbortController, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      response.off('drain', done);
      end.signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(STUCK_MS, () => {
      end.abort();
      response.destroy();
      done();
    });
    response.once('drain', done);
    end.signal.addEventListener('abort', done, { once: true });
    if (end.signal.aborted) done();
  });
}
