import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Command } from 'commander';
import { nanoOf } from '../domain/cost.ts';
import { reportRoutes } from '../http/admin/report-routes.ts';
import { createRollups } from '../ledger/rollups.ts';
import { DAY_MS } from '../ledger/tally.ts';
import type { Database } from '../storage/database.ts';
import { openDatabase } from '../storage/open-database.ts';
import { type AdminFront, serveAdmin } from '../testing/admin-ask.ts';
import { type FreshPlace, freshDatabase } from '../testing/databases.ts';
import { crowd, someEntry, writeEntries } from '../testing/entries.ts';
import { createVirtualClock } from '../testing/virtual-clock.ts';
import { callsCommand } from './calls.ts';
import { statementCommand } from './statement.ts';
import { usageCommand } from './usage.ts';

const NOW = Date.UTC(2026, 10, 26, 12);
const calls = [
  ...crowd(600, { seed: 4, tenants: 3, keys: 9, fromMs: NOW - 10 * DAY_MS, toMs: NOW - 60_000 }),
  someEntry({
    ...{
      id: 'req_failed',
      tenant: 'acme',
      arrivedAtMs: NOW - 50_000,
      queueMs: 1_500,
      durationMs: 2_000,
      status: 502,
      end: 'failed',
    },
    ...{ served: null, failure: 'connection', usage: null, firstContentMs: null },
    money: { price: null, priceRow: null, factor: '1', listNano: 0n, upstreamNano: 0n, chargedNano: 0n },
    held: [{ purse: 'wallet:acme', amountNano: 1n }],
  }),
  someEntry({
    ...{ id: 'req_last', tenant: 'acme', key: 'evil\u001b[2Jkey', arrivedAtMs: NOW - 40_000, tags: ['=x'] },
    held: [{ purse: 'wallet:acme', amountNano: 1n }],
  }),
];
// biome-ignore lint/suspicious/noControlCharactersInRegex: the colours of a terminal
const colours = /\u001b\[\d+m/g;

describe('commands that read the books', () => {
  let place: FreshPlace;
  let database: Database;
  let front: AdminFront;
  before(async () => {
    place = await freshDatabase('sqlite');
    database = await openDatabase(place.place);
    const { post } = createRollups('sqlite');
    await writeEntries(database, calls, post);
    await database.query
      .insertInto('purses')
      .values({ id: 'wallet:acme', spent_nano: 4_200_000n - nanoOf('20'), held_nano: 0n, updated_ms: 0 })
      .execute();
    await database.query
      .insertInto('wallet_entries')
      .values({
        id: 'w',
        tenant: 'acme',
        at_ms: NOW - DAY_MS,
        kind: 'top_up',
        amount_nano: nanoOf('20'),
        call: null,
        note: 'invoice 7',
        actor: 'owner',
      })
      .execute();
    front = serveAdmin({
      database,
      clock: createVirtualClock({ startMs: NOW }),
      routes: reportRoutes({ database, kept: () => ({}), fileTenant: () => undefined }),
    });
  });
  after(async () => {
    await front.close();
    await database.close();
    await place.remove();
  });

  const files = new Map<string, string>();
  let written = '';
  let waits: (() => Promise<void>)[] = [];
  const doors = {
    addressOf: () => 'http://127.0.0.1:1',
    adminKeyOf: () => 'key',
    async send({ method, url }: { readonly method: string; readonly url: string }) {
      const { status, text, headers } = await front.ask(`${method} ${url.split('/admin/v1')[1]}`);
      return { status, body: text, headers: { etag: String(headers['etag']) } };
    },
    write: (text: string) => {
      written += text;
    },
    writeFile: (path: string, text: string) => void files.set(path, text),
    nowMs: () => NOW,
    width: () => 80,
    async goesOn() {
      const next = waits.shift();
      await next?.();
      return next !== undefined;
    },
  };
  async function run(command: Command, ...args: string[]): Promise<string> {
    written = '';
    command.exitOverride();
    await command.parseAsync(args, { from: 'user' });
    return written.replace(colours, '');
  }
  const usage = (...args: string[]): Promise<string> => run(usageCommand(doors), ...args);
  const list = (...args: string[]): Promise<string> => run(callsCommand(doors), ...args);
  const statement = (...args: string[]): Promise<string> => run(statementCommand(doors), ...args);

  it('show usage in a table with bars that fits the terminal', async () => {
    for (const by of ['model', 'key,model', 'day,tenant', 'channel', 'tag', 'day']) {
      const text = await usage('--by', by);
      const lines = text.split('\n');
      for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
      assert.match(text, /^Usage from 2026-11-01 to 2026-11-26 12:00 UTC\n/);
      assert.match(text, /\nin all .* 602 /);
      // Long names leave no room for them.
      assert.equal(text.includes('█'), by !== 'channel' && by !== 'key,model', text);
      assert.match(text, /Failed: .*connection/);
    }
  });

  it('ask for what the flags say', async () => {
    assert.match(await usage('--tenant', 'acme', '--by', 'tenant'), /\nacme +2 +50% /);
    assert.match(
      await usage('--since', '3h', '--tenant', 'tenant-1', '--to', '2026-11-26T11:00:00Z'),
      /^Usage from 2026-11-26 09:00 to 2026-11-26 11:00 UTC/,
    );
    assert.match(await usage('--tenant', 'nobody'), /There were no calls/);
    await assert.rejects(usage('--since', '3h', '--from', '2026-11-01'), /--since and --from/);
    await assert.rejects(usage('--since', 'soon'), /expected a time such as 7d/);
    await assert.rejects(usage('--by', 'colour'), /by: expected at most two of tenant, project/);
  });

  it('print CSV and JSON', async () => {
    assert.match(await usage('--csv', '--by', 'day'), /^day,calls,errors,/);
    assert.equal((JSON.parse(await usage('--json')) as { total: { calls: number } }).total.calls, 602);
    const csv = await list('--csv', '--tenant', 'acme');
    assert.match(csv, /^id,arrived_at,/);
    assert.equal(csv.trimEnd().split('\r\n').length, 3);
    assert.equal((JSON.parse(await list('--json', '-n', '3')) as unknown[]).length, 3);
  });

  it('list the last calls, the newest last, without what a terminal would obey', async () => {
    const lines = (await list('-n', '2')).split('\n');
    assert.equal(lines[0], '11-26 11:59:10  502  qwen3-max  of web  2.0s (1.5s in line)');
    assert.equal(lines[1], '  req_failed  qwen-main/qwen3-max  connection');
    assert.equal(lines[2], '11-26 11:59:20  200  qwen3-max  of evil [2Jkey  1.0s  1.00k in 500 out  $0.0042');
    assert.equal((await list('--model', 'none')).trim(), 'There were no such calls.');
    await assert.rejects(list('-n', 'many'), /--limit: expected a whole number/);
  });

  it('go on with calls as they end, each once, also those that came long before', async () => {
    const { post } = createRollups('sqlite');
    const end = (id: string, arrivedAtMs: number): Promise<void> =>
      writeEntries(database, [someEntry({ id, arrivedAtMs, endedAtMs: NOW, tenant: 'tailed' })], post);
    waits = [() => end('req_t1', NOW - 1), () => end('req_t2', NOW - 1_800_000), async () => {}];
    const text = await list('--tail', '--tenant', 'tailed');
    assert.deepEqual(text.match(/req_t\d/g), ['req_t1', 'req_t2']);
  });

  it('tell the story of one call in words', async () => {
    const text = await list('show', 'req_failed');
    assert.match(text, /^req_failed\n\nIt came at 2026-11-26 11:59:10\.000 UTC with the key web \(acme\)\./);
    assert.match(text, /It waited 1\.50 s in line and was never sent to anybody/);
    assert.match(text, /It cost nothing\./);
    await assert.rejects(list('show', 'req_none'), /There is no call 'req_none'/);
  });

  it('print a statement, or write it into a file', async () => {
    const text = await statement('acme');
    assert.match(text, /^acme \(acme\), 2026-11 {2}preliminary: the month is not over\n/);
    assert.match(
      text,
      /opening balance +\$0\.00\n +paid in +\$20\.00\n +charged +-\$0\.0042\n +closing balance +\$19\.9958\n/,
    );
    assert.match(text, /2026-11-25 {2}top_up +\$20\.00 {2}invoice 7/);
    assert.match(text, /In all 2 calls, charged \$0\.0042\./);
    for (const line of text.split('\n')) assert.ok(line.length <= 80);
    assert.match(await statement('acme', '--html', '-o', 'acme.html'), /The statement is in acme\.html/);
    assert.match(files.get('acme.html') ?? '', /^<!doctype html>/);
    assert.match(await statement('acme', '--csv', '--month', '2026-11'), /^tenant,month,state,/);
    await assert.rejects(statement('acme', '--csv', '--html'), /give one of them/);
    await assert.rejects(statement('nobody'), /There is no tenant 'nobody'/);
  });
});
