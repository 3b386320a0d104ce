/**
 * The books of a relay: opens and migrates its database, takes up what dead processes left, and joins what the path of a
 * call asks (money set aside, costs, entries) with those who keep it. Closed in the order in which things end: the last
 * entries are committed, what is left of holds goes back, and then the database.
 */

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterThisTurn, type Cancel, type Clock } from './base/clock.ts';
import type { Logger } from './base/log.ts';
import { type BookPurses, openPurses } from './book-purses.ts';
import { DOLLARS_FOR } from './catalog/rates.ts';
import type { Config } from './config/config.ts';
import type { EntryMoney } from './domain/entry.ts';
import { Failure } from './domain/failure.ts';
import { createJournal } from './ledger/journal.ts';
import { instanceOf, journalOwner } from './ledger/journal-owner.ts';
import type { CostAsk, Ledger } from './ledger/ledger.ts';
import { readMoneyRows } from './ledger/money-rows.ts';
import { createPricing, type Pricing } from './ledger/pricing.ts';
import { createRetention } from './ledger/retention.ts';
import { createRollups } from './ledger/rollups.ts';
import { createSpillAlarm } from './ledger/spill-alarm.ts';
import { type Batch, createWriter, type Poster, type WriterState } from './ledger/writer.ts';
import type { Database } from './storage/database.ts';
import { migrate } from './storage/migrate.ts';
import { openDatabase } from './storage/open-database.ts';
import type { DatabasePlace } from './storage/place.ts';
import { createRevisions, type Revisions } from './storage/revisions.ts';

/** The process that keeps them, and what it can ask of its machine. */
export type Machine = {
  readonly host: string;
  readonly pid: number;
  isAlive(pid: number): boolean;
};

export type BooksOptions = {
  readonly place: DatabasePlace;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly machine: Machine;
};

export type Books = {
  readonly database: Database;
  /** Of what is kept in memory: started when everybody who keeps something follows it. */
  readonly revisions: Revisions;
  /** This run of this process, as entries and holds name it. */
  readonly instance: string;
  readonly ledger: Ledger;
  readonly pricing: Pricing;
  readonly funds: BookPurses;
  state(): WriterState;
  /** Tells of every transaction that writes entries. */
  onBatch(listener: (batch: Batch) => void): void;
  /** Puts a new configuration in force; the database's place takes a restart. */
  apply(config: Config): void;
  close(): Promise<void>;
};

const MINUTE_MS = 60_000;
/** At the end of the process: longer than a database takes that is only slow. */
const CLOSE_MS = 5_000;

/** Throws `MigrationError` where the database cannot be used. */
export async function openBooks(options: BooksOptions): Promise<Books> {
  const { place, clock, random, log, machine } = options;
  let { config } = options;
  const migrated = await migrate(place, { clock });
  if (migrated.length > 0) log.info({ migrations: migrated }, 'the database was migrated');
  const database = await openDatabase(place, { clock });
  const revisions = createRevisions({ database, clock, random, log });
  const owner = journalOwner(machine.host, machine.pid, randomBytes(4).toString('hex'));
  const instance = instanceOf(owner);
  const journal = createJournal({
    ...{ owner, nowMs: clock.now, isAlive: machine.isAlive },
    folder: journalFolder(config),
  });
  const pricing = createPricing({ now: clock.now, settings: () => config.money, usualRates: DOLLARS_FOR });
  revisions.follow('prices', () => loadPrices(pricing, { database, clock, log }));
  const funds = openPurses({ database, instance, clock, log, pricing, config: () => config });
  const posters: Poster[] = [funds.purses.post, createRollups(database.kind).post];
  const spillBytes = (): number => config.ledger.spillBytes;
  const writer = createWriter({
    ...{ database, journal, clock, log, posters, spillBytes },
    soon: afterThisTurn,
  });
  const alarm = createSpillAlarm({ log, spillBytes });
  writer.onBatch(() => alarm.look(writer.state()));
  const retention = createRetention({ database, clock, log, settings: () => config.storage.retention });

  const adopt = (): void => {
    const left = journal.claim();
    if (left.length === 0) return;
    log.info({ files: left.length }, 'entries of an earlier run are taken up');
    writer.adopt(left);
  };
  adopt();
  const stopMinutes = every(clock, MINUTE_MS, () => {
    journal.touch();
    adopt();
  });
  retention.start();

  const ledger: Ledger = {
    instance,
    nothing: pricing.nothing,
    hold(key, ask) {
      if (writer.state().isFull) throw full();
      return funds.hold(key, ask);
    },
    isCharged: (key) => funds.isCharged(key),
    costOf: (ask) => costOf(pricing, ask, log),
    record(entry) {
      if (entry.held.length > 0) funds.purses.recorded(entry.id);
      return writer.record(entry);
    },
  };

  return {
    database,
    revisions,
    instance,
    ledger,
    pricing,
    funds,
    state: writer.state,
    onBatch: writer.onBatch,
    apply(next) {
      config = next;
    },
    async close() {
      stopMinutes();
      revisions.close();
      retention.close();
      if (!(await writer.close(CLOSE_MS)))
        log.warn({ ...writer.state() }, 'entries are left in the journal: the next run writes them');
      await funds.purses.close();
      await database.close();
    },
  };
}

/** What cannot be understood is passed over: a wrong row must not end the start, nor cost a call. */
async function loadPrices(
  pricing: Pricing,
  { database, clock, log }: { readonly database: Database } & Pick<BooksOptions, 'clock' | 'log'>,
): Promise<void> {
  const rows = await readMoneyRows(database.query, clock.now());
  if (rows.broken.length > 0)
    log.warn(
      { rows: rows.broken },
      'prices or factors of the database that cannot be understood are passed over',
    );
  pricing.load(rows);
}

export const journalFolder = ({ dataDir }: Pick<Config, 'dataDir'>): string => join(dataDir, 'journal');

/** A fault in the arithmetic must not cost the call its answer, nor the books its entry. */
function costOf(pricing: Pricing, ask: CostAsk, log: Logger): EntryMoney {
  try {
    return pricing.costOf(ask);
  } catch (error) {
    log.error({ channel: ask.channel.id, error: String(error) }, 'a call could not be priced');
    return { ...pricing.nothing, listNano: null, upstreamNano: null, chargedNano: null };
  }
}

const full = (): Failure =>
  new Failure('ledger_full', {
    message:
      'Calls cannot be entered into the books: the database is away, and there is no more room for their entries. ' +
      'Try again later.',
  });

function every(clock: Clock, ms: number, task: () => void): Cancel {
  let cancel = clock.after(ms, again);
  function again(): void {
    cancel = clock.after(ms, again);
    task();
  }
  return () => cancel();
}
