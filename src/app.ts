/**
 * Builds every room and joins them: the only file that knows all. A new configuration replaces the snapshot (keys,
 * accounts, models, times); what is counted (windows, benches, lines, metrics) stays, and calls in flight keep what
 * they began with.
 */

import { randomBytes } from 'node:crypto';
import { type Access, createAccess } from './access/access.ts';
import { createObjectIds } from './access/object-ids.ts';
import { createPeopleLoader } from './access/people-loader.ts';
import { cutNotes, viewOf } from './admission/lane-view.ts';
import { createLimiter, type Memories } from './admission/limiter.ts';
import { createQueue, type QueueSettings } from './admission/queue.ts';
import type { Clock } from './base/clock.ts';
import type { Fetch } from './base/fetch.ts';
import type { Logger } from './base/log.ts';
import { addBookGauges, addPurseGauges } from './book-gauges.ts';
import type { Books } from './books.ts';
import { createCatalogue } from './catalog/catalogue.ts';
import { readShipped } from './catalog/shipped.ts';
import type { Config } from './config/config.ts';
import type { Known } from './config/known.ts';
import type { Account } from './domain/channel.ts';
import { embeddedSimulator, isEmbedded, simulatorKey } from './embedded-simulator.ts';
import { addGauges } from './gauges.ts';
import type { LiveDoors } from './http/admin/live-routes.ts';
import type { Front } from './http/front.ts';
import { createIdempotency } from './http/idempotency.ts';
import { liveOf } from './http/live-routes.ts';
import { createServer, type Server } from './http/server.ts';
import { providers } from './providers/index.ts';
import { hasLimits, quotaOfKey } from './relay/allowance.ts';
import { countTokens } from './relay/count-tokens.ts';
import { askMaker } from './relay/maker.ts';
import { createPassage } from './relay/objects/passage.ts';
import { createRelay } from './relay/relay.ts';
import { createRetryBudget } from './relay/retry-budget.ts';
import type { Rooms, Snapshot } from './relay/rooms.ts';
import { createAffinity } from './routing/affinity.ts';
import { type Bench, isOff } from './routing/bench.ts';
import { createHealth, type KeptBench } from './routing/health.ts';
import { createPace } from './routing/pace.ts';
import { strategies } from './routing/strategies/index.ts';
import type { Simulator } from './simulator/upstream.ts';
import { requireProvider, snapshotOf } from './snapshot.ts';
import { createMemoryStore, type MemoryStore } from './state/memory.ts';
import { createSeals } from './state/seals.ts';
import { createShelf } from './state/shelf.ts';
import type { Topic } from './storage/revisions.ts';
import { type Alerts, createAlerts } from './telemetry/alerts.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createRegistry } from './telemetry/registry.ts';
import { logPass, logStory } from './telemetry/story-log.ts';
import { createCalibration } from './tokens/calibrate.ts';

/** The names that a configuration may use. */
export const known: Known = { providers, strategies: strategies.map(({ id }) => id) };

export type AppOptions = {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The network. */
  readonly fetch: Fetch;
  /** Signs the ids of objects and seals the thoughts that clients carry; not given: one of this run alone. */
  readonly idSecret?: () => Uint8Array;
  /** What an earlier run had learned. */
  readonly memories?: Memories;
  /** What an earlier run had benched for long, or switched off. */
  readonly benches?: readonly KeptBench[];
  /** What calls cost and who pays; not given: nothing is written down. */
  readonly books?: Pick<Books, 'ledger' | 'state' | 'onBatch' | 'apply'> &
    Partial<Pick<Books, 'database' | 'revisions' | 'funds'>>;
  /** The admin API, of what is going on; not given: there is none. */
  readonly admin?: (house: {
    readonly config: () => Config;
    readonly live: LiveDoors['live'];
    readonly access: Access;
    /** A change was made in the database: resolves when it is in force here. */
    readonly changed: (topic: Topic) => Promise<void>;
    /** Not before it stands. */
    readonly front: () => Front;
  }) => NonNullable<Front['admin']>;
};

export type App = {
  readonly server: Server;
  readonly front: Front;
  readonly rooms: Rooms;
  readonly store: MemoryStore;
  readonly alerts: Alerts;
  readonly access: Access;
  /** The embedded one, when an account uses it. */
  simulator(): Simulator | undefined;
  /** Puts a new configuration in force. Its address is not: that takes a restart. */
  apply(config: Config): void;
};

export function createApp(options: AppOptions): App {
  const { clock, random, log, books } = options;
  let config = options.config;
  let embedded = embeddedSimulator(config, options);
  const catalogue = createCatalogue(readShipped);
  let snapshot = snapshotOf(config, catalogue);
  const access = createAccess({
    now: () => clock.now(),
    onHidden: (id) =>
      log.warn(
        { key: id },
        'the configuration file has a key of this id or these words: the other is not in force',
      ),
  });
  access.useFile(peopleOf(config));
  if (books?.database !== undefined)
    books.revisions?.follow('keys', createPeopleLoader(books.database, access));
  books?.funds?.usePeople(access);

  const store = createMemoryStore();
  const limiter = createLimiter(store, {
    now: () => clock.now(),
    ...(options.memories === undefined ? {} : { memories: options.memories }),
  });
  const queue = createQueue({ clock, random, settings: () => queueSettingsOf(config) });
  limiter.onRelease(() => queue.wake());
  limiter.onCut((lane) => {
    for (const note of cutNotes(lane)) log.warn({ channel: lane.id }, note);
  });
  const health = createHealth({ random });
  health.restore(options.benches ?? [], accountsOf(snapshot), clock.now());
  const registry = createRegistry();
  const metrics = createMetrics(registry);
  const alerts = createAlerts({
    clock,
    random,
    log,
    registry,
    fetch: options.fetch,
    settings: () => config.alerts,
  });
  health.onEvent((occurrence) => alerts.raise(occurrence));

  const idSecret = options.idSecret ?? (() => randomBytes(32));
  const rooms: Rooms = {
    clock,
    random,
    limiter,
    queue,
    health,
    retries: createRetryBudget(() => config.retries.share),
    affinity: createAffinity(),
    pace: createPace(),
    calibration: createCalibration(),
    shelf: createShelf({ now: () => clock.now(), settings: () => config.memory }),
    seals: createSeals(idSecret),
    snapshot: () => snapshot,
    ...(books === undefined ? {} : { ledger: books.ledger }),
    providerOf: (channel) => requireProvider(channel.account.provider),
    fetchOf: (channel) => (isEmbedded(channel) ? (embedded?.fetch ?? options.fetch) : options.fetch),
    record(story) {
      metrics.story(story);
      rooms.pace.saw(story);
      logStory(log, story);
    },
    unknownAnswer(channel, sample) {
      metrics.unknownAnswer(channel.account.provider);
      log.warn(
        { channel: channel.id, provider: channel.account.provider, sample },
        'an answer that no rule knows',
      );
    },
  };
  const usableChannels = (): { usable: number; all: number } => {
    const nowMs = clock.now();
    const { channels } = snapshot.catalog;
    return {
      all: channels.length,
      usable: channels.filter((channel) => health.freeAt(channel, nowMs) <= nowMs).length,
    };
  };
  const front: Front = {
    clock,
    log,
    relay: createRelay(rooms),
    passage: createPassage(rooms, {
      record(story) {
        metrics.passed(story);
        logPass(log, story);
      },
    }),
    objectIds: createObjectIds(idSecret),
    metrics,
    idempotency: createIdempotency({ clock, log, metrics, ttlMs: () => config.server.idempotencyTtlMs }),
    shelf: rooms.shelf,
    askMaker: (answer, act) => askMaker(rooms, answer, act),
    metricsText: () => registry.text(),
    access: () => access,
    snapshot: () => snapshot,
    settings: () => ({
      bodyLimitBytes: config.server.bodyLimitBytes,
      uploadLimitBytes: config.server.uploadLimitBytes,
      heartbeatMs: config.heartbeatMs,
      claudeAliases: config.claudeAliases,
    }),
    lines: () => queue.lines(),
    liveLines: () => queue.live(),
    liveLimits: () =>
      snapshot.catalog.channels.map((channel) => {
        const view = viewOf(limiter.lane(channel), clock.now());
        const bench = health.benchOf(channel, clock.now());
        const { state } = channel;
        const byHand =
          state === undefined ? [] : [`Takes no calls until it is set to active again (${state}).`];
        return {
          ...view,
          notes: [...byHand, ...(bench === undefined ? [] : [noteOf(bench)]), ...view.notes],
        };
      }),
    benches: () => health.benches(clock.now()),
    switchOn(what) {
      const was = health.switchOn(what);
      queue.wake();
      return was;
    },
    keyWindows: (key) => (hasLimits(key) ? limiter.headroom(quotaOfKey(key), clock.now()) : undefined),
    countTokens: (name, ask) => countTokens(rooms, name, ask),
    usableChannels,
    ...(books === undefined
      ? {}
      : { books: () => books.state(), isCharged: (key) => books.ledger.isCharged(key) }),
    ...(options.admin === undefined
      ? {}
      : {
          admin: options.admin({
            config: () => config,
            live: () => liveOf(front, server.active()),
            access,
            changed: async (topic) => books?.revisions?.notice(topic),
            front: () => front,
          }),
        }),
  };
  const server = createServer(front);

  addGauges(registry, {
    clock,
    limiter,
    queue,
    health,
    snapshot: () => snapshot,
    active: () => server.active(),
    usable: () => usableChannels().usable,
  });

  if (books !== undefined) addBookGauges(registry, books);
  if (books?.funds !== undefined) addPurseGauges(registry, books.funds);

  return {
    server,
    front,
    rooms,
    store,
    alerts,
    access,
    simulator: () => embedded,
    apply(next) {
      if (simulatorKey(next) !== simulatorKey(config)) embedded = embeddedSimulator(next, options);
      config = next;
      books?.apply(next);
      snapshot = snapshotOf(next, catalogue);
      health.follow(accountsOf(snapshot));
      access.useFile(peopleOf(next));
      queue.wake();
    },
  };
}

const noteOf = (bench: Bench): string => {
  const why = `(${bench.what}: ${bench.kind})`;
  return isOff(bench)
    ? `Switched off ${why} until somebody acts: mend it, then \`sluice on ${bench.what}\`.`
    : `Left alone until ${new Date(bench.untilMs).toISOString()} ${why}.`;
};

const peopleOf = ({ keys, tenants, projects, server }: Config) => ({
  ...{ keys, tenants, projects },
  trustedProxies: server.trustedProxies,
});

const accountsOf = ({ catalog }: Snapshot): Account[] => [
  ...new Set(catalog.channels.map(({ account }) => account)),
];

function queueSettingsOf({ queue }: Config): QueueSettings {
  return {
    maxLength: queue.maxLength,
    maxBytes: queue.maxBytes,
    maxLengthPerTenant: queue.maxLengthPerKey ?? Infinity,
    maxBytesPerTenant: queue.maxBytesPerKey ?? Infinity,
    overloadWaitMs: queue.overloadWaitMs,
  };
}
