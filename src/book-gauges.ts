/** What the metrics tell of the books: how much is on its way into the database, and how that goes. */

import type { Books } from './books.ts';
import type { Registry } from './telemetry/registry.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function addBookGauges(registry: Registry, books: Pick<Books, 'state' | 'onBatch'>): void {
  const entries = registry.counter(
    'sluice_ledger_entries_total',
    'Entries of calls, by outcome of their commit.',
  );
  const seconds = registry.histogram('sluice_ledger_commit_seconds', {
    help: 'Time of one transaction that writes entries, by outcome.',
    buckets: SECONDS,
  });
  books.onBatch(({ entries: count, ms, isCommitted }) => {
    const outcome = isCommitted ? 'committed' : 'failed';
    entries({ outcome }).add(count);
    seconds({ outcome }).observe(ms / 1_000);
  });
  registry.gauge('sluice_ledger_pending', 'Entries that are not in the database yet.', () => [
    { labels: {}, value: books.state().pending },
  ]);
  registry.gauge('sluice_ledger_journal_bytes', 'Bytes of the files that hold them meanwhile.', () => [
    { labels: {}, value: books.state().journalBytes },
  ]);
  registry.gauge('sluice_database_up', '1 while the database takes entries.', () => [
    { labels: {}, value: books.state().away === undefined ? 1 : 0 },
  ]);
}

/** What wallets and budgets come to. */
export function addPurseGauges(registry: Registry, { purses, onWriteOff }: Books['funds']): void {
  const writtenOff = registry.counter(
    'sluice_wallet_written_off_usd_total',
    'What calls used beyond what they held and their wallets had.',
  );
  onWriteOff(({ amountNano }) => writtenOff().add(dollars(amountNano)));
  registry.gauge(
    'sluice_budget_remaining_usd',
    'What is left of budgets of keys that were used lately, as this instance last saw it.',
    () =>
      purses.view().flatMap(({ purse, leftNano }) => {
        const [, key, period] = /^budget:key:(.+):(day|week|month|total):[^:]+$/.exec(purse) ?? [];
        if (key === undefined || period === undefined) return [];
        return [{ labels: { key, period }, value: dollars(leftNano) }];
      }),
  );
}

const dollars = (nano: bigint): number => Number(nano) / 1e9;
