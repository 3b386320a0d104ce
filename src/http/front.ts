/** What the front needs of the house: built in `app.ts`, the same for every route. */

import type { Access } from '../access/access.ts';
import type { ObjectIds } from '../access/object-ids.ts';
import type { LaneView } from '../admission/lane-view.ts';
import type { LaneWindow } from '../admission/limiter.ts';
import type { LineState, LiveLine } from '../admission/queue.ts';
import type { Clock } from '../base/clock.ts';
import type { JsonObject } from '../base/json.ts';
import type { Logger } from '../base/log.ts';
import type { ClientKey } from '../domain/call.ts';
import type { WriterState } from '../ledger/writer.ts';
import type { KeptAnswer } from '../relay/kept-answers.ts';
import type { Passage } from '../relay/objects/passage.ts';
import type { Relay } from '../relay/relay.ts';
import type { Snapshot } from '../relay/rooms.ts';
import type { Bench } from '../routing/bench.ts';
import type { Shelf } from '../state/shelf.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { AdminOptions } from './admin/admin.ts';
import type { Idempotency } from './idempotency.ts';

export type FrontSettings = {
  readonly bodyLimitBytes: number;
  /** Of what is passed on as it comes. */
  readonly uploadLimitBytes: number;
  /** A waiting or silent stream gets a comment this often. */
  readonly heartbeatMs: number;
  /** Models are known as `claude-via-…` too. */
  readonly claudeAliases: boolean;
};

export type Front = {
  /** Undefined: there is no admin API. */
  readonly admin?: Pick<AdminOptions, 'routes' | 'database' | 'door'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly relay: Relay;
  readonly passage: Passage;
  readonly objectIds: ObjectIds;
  readonly metrics: Metrics;
  readonly idempotency: Idempotency;
  /** What was kept of earlier calls. */
  readonly shelf: Shelf;
  /** An answer in the background, as its account tells it. */
  askMaker(answer: KeptAnswer, act: 'look' | 'cancel'): Promise<JsonObject>;
  metricsText(): string;
  /** These three change with the configuration. */
  access(): Access;
  snapshot(): Snapshot;
  settings(): FrontSettings;
  lines(): readonly LineState[];
  /** The lines with those who wait in them. */
  liveLines(): readonly LiveLine[];
  liveLimits(): readonly LaneView[];
  /** What is left alone, and what is switched off. */
  benches(): readonly Bench[];
  /** By hand: what is benched or switched off may be tried at once. False: it is not. */
  switchOn(what: string): boolean;
  /** What is left of a key's own limits; undefined where it has none. */
  keyWindows(key: ClientKey): readonly LaneWindow[] | undefined;
  /** Input tokens of a body on a model, as far as is known without asking; undefined: there is no such model. */
  countTokens(model: string, ask: { readonly key: string; readonly body: Uint8Array }): number | undefined;
  /** Channels that could be tried now, and all. */
  usableChannels(): { readonly usable: number; readonly all: number };
  /** How the books are doing; absent where none are kept. */
  books?(): WriterState;
  /** Has the key a wallet or a budget that its calls are charged to? Absent where no books are kept. */
  isCharged?(key: ClientKey): boolean;
};
