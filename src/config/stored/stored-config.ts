/**
 * The configuration in force: the file's, with what the database says beside it. Made anew as a whole when either has
 * changed, and handed on only where that makes a difference. While the database is away, what it said last holds.
 */

import type { Logger } from '../../base/log.ts';
import type { Database } from '../../storage/database.ts';
import type { Sealing } from '../../storage/sealing.ts';
import type { Config } from '../config.ts';
import type { Known } from '../known.ts';
import { resealSecret } from './changes.ts';
import { type Merged, mergeStored } from './merge.ts';
import { NOTHING_STORED, readStored, type StoredRows } from './rows.ts';
import { openSecrets } from './secrets.ts';
import type { StoredProblem } from './stored-problem.ts';

/** What is configured outside the database. */
export type Base = {
  readonly config: Config;
  /** `simulator`: nothing is, and its accounts stand in until there are others. */
  readonly source: 'file' | 'environment' | 'simulator';
};

export type StoredConfigOptions = {
  readonly base: Base;
  readonly database: Database;
  readonly known: Known;
  /** Undefined: there is no master key. */
  readonly sealing: Sealing | undefined;
  readonly log: Pick<Logger, 'info' | 'warn'>;
};

export type StoredConfig = {
  base(): Base;
  /** As they were read last. */
  rows(): StoredRows;
  /** In force. */
  config(): Config;
  /** What of the rows is not, and why. */
  problems(): readonly StoredProblem[];
  /** What would be wrong if the rows were these. */
  problemsOf(rows: StoredRows): readonly StoredProblem[];
  /** Reads the database. Rejects when it is away; nothing has changed then. */
  load(): Promise<void>;
  /** The file has changed. */
  use(base: Base): void;
  /** Called with what is in force from now on. */
  onChange(listener: (config: Config) => void): void;
};

export function createStoredConfig(options: StoredConfigOptions): StoredConfig {
  const { database, known, sealing, log } = options;
  const listeners: ((config: Config) => void)[] = [];
  let { base } = options;
  let rows = NOTHING_STORED;
  let read = textOf(rows);
  let merged: Merged = { config: base.config, problems: [] };
  let told = new Set<string>();
  let loading: Promise<void> = Promise.resolve();

  const put = (nextBase: Base, nextRows: StoredRows): void => {
    merged = mergedOf(nextBase, nextRows, { known, sealing });
    base = nextBase;
    rows = nextRows;
    tell();
    for (const listener of listeners) listener(merged.config);
  };

  /** Each once, until it is mended. */
  const tell = (): void => {
    const now = new Set<string>();
    for (const { kind, id, path, message, out } of merged.problems) {
      const text = JSON.stringify([kind, id, path, message]);
      now.add(text);
      if (told.has(text)) continue;
      const what = out ? 'is left out' : 'is in force only in part';
      log.warn(
        { kind, id, ...(path === '' ? {} : { path }), reason: message },
        `what the database says ${what}`,
      );
    }
    told = now;
  };

  /** With those of a former master key in the form of the present one. */
  const reseal = async (): Promise<void> => {
    const anew = rows.accounts.flatMap((account) => openSecrets(account, sealing).anew);
    if (anew.length === 0) return;
    for (const secret of anew) await resealSecret(database.query, secret);
    log.info({ secrets: anew.length }, 'secrets of a former master key are sealed by the present one');
  };

  const loadNow = async (): Promise<void> => {
    const next = await readStored(database.query);
    const text = textOf(next);
    if (text === read) return;
    put(base, next);
    read = text;
    const { accounts, models } = merged.config;
    log.info({ accounts: accounts.length, models: models.length }, 'what the database says is in force');
    await reseal();
  };

  return {
    base: () => base,
    rows: () => rows,
    config: () => merged.config,
    problems: () => merged.problems,
    problemsOf: (other) => mergedOf(base, other, { known, sealing }).problems,
    load() {
      // One after the other, or an older answer could come after a newer one.
      const load = loading.then(loadNow);
      loading = load.catch(() => {});
      return load;
    },
    use: (next) => put(next, rows),
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}

const textOf = (rows: StoredRows): string => JSON.stringify(rows);

function mergedOf(
  { config, source }: Base,
  rows: StoredRows,
  options: Pick<StoredConfigOptions, 'known' | 'sealing'>,
): Merged {
  if (source !== 'simulator') return mergeStored(config, rows, options);
  const alone = mergeStored({ ...config, accounts: [] }, rows, options);
  return alone.config.accounts.length > 0 ? alone : mergeStored(config, rows, options);
}
