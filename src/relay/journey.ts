/**
 * One call on its way: what it may still do (model, deadline, channels left), and the story of what it did. Lives
 * from the resolved model to the last byte.
 */

import type { Fill } from '../admission/learned.ts';
import type { Permit } from '../admission/permit.ts';
import type { Ask, Place } from '../admission/queue.ts';
import type { Call } from '../domain/call.ts';
import { type Channel, lineOf, type Model } from '../domain/channel.ts';
import { decimalOf } from '../domain/cost.ts';
import type { Failure, FailureKind } from '../domain/failure.ts';
import { type Needs, shortfallOf } from '../domain/model-facts.ts';
import type { Story } from '../domain/story.ts';
import type { Hold } from '../ledger/ledger.ts';
import { affinityKeyOf } from '../routing/affinity-key.ts';
import { estimateTokens } from '../tokens/estimate.ts';
import { ableFor, unable } from './able.ts';
import { entryOf } from './entry-of.ts';
import { needsOf } from './needs.ts';
import { modelNotFound, nobodyWished } from './no-such-model.ts';
import type { Rooms, Snapshot } from './rooms.ts';
import { type Thinker, thinkerOf } from './thinker.ts';
import { wishedChannels } from './wished-channels.ts';

/** One time that a channel said no to the call. */
export type CallRefusal = {
  readonly channel: Channel;
  readonly kind: FailureKind;
  readonly startedAtMs: number;
  readonly atMs: number;
  /** How full the channel's windows were. */
  readonly fill: Fill;
  /** How often the channel failed anybody at that time (0-1). */
  readonly failureShare: number;
};

/** Pauses before a call that was refused is sent again; the jitter goes upwards alone. */
const LEAST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 8_000;

/** The provider took the call in, and more of the same could be what it fails under. */
const FAILED_AT_WORK: ReadonlySet<FailureKind> = new Set(['upstream_error', 'malformed', 'connection']);

export class Journey {
  readonly call: Call;
  readonly rooms: Rooms;
  readonly snapshot: Snapshot;
  readonly story: Story;
  readonly rawInputTokens: number;
  /** Channels that failed this call in a way that another may not. */
  readonly left = new Set<string>();
  /** Channels that cannot do what it asks, at any time. */
  readonly barred = new Set<string>();
  model: Model;
  /** Failed attempts on the model of now, refusals that only wait not counted. */
  failuresOnModel = 0;
  /** Where the call waits, while it waits. */
  place: Place | undefined;
  waitsSinceMs: number | undefined;
  lastFailure: Failure | undefined;
  /** Who said no to it, on whichever model. */
  readonly refusals: CallRefusal[] = [];
  /** It is not sent again before this moment. */
  notBeforeMs = 0;
  /** What the call holds of its key's own limits. */
  allowance: Permit | undefined;
  /** Money that is set aside for the call. */
  hold: Hold | undefined;
  /** Its key has no purse. */
  paysNothing = false;
  /** An answer has begun: it has to be paid for, however long it takes. */
  keepsHold = false;
  /** An upstream has refused it on the model of now: it is let back into the line whatever the bounds say. */
  returns = false;
  /** Share of the line's minute that the attempt under way was charged; undefined: it started without a line. */
  paid: number | undefined;
  #conversation: string | undefined;
  /** Looked for at most once. */
  #thinker: Thinker | 'nobody' | undefined;
  /** The model that the client asked for, whichever serves it. */
  readonly #asked: Model;
  /** Time spent waiting for upstreams, ms: what is neither this nor the queue is our overhead. */
  upstreamMs = 0;
  readonly #fallbacks: string[];
  #needs: Needs | undefined;
  #wasSent = false;
  #endsByMs = Infinity;
  #recorded = false;

  constructor(call: Call, rooms: Rooms) {
    this.call = call;
    this.rooms = rooms;
    this.snapshot = rooms.snapshot();
    const model = this.snapshot.catalog.resolve(call.head.model);
    if (model === undefined || model.channels.length === 0) throw modelNotFound(call.head.model);
    this.model = ableFor(call, model, rooms);
    if (this.model.channels.length === 0) throw unable(call, model, rooms);
    this.#asked = model;
    const others =
      call.models ?? call.key.fallbacks?.filter((name) => name !== model.name) ?? model.fallbacks;
    this.#fallbacks = call.options.fallback ? [...others] : [];
    this.rawInputTokens = estimateTokens(call.body);
    this.story = {
      id: call.id,
      key: call.key.id,
      model: call.head.model,
      stream: call.head.stream,
      arrivedAtMs: call.arrivedAtMs,
      attempts: [],
      fallbacks: [],
      ...(model.resume === true ? { resumed: [] } : {}),
      queueMs: 0,
      overheadMs: 0,
      durationMs: 0,
      status: 0,
    };
    if (call.wishes !== undefined && this.channelsOf(this.model.channels).length === 0) {
      const other = this.nextFallback;
      if (other === undefined) throw nobodyWished(model);
      this.fallBack(nobodyWished(model));
    }
  }

  /** Those that the client's wishes leave, in tiers of its order. */
  channelsOf(channels: readonly Channel[]): readonly Channel[] {
    const { wishes, head } = this.call;
    if (wishes === undefined) return channels;
    return wishedChannels(channels, {
      wishes,
      pace: this.rooms.pace,
      needs: () => this.#needsOf(),
      maxOutputTokens: head.maxOutputTokens,
      nowMs: this.rooms.clock.now(),
    });
  }

  #needsOf(): Needs {
    this.#needs ??= needsOf(this.call.body, this.rawInputTokens);
    return this.#needs;
  }

  /** May this model answer in place of another? Not one that is known to be unable to on any channel. */
  #canTakeOver(model: Model): boolean {
    return this.channelsOf(model.channels).some(
      ({ facts }) => facts === undefined || shortfallOf(facts, this.#needsOf()) === undefined,
    );
  }

  /** Longest wait of the call in all, ms. */
  get maxWaitMs(): number {
    const { settings } = this.snapshot;
    return (
      this.call.options.maxWaitMs ?? (this.call.head.stream ? settings.maxWaitStreamMs : settings.maxWaitMs)
    );
  }

  /** What is left of the longest wait, as a moment. */
  deadlineMs(nowMs: number): number {
    return Math.min(this.#endsByMs, nowMs + Math.max(0, this.maxWaitMs - this.story.queueMs));
  }

  /** How long the wait that goes on has lasted, ms. */
  waitedMs(): number {
    return this.waitsSinceMs === undefined ? 0 : this.rooms.clock.now() - this.waitsSinceMs;
  }

  /** Stands in a line: the wait is counted, and where the call stands can be seen while it lasts. */
  async stand<T>(ask: Ask<T>, onWait?: () => void): Promise<T> {
    const { clock, queue } = this.rooms;
    const enteredAtMs = clock.now();
    try {
      return await queue.enter({
        ...ask,
        onWait: (place) => {
          this.place = place;
          this.waitsSinceMs = enteredAtMs;
          if (!this.keepsHold) this.letGoOfHold();
          onWait?.();
        },
      });
    } finally {
      this.place = undefined;
      this.waitsSinceMs = undefined;
      this.story.queueMs += clock.now() - enteredAtMs;
    }
  }

  /** Whoever can start sooner may have the money meanwhile. */
  letGoOfHold(): void {
    this.hold?.release();
    this.hold = undefined;
  }

  /** All that may serve it yet instead of the model of now. */
  get fallbackModels(): readonly Model[] {
    const { catalog } = this.snapshot;
    return this.#fallbacks.flatMap((name) => {
      const found = catalog.resolve(name);
      return found === undefined ? [] : [ableFor(this.call, found, this.rooms)];
    });
  }

  /** The next model that could serve the call. */
  get nextFallback(): Model | undefined {
    for (const name of this.#fallbacks) {
      const model = this.#ableModel(name);
      if (model !== undefined) return model;
    }
    return undefined;
  }

  /** Undefined where none of its channels can do what is asked. */
  #ableModel(name: string): Model | undefined {
    const found = this.snapshot.catalog.resolve(name);
    const model = found && ableFor(this.call, found, this.rooms);
    return model !== undefined && this.#canTakeOver(model) ? model : undefined;
  }

  /** The channel that served the conversation before. */
  warmChannel(model: Model): string | undefined {
    // Who has the whole conversation itself has kept more of it than anybody else could be told.
    const maker = this.call.recalled?.maker?.account;
    const own = maker && model.channels.find(({ account }) => account.id === maker);
    if (own) return own.id;
    const conversation = this.#conversationOf(model);
    return conversation === undefined ? undefined : this.rooms.affinity.channelOf(conversation, model.name);
  }

  /** The provider whose thoughts a turn of tools goes on from; undefined: nobody's, or there is no choice. */
  boundTo(channels: readonly Channel[]): string | undefined {
    if (areOfOneProvider(channels)) return undefined;
    const thinker = this.#thinkerOf();
    return thinker?.inLoop === true ? thinker.provider : undefined;
  }

  /** The provider whose seals the request carries, where that is known and another is asked. */
  sealedBy(channel: Channel): string | undefined {
    const { channels } = this.#asked;
    const { provider } = channel.account;
    if (channels.every(({ account }) => account.provider === provider)) return undefined;
    const thinker = this.#thinkerOf();
    return thinker?.inBody === true ? thinker.provider : undefined;
  }

  #thinkerOf(): Thinker | undefined {
    if (this.#thinker === undefined) {
      const { call, rooms } = this;
      const { channels, name } = this.#asked;
      const warm = areOfOneProvider(channels) ? channels[0]?.id : this.warmChannel(this.#asked);
      const served = this.snapshot.catalog.resolve(name)?.channels.find(({ id }) => id === warm);
      this.#thinker =
        thinkerOf(call.body, {
          ...{ shelf: rooms.shelf, key: call.key.id },
          served: served?.account.provider,
        }) ?? 'nobody';
    }
    return this.#thinker === 'nobody' ? undefined : this.#thinker;
  }

  /** The channel has begun to answer: the conversation's next call shall find it. */
  servedBy(channel: string): void {
    const conversation = this.#conversationOf(this.model);
    if (conversation !== undefined) this.rooms.affinity.served(conversation, this.model.name, channel);
  }

  /** It is not sent there again for a while, and after a second refusal not anywhere. */
  refusedBy(channel: Channel, { kind }: Failure, { fill }: Permit): void {
    const { clock, health } = this.rooms;
    const atMs = clock.now();
    const startedAtMs = this.story.attempts.at(-1)?.startedAtMs ?? atMs;
    const failureShare = health.failureShare(channel, atMs);
    this.refusals.push({ channel, kind, startedAtMs, atMs, fill, failureShare });
    const waits = this.refusals.length - 2;
    if (waits >= 0) this.notBeforeMs = atMs + this.#backOff(LEAST_BACK_OFF_MS * 2 ** waits);
  }

  /**
   * The moment before which the call may not be sent to this channel again: a channel that refused it gets a pause, and
   * one that has not answered since it last failed takes a retry from the budget.
   */
  mayTryAt(channel: Channel, nowMs: number): number {
    const { health, retries } = this.rooms;
    const own = this.refusals.filter((refusal) => refusal.channel.id === channel.id);
    const last = own.at(-1);
    const pausedUntilMs =
      last === undefined
        ? nowMs
        : Math.max(
            last.atMs + LEAST_BACK_OFF_MS * 2 ** Math.min(4, own.length),
            // Whoever was refused there is not the one to try it first, where others wait too.
            health.benchEndMs(channel) + LEAST_BACK_OFF_MS,
          );
    const worked = FAILED_AT_WORK.has(this.lastFailure?.kind ?? 'internal');
    const isFree = !this.#wasSent || (!worked && health.isProven(channel));
    return Math.max(pausedUntilMs, isFree ? nowMs : retries.freeAt(nowMs));
  }

  /** It was sent before, to whichever model. */
  get wasSent(): boolean {
    return this.#wasSent;
  }

  /** Counts an attempt that leaves the house. */
  sent(nowMs: number): void {
    const { retries } = this.rooms;
    if (this.#wasSent) retries.again(nowMs);
    else retries.first(nowMs);
    this.#wasSent = true;
  }

  /** The attempt never left the house after all. */
  unsent(): void {
    if (this.story.attempts.length === 1) this.#wasSent = false;
  }

  #backOff(ms: number): number {
    return Math.min(LONGEST_BACK_OFF_MS, ms) * (1 + 0.5 * this.rooms.random());
  }

  /** Charges the line's share of this call anew: what it really took, or nothing when it was refused. */
  payInstead(cost: number): void {
    const { call, rooms, model } = this;
    if (this.paid === undefined) return;
    const difference = cost - this.paid;
    this.paid = cost;
    rooms.queue.correct(lineOf(model), {
      priority: call.options.priority,
      tenant: call.key.id,
      difference,
    });
  }

  /** What tells its conversation apart; undefined where nothing does, or where it makes no difference. */
  #conversationOf(model: Model): string | undefined {
    const { call } = this;
    if (!model.affinity || model.channels.length < 2) return undefined;
    this.#conversation ??= affinityKeyOf(call.headers, call.body, call.key.id);
    return this.#conversation;
  }

  /** From here on only this model may serve it, and only if it can start within this time. */
  hurry(ms: number): void {
    this.#fallbacks.length = 0;
    this.#endsByMs = this.rooms.clock.now() + ms;
  }

  /** Moves on to the next fallback model that has channels; false when there is none. */
  fallBack(reason: Failure): boolean {
    for (;;) {
      const name = this.#fallbacks.shift();
      if (name === undefined) return false;
      const model = this.#ableModel(name);
      if (model === undefined) continue;
      this.story.fallbacks.push({ from: this.model.name, to: name, reason: reason.kind });
      this.model = model;
      this.left.clear();
      this.returns = false;
      this.notBeforeMs = 0;
      this.failuresOnModel = 0;
      return true;
    }
  }

  /**
   * Closes the story, once, and enters the call into the books. `free`: it failed before anything of an answer reached the
   * client. A promise is to be waited for before the client sees the end; it never rejects.
   */
  record(end: JourneyEnd, free = true): Promise<void> | undefined {
    if (this.#recorded) return undefined;
    this.#recorded = true;
    const nowMs = this.rooms.clock.now();
    Object.assign(this.story, end);
    this.story.durationMs = nowMs - this.story.arrivedAtMs;
    this.rooms.record(this.story);
    const { ledger } = this.rooms;
    // Where there is no room for entries, there is none for that of a call that was refused for it.
    if (ledger === undefined || end.failure === 'ledger_full') {
      this.letGoOfHold();
      return undefined;
    }
    const entry = entryOf(this, { ledger, free, endedAtMs: nowMs });
    const { chargedNano } = entry.money;
    if (chargedNano !== null) this.story.chargedUsd = decimalOf(chargedNano);
    return ledger.record(entry);
  }
}

export type JourneyEnd = Pick<Story, 'end' | 'failure' | 'usage' | 'status'>;

const areOfOneProvider = (channels: readonly Channel[]): boolean =>
  channels.every(({ account }) => account.provider === channels[0]?.account.provider);
