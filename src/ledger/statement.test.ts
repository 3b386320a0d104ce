import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { nanoOf } from '../domain/cost.ts';
import type { CallEntry } from '../domain/entry.ts';
import type { Database } from '../storage/database.ts';
import type { WalletEntryRow } from '../storage/tables.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { someEntry, writeEntries } from '../testing/entries.ts';
import { createRollups } from './rollups.ts';
import { type Statement, type StatementTenant, statementOf } from './statement.ts';
import { statementPage } from './statement-page.ts';
import { statementCsv } from './statement-table.ts';

const ACME: StatementTenant = { id: 'acme', name: 'Acme <b>&</b> "Sons"', wallet: 'prepaid' };
const OCTOBER = Date.UTC(2026, 9, 1);
const NOVEMBER = Date.UTC(2026, 10, 1);
const DECEMBER = Date.UTC(2026, 11, 1);
const NOW = DECEMBER + 3 * 86_400_000;

const money = (list: string | null, factor = '1'): CallEntry['money'] => {
  const listNano = list === null ? null : nanoOf(list);
  const chargedNano = listNano === null ? null : (listNano * nanoOf(factor) + 500_000_000n) / 1_000_000_000n;
  return { price: null, priceRow: null, factor, listNano, upstreamNano: listNano, chargedNano };
};

const WALLET = [{ purse: 'wallet:acme', amountNano: 1n }];
const call = (id: string, arrivedAtMs: number, changed: Partial<CallEntry>): CallEntry =>
  someEntry({ id, arrivedAtMs, held: WALLET, ...changed });

const calls: readonly CallEntry[] = [
  call('req_oct', NOVEMBER - 1, { money: money('1.5') }),
  call('req_first', NOVEMBER, { money: money('0.000000001') }),
  call('req_nov', NOVEMBER + 86_400_000 * 3, {
    project: 'site',
    key: '=cmd',
    money: money('2.123456789', '0.88'),
  }),
  call('req_more', NOVEMBER + 86_400_000 * 9, { project: 'site', key: '=cmd', money: money('1', '0.88') }),
  call('req_dearer', NOVEMBER + 86_400_000 * 20, { project: 'site', key: '=cmd', money: money('1', '1.2') }),
  call('req_counted', NOVEMBER + 86_400_000 * 21, { held: [], tags: ['a', 'b'], money: money('7') }),
  call('req_failed', NOVEMBER + 86_400_000 * 21, {
    served: null,
    failure: 'connection',
    usage: null,
    money: money('0'),
  }),
  call('req_last', DECEMBER - 1, { money: money('0.3') }),
  call('req_dec', DECEMBER, { money: money('0.4') }),
  call('req_other', NOVEMBER + 5, {
    tenant: 'umbrella',
    held: [{ purse: 'wallet:umbrella', amountNano: 1n }],
    money: money('99'),
  }),
  call('req_unknown', NOVEMBER + 5, { tenant: 'mystery', held: [], money: money(null) }),
];

const paid = (id: string, at_ms: number, kind: string, dollars: string): WalletEntryRow => ({
  ...{ id, tenant: 'acme', at_ms, kind, call: null, note: id === 'w2' ? '=1+1, "x"' : null, actor: 'owner' },
  amount_nano: dollars.startsWith('-') ? -nanoOf(dollars.slice(1)) : nanoOf(dollars),
});
const walletEntries = [
  paid('w1', OCTOBER + 5, 'top_up', '10'),
  paid('w2', NOVEMBER, 'grant', '5.5'),
  paid('w3', DECEMBER - 1, 'adjustment', '-0.25'),
  paid('w4', DECEMBER, 'top_up', '100'),
  // What entries of October had charged, when they were pruned: the roll-ups still have it.
  paid('w5', NOVEMBER + 9, 'carried', '-1.5'),
];

onEachDatabase((name, open) => {
  describe('a statement', () => {
    let database: Database;
    before(async () => {
      database = await open();
      await writeEntries(database, calls, createRollups(name).post);
      await database.query.insertInto('wallet_entries').values(walletEntries).execute();
      const charged = calls
        .filter(({ held, tenant }) => held.length > 0 && tenant === 'acme')
        .reduce((sum, { money: { chargedNano } }) => sum + (chargedNano ?? 0n), 0n);
      const paidIn = walletEntries
        .filter(({ kind }) => kind !== 'carried')
        .reduce((sum, { amount_nano }) => sum + amount_nano, 0n);
      await database.query
        .insertInto('purses')
        .values({ id: 'wallet:acme', spent_nano: charged - paidIn, held_nano: 3n, updated_ms: 0 })
        .execute();
    });
    const statement = (month: string, tenant = ACME, nowMs = NOW): Promise<Statement> =>
      statementOf(database, { tenant, month }, nowMs);

    it('goes from the opening balance to the closing one to the last unit, each month on from the one before', async () => {
      const [october, november, december] = await Promise.all(
        ['2026-10', '2026-11', '2026-12'].map((month) => statement(month)),
      );
      assert.equal(october?.balance?.openingNano, 0n);
      assert.equal(october?.balance?.closingNano, nanoOf('8.5'));
      assert.deepEqual(november?.balance, {
        openingNano: nanoOf('8.5'),
        paidNano: nanoOf('5.25'),
        // 0.000000001 + 2.123456789 x 0.88 + 0.88 + 1.2 + 0.3
        chargedNano: nanoOf('4.248641975'),
        closingNano: nanoOf('9.501358025'),
      });
      assert.equal(december?.balance?.openingNano, november?.balance?.closingNano);
      const purse = await database.query.selectFrom('purses').select('spent_nano').executeTakeFirstOrThrow();
      assert.equal(december?.balance?.closingNano, -purse.spent_nano);
    });

    it('has the calls of its month by project, key, model and factor, and nobody else’s', async () => {
      const { lines, total, movements } = await statement('2026-11');
      assert.deepEqual(
        lines.map(({ project, key, factor, inWallet, calls: count, chargedNano }) => [
          ...[project, key, factor, inWallet, count, chargedNano],
        ]),
        [
          ['', 'web', '1', true, 3, nanoOf('0.300000001')],
          ['', 'web', '1', false, 1, nanoOf('7')],
          ['site', '=cmd', '0.88', true, 2, nanoOf('2.748641974')],
          ['site', '=cmd', '1.2', true, 1, nanoOf('1.2')],
        ],
      );
      assert.equal(total.calls, 7);
      assert.equal(total.input, 6_000);
      assert.deepEqual(
        movements.map(({ kind }) => kind),
        ['grant', 'adjustment'],
      );
    });

    it('is preliminary until its month is over', async () => {
      assert.equal((await statement('2026-11', ACME, DECEMBER - 1)).preliminary, true);
      assert.equal((await statement('2026-11', ACME, DECEMBER + 60_000)).preliminary, true);
      assert.equal((await statement('2026-11')).preliminary, false);
      await assert.rejects(statement('2027-01'), /month: 2027-01 has not begun/);
      for (const month of ['2026-13', '2026-1', '26-11', "2026-11'"])
        await assert.rejects(statement(month), /expected a year and a month/);
    });

    it('as a table sums up to the closing balance, and lets no cell be a formula', async () => {
      const csv = statementCsv(await statement('2026-11'));
      const rows = csv
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/));
      const change = rows[0]?.indexOf('balance_change_usd') ?? -1;
      const sum = rows.slice(1).reduce((all, row) => {
        const text = row[change] ?? '';
        return text === '' ? all : all + (text.startsWith('-') ? -nanoOf(text.slice(1)) : nanoOf(text));
      }, 0n);
      assert.equal(sum, nanoOf('9.501358025'));
      assert.match(csv, /,"'=1\+1, ""x""",/);
      assert.match(csv, /,'=cmd,/);
      assert.match(csv, /^acme,2026-11,final,opening_balance,2026-11-01,/m);
    });

    it('as a page escapes every name, loads nothing, and shows cents with the exact amount', async () => {
      const page = statementPage(await statement('2026-11'));
      assert.match(page, /<h1>Acme &lt;b&gt;&amp;&lt;\/b&gt; &quot;Sons&quot;<\/h1>/);
      assert.match(page, /<dd>\$9\.50<\/dd><dd class="quiet">exactly \$9\.501358025<\/dd>/);
      assert.match(page, /<dd>−\$4\.25<\/dd><dd class="quiet">exactly −\$4\.248641975<\/dd>/);
      assert.match(page, /Some of the usage was not taken from the balance/);
      assert.match(page, /default-src 'none'/);
      assert.doesNotMatch(page, /<script|<link|<img|https?:|preliminary|undefined|NaN/);
      assert.match(statementPage(await statement('2026-12')), /preliminary: the month is not over/);
    });

    it('says of calls without a price that their cost is unknown, never that it is nothing', async () => {
      const mystery = await statement('2026-11', { id: 'mystery', name: 'Mystery', wallet: 'none' });
      assert.equal(mystery.balance, null);
      const page = statementPage(mystery);
      assert.match(page, /<dt>Charged<\/dt><dd>unknown<\/dd><dd class="quiet">1 calls have no price<\/dd>/);
      assert.match(page, /cost is in none of the sums/);
      assert.match(statementCsv(mystery), /,1,,,\r\n$/);
    });

    it('of a month without calls has none', async () => {
      const empty = await statement('2025-02', { id: 'nobody', name: 'Nobody', wallet: 'postpaid' });
      assert.deepEqual([empty.balance, empty.lines, empty.total.calls], [null, [], 0]);
      assert.match(statementPage(empty), /There were no calls/);
    });
  });
});
