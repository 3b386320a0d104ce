/**
 * Who is next: first by priority class, then by tenant, then by deadline. Classes and tenants share by weight after
 * start-time fair queueing: each has a virtual time that its starts push on by their cost over its weight, and the
 * least goes first. One that was idle begins where the others are, neither rewarded nor punished.
 * Source: Goyal, Vin, Cheng, Start-Time Fair Queueing, 1996; the cost is the dominant share of Ghodsi et al., 2011.
 */

import { Heap } from '../base/heap.ts';
import type { Priority } from '../domain/call.ts';
import type { Ask } from './ask.ts';
import type { Entry } from './entry.ts';

/** No class starves: batch gets at least a twentieth of a crowded line. */
export const CLASS_WEIGHTS: Readonly<Record<Priority, number>> = { interactive: 15, normal: 4, batch: 1 };

/** What of a call decides where it will stand. */
export type Coming = Pick<Ask<unknown>, 'priority' | 'tenant' | 'weight' | 'orderMs'>;

/** Within a tenant and class: the earlier deadline first, of equal ones who came first. */
const isBefore = (a: Entry, b: Entry): boolean =>
  a.ask.orderMs < b.ask.orderMs || (a.ask.orderMs === b.ask.orderMs && a.order < b.order);

/** The calls of one tenant in one class. */
export class Flow {
  readonly tenant: string;
  weight: number;
  virtualTime = 0;
  cost = 0;
  bytes = 0;
  index = -1;
  /** Order of the call with which it last became active: who came first goes first. */
  since = 0;
  /** No entry is ordered after this. */
  #lastOrderMs = -Infinity;
  readonly entries = new Heap<Entry>({
    before: isBefore,
    place: (entry, index) => {
      entry.flowIndex = index;
    },
  });

  constructor(tenant: string, weight: number) {
    this.tenant = tenant;
    this.weight = weight;
  }

  push(entry: Entry): void {
    const { orderMs } = entry.ask;
    this.#lastOrderMs = this.entries.size === 0 ? orderMs : Math.max(this.#lastOrderMs, orderMs);
    this.entries.push(entry);
  }

  /** Cost of the entries that start before one of this order which comes now. */
  costUntil(orderMs: number): number {
    if (orderMs >= this.#lastOrderMs) return this.cost;
    let cost = 0;
    for (const { ask } of this.entries.items) if (ask.orderMs <= orderMs) cost += ask.cost;
    return cost;
  }
}

/** The tenants of one priority. */
class Class {
  readonly weight: number;
  virtualTime = 0;
  /** Of whoever started last: where those who come begin. */
  now = 0;
  activeWeight = 0;
  readonly flows = new Map<string, Flow>();
  readonly heap = new Heap<Flow>({
    before: (a, b) => a.virtualTime < b.virtualTime || (a.virtualTime === b.virtualTime && a.since < b.since),
    place: (flow, index) => {
      flow.index = index;
    },
  });

  constructor(priority: Priority) {
    this.weight = CLASS_WEIGHTS[priority];
  }
}

/** So many are looked up at first by whoever goes through the line. */
const AHEAD = 16;

/** Tenants remembered without a waiting call: their virtual time is only theirs until the others have passed it. */
const IDLE_FLOWS = 1_000;

export class Flows {
  waiting = 0;
  bytes = 0;
  cost = 0;
  readonly #classes: Readonly<Record<Priority, Class>> = {
    interactive: new Class('interactive'),
    normal: new Class('normal'),
    batch: new Class('batch'),
  };
  readonly #ordered = Object.values(this.#classes);
  #now = 0;

  insert(entry: Entry): void {
    const { tenant, weight, priority, cost, bytes } = entry.ask;
    const own = this.#classes[priority];
    const flow = this.#flowOf(own, tenant, weight);
    if (own.heap.size === 0) own.virtualTime = Math.max(own.virtualTime, this.#now);
    if (flow.entries.size === 0) {
      flow.weight = weight;
      flow.virtualTime = Math.max(flow.virtualTime, own.now);
      own.activeWeight += flow.weight;
      flow.since = entry.order;
      own.heap.push(flow);
    } else if (flow.weight !== weight) {
      own.activeWeight += weight - flow.weight;
      flow.weight = weight;
    }
    flow.push(entry);
    flow.cost += cost;
    flow.bytes += bytes;
    this.waiting++;
    this.bytes += bytes;
    this.cost += cost;
  }

  /** Takes an entry out, wherever it stands. */
  remove(entry: Entry): void {
    if (entry.flowIndex < 0) return;
    const own = this.#classes[entry.ask.priority];
    const flow = own.flows.get(entry.ask.tenant);
    if (flow === undefined) return;
    flow.entries.removeAt(entry.flowIndex);
    flow.cost = flow.entries.size === 0 ? 0 : flow.cost - entry.ask.cost;
    flow.bytes -= entry.ask.bytes;
    this.waiting--;
    this.bytes -= entry.ask.bytes;
    this.cost = this.waiting === 0 ? 0 : this.cost - entry.ask.cost;
    if (flow.entries.size > 0) return;
    own.activeWeight -= flow.weight;
    own.heap.removeAt(flow.index);
    this.#forgetIdle(own);
  }

  /** The entry starts: its class and tenant pay for it. Call before `remove`. */
  charge({ ask }: Entry): void {
    const own = this.#classes[ask.priority];
    const flow = own.flows.get(ask.tenant);
    if (flow === undefined) return;
    this.#now = Math.max(this.#now, own.virtualTime);
    own.virtualTime += ask.cost / own.weight;
    own.now = Math.max(own.now, flow.virtualTime);
    this.#push(own, flow, ask.cost);
  }

  /** It cost more (or less) than it was charged for. */
  correct(priority: Priority, tenant: string, difference: number): void {
    const own = this.#classes[priority];
    const flow = own.flows.get(tenant);
    if (flow === undefined) return;
    // Paid back, its class is next again, and no further ahead than that.
    const turn = Math.min(own.virtualTime, this.#now);
    own.virtualTime = Math.max(turn, own.virtualTime + difference / own.weight);
    this.#push(own, flow, difference);
  }

  /** Who may start first. */
  first(): Entry | undefined {
    let first: Class | undefined;
    for (const each of this.#ordered)
      if (each.heap.size > 0 && (first === undefined || each.virtualTime < first.virtualTime)) first = each;
    return first?.heap.first()?.entries.first();
  }

  /** The first calls, at most `limit`, in the order in which they may start: as many of each tenant. */
  heads(limit: number): Entry[] {
    const heads: Entry[] = [];
    const classes = this.#ordered.filter(({ heap }) => heap.size > 0);
    if (classes.length > 1) classes.sort((a, b) => a.virtualTime - b.virtualTime || b.weight - a.weight);
    const first = classes[0]?.heap.first()?.entries.first();
    if (limit === 1) return first === undefined ? [] : [first];
    let tenants = 0;
    for (const { heap } of classes) tenants += heap.size;
    const ofEach = Math.max(1, Math.floor(limit / tenants));
    for (const { heap } of classes) {
      for (const { entries } of heap.least(limit - heads.length)) heads.push(...entries.least(ofEach));
      if (heads.length >= limit) break;
    }
    return heads;
  }

  /** Up to `most` calls in the order in which they may start, more of each tenant the further it goes. */
  *inTurn(most: number): Generator<Entry, undefined> {
    const first = this.first();
    if (first === undefined) return;
    yield first;
    const given = new Set([first]);
    for (let limit = AHEAD; given.size < Math.min(most, this.waiting); limit *= 2) {
      for (const entry of this.heads(limit)) {
        if (given.has(entry)) continue;
        given.add(entry);
        yield entry;
      }
      if (limit >= 2 * most) return;
    }
  }

  /**
   * Cost that starts before such a call that comes now: all that waits, or what its fair share leaves to the others
   * until those of its tenant that are ordered before it have started, whichever is less.
   */
  costBefore({ priority, tenant, weight, orderMs }: Coming): number {
    const own = this.#classes[priority];
    const flow = own.flows.get(tenant);
    const ownCost = flow?.costUntil(orderMs) ?? 0;
    const inClass = own.activeWeight + (flow === undefined || flow.entries.size === 0 ? weight : 0);
    const classes = this.#activeWeight + (own.heap.size === 0 ? own.weight : 0);
    // Its own turn is a turn, too: before it the others have theirs.
    const turn = this.meanCost;
    const all = (ownCost + turn) * (inClass / weight) * (classes / own.weight);
    return Math.max(0, Math.min(this.cost, all - turn));
  }

  /** Of a waiting call. */
  get meanCost(): number {
    return this.cost / Math.max(1, this.waiting);
  }

  /** Of the classes in which somebody waits. */
  get #activeWeight(): number {
    let weight = 0;
    for (const each of this.#ordered) if (each.heap.size > 0) weight += each.weight;
    return weight;
  }

  /** Calls of a tenant that wait in any class, and the bytes that they hold. */
  heldBy(tenant: string): { readonly length: number; readonly bytes: number } {
    let length = 0;
    let bytes = 0;
    for (const { flows } of this.#ordered) {
      const flow = flows.get(tenant);
      length += flow?.entries.size ?? 0;
      bytes += flow?.bytes ?? 0;
    }
    return { length, bytes };
  }

  /** What would come free if every batch call gave way. */
  batch(): { readonly length: number; readonly bytes: number } {
    let length = 0;
    let bytes = 0;
    for (const flow of this.#classes.batch.heap.items) {
      length += flow.entries.size;
      bytes += flow.bytes;
    }
    return { length, bytes };
  }

  flow(priority: Priority, tenant: string): Flow | undefined {
    return this.#classes[priority].flows.get(tenant);
  }

  /** How many calls start before this one, and what they cost, as far as its tenant's share of the line tells. */
  placeOf(entry: Entry): { readonly before: number; readonly costBefore: number } {
    const own = this.#classes[entry.ask.priority];
    const flow = own.flows.get(entry.ask.tenant);
    let ownBefore = 0;
    let ownCost = 0;
    for (const other of flow?.entries.items ?? [])
      if (isBefore(other, entry)) {
        ownBefore++;
        ownCost += other.ask.cost;
      }
    const turns = (own.activeWeight / (flow?.weight ?? 1)) * (this.#activeWeight / own.weight);
    const turn = this.meanCost;
    return {
      before: Math.max(0, Math.min(this.waiting - 1, Math.round((ownBefore + 1) * turns - 1))),
      costBefore: Math.max(0, Math.min(this.cost - entry.ask.cost, (ownCost + turn) * turns - turn)),
    };
  }

  /** The batch call that has waited longest, which gives way when the line is full. */
  oldestBatch(): Entry | undefined {
    let oldest: Entry | undefined;
    for (const { entries } of this.#classes.batch.heap.items)
      for (const entry of entries.items)
        if (oldest === undefined || entry.order < oldest.order) oldest = entry;
    return oldest;
  }

  #push(own: Class, flow: Flow, cost: number): void {
    flow.virtualTime += cost / flow.weight;
    if (flow.index >= 0) own.heap.reorderAt(flow.index);
  }

  #flowOf(own: Class, tenant: string, weight: number): Flow {
    const known = own.flows.get(tenant);
    if (known !== undefined) return known;
    const flow = new Flow(tenant, weight);
    own.flows.set(tenant, flow);
    return flow;
  }

  #forgetIdle(own: Class): void {
    if (own.flows.size <= IDLE_FLOWS + own.heap.size) return;
    for (const [tenant, flow] of own.flows)
      if (flow.entries.size === 0 && flow.virtualTime <= own.now) own.flows.delete(tenant);
    // Where the others stand still, those known longest go: half, so that this is rare.
    for (const [tenant, flow] of own.flows) {
      if (own.flows.size <= IDLE_FLOWS / 2 + own.heap.size) return;
      if (flow.entries.size === 0) own.flows.delete(tenant);
    }
  }
}
