/**
 * What is going on right now, in one piece or as a feed: limits and what is used of them, who waits, what is benched. The
 * feed tells everything once and then each second what has changed; whoever reads slowly hears of the latest state alone.
 */

import { z } from 'zod';
import type { LaneView } from '../../admission/lane-view.ts';
import type { LiveLine } from '../../admission/queue.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import type { LiveBench } from '../live-routes.ts';
import { momentAnswer, momentText, momentTextOrNull } from './fields.ts';
import { jsonText } from './json.ts';
import { type AdminRoute, type Asker, adminRoute, type FeedEvent, type Knock } from './route.ts';

export type LiveDoors = {
  readonly clock: Clock;
  /** Asked for anew each time: the configuration may have changed. */
  live(): {
    readonly limits: readonly LaneView[];
    readonly lines: readonly LiveLine[];
    readonly benches: readonly LiveBench[];
    readonly channels: { readonly usable: number; readonly all: number };
    /** Calls under way. */
    readonly active: number;
  };
  /** What this and other instances hold of purses for their calls. Rejects while the database is away. */
  leases(): Promise<readonly LiveLease[]>;
  /** Does the asker still come in? Throws where not. */
  admit(knock: Knock): Promise<Asker>;
};

export type LiveLease = {
  readonly purse: string;
  readonly instance: string;
  readonly amountNano: bigint;
  readonly expiresMs: number;
};

const EVERY_MS = 1_000;
/** Silence after which the feed says that it is still there. */
const HEARTBEAT_MS = 15_000;
/** Whoever is deactivated hears nothing more after so long. */
const ADMIT_EVERY_MS = 2_000;

const roles = ['owner', 'operator', 'viewer'] as const;
const tag = 'Live';

const limit = z.object({
  limit: z.string(),
  configured: z.number(),
  in_force: z.number().meta({ description: 'After what was learned.' }),
  used: z.number(),
  left: z.number(),
});
const channel = z
  .object({
    channel: z.string(),
    limits: z.array(limit),
    rate: z
      .object({ now: z.number(), full: z.number() })
      .optional()
      .meta({ description: 'Requests a second, allowed now by slow start and at full speed.' }),
    arrives_within_ms: z.number(),
    paused_ms: z.number().optional(),
    notes: z.array(z.string()),
  })
  .meta({ id: 'LiveChannel' });
const waiting = z.object({
  tenant: z.string().meta({ description: 'Whose turn it is counted as: a key.' }),
  priority: z.string(),
  position: z.number().int(),
  waited_ms: z.number(),
  starts_in_ms: z.number().optional(),
  deadline_in_ms: z.number(),
});
const line = z
  .object({
    line: z.string(),
    length: z.number().int(),
    bytes: z.number().int(),
    next_start_ms: z.number().optional(),
    calls: z.array(waiting),
  })
  .meta({ id: 'LiveLine' });
const bench = z
  .object({
    what: z.string(),
    kind: z.string(),
    meaning: z.string(),
    since_at: momentAnswer(),
    until_at: momentAnswer().nullable().meta({ description: 'Null: until somebody acts.' }),
    off: z.boolean(),
  })
  .meta({ id: 'LiveBench' });
const lease = z
  .object({
    purse: z.string(),
    instance: z.string(),
    amount: z.string().meta({ description: 'Dollars as decimal text.' }),
    expires_at: momentAnswer(),
  })
  .meta({ id: 'LiveLease' });
const snapshot = z
  .object({
    at: momentAnswer(),
    active: z.number().int().meta({ description: 'Calls under way on this instance.' }),
    channels_usable: z.number().int(),
    channels_all: z.number().int(),
    limits: z.array(channel),
    lines: z.array(line),
    benches: z.array(bench),
    leases: z.array(lease).nullable().meta({ description: 'Null: the database does not answer just now.' }),
  })
  .meta({ id: 'LiveState' });

export function liveRoutes(doors: LiveDoors): AdminRoute[] {
  return [
    adminRoute({
      method: 'GET',
      path: '/live',
      id: 'getLive',
      summary: 'What is going on right now: limits, lines, benches, leases',
      tag,
      roles,
      answer: snapshot,
      handle: async () => ({ body: await partsOf(doors) }),
    }),
    adminRoute({
      method: 'GET',
      path: '/live/events',
      id: 'followLive',
      summary: 'The same as server-sent events: all of it, then each second the parts that changed',
      tag,
      roles,
      media: 'text/event-stream',
      handle: ({ knock }) => ({ feed: (signal) => follow(doors, knock, signal) }),
    }),
  ];
}

type Parts = Readonly<Record<string, unknown>>;

async function partsOf({ clock, live, leases }: LiveDoors): Promise<Parts> {
  // The rest is known without the database, and wanted most while it is away.
  const held = await leases().catch(() => undefined);
  const { limits, lines, benches, channels, active } = live();
  return {
    at: momentText(clock.now()),
    active,
    channels_usable: channels.usable,
    channels_all: channels.all,
    limits: snakeCased(limits),
    lines: snakeCased(lines),
    benches: benches.map(({ sinceMs, untilMs, ...rest }) => ({
      ...rest,
      since_at: momentText(sinceMs),
      until_at: momentTextOrNull(untilMs),
    })),
    leases: held?.map(leaseOf) ?? null,
  };
}

const leaseOf = ({ purse, instance, amountNano, expiresMs }: LiveLease): unknown => ({
  purse,
  instance,
  amount: amountNano,
  expires_at: momentText(expiresMs),
});

/** `Last-Event-ID` means nothing: every feed begins with everything. */
async function* follow(doors: LiveDoors, knock: Knock, signal: AbortSignal): AsyncGenerator<FeedEvent> {
  const { clock } = doors;
  let told = new Map<string, string>();
  let saidMs = clock.now();
  let admittedMs = clock.now();
  for (let count = 0; !signal.aborted; count++) {
    const parts = await partsOf(doors);
    const texts = new Map(Object.entries(parts).map(([name, part]) => [name, jsonText(part)]));
    const changed = [...texts].filter(([name, text]) => name !== 'at' && told.get(name) !== text);
    told = texts;
    if (changed.length > 0) {
      const news = Object.fromEntries(changed.map(([name]) => [name, parts[name]]));
      yield {
        event: count === 0 ? 'snapshot' : 'change',
        id: String(count),
        data: { at: parts['at'], ...news },
      };
      saidMs = clock.now();
    } else if (clock.now() - saidMs >= HEARTBEAT_MS) {
      yield undefined;
      saidMs = clock.now();
    }
    await sleep(clock, EVERY_MS, signal).catch(() => undefined);
    if (signal.aborted || clock.now() - admittedMs < ADMIT_EVERY_MS) continue;
    try {
      await doors.admit(knock);
    } catch {
      return;
    }
    admittedMs = clock.now();
  }
}

/** The names of fields as this API writes them; these parts have no others than names of fields. */
function snakeCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCased);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCased(each),
    ]),
  );
}
