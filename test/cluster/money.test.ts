/**
 * Money under fire: a prepaid tenant with enough for ten calls, two hundred at once over three relays that share one real
 * PostgreSQL, while relays are killed and the database goes away. Nobody is served for nothing, nothing is charged twice,
 * and what dead relays held comes back.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { bookWalletEntry, verifyWallets } from '../../src/ledger/wallets.ts';
import type { Database } from '../../src/storage/database.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { openDatabase } from '../../src/storage/open-database.ts';
import { type PostgresServer, startPostgres } from '../../src/testing/postgres-server.ts';
import { type Child, startChild } from '../sdk/child.ts';
import { KEY } from '../sdk/relay.ts';
import { pendingAt } from './crowd.ts';

const CALLS = 200;
const OUTPUT = 20;
/** A million tokens of output cost a dollar, and the tenant pays 0.88 of it. */
const CALL_NANO = 17_600n;

const config = (input: string): string => `
tenants: [{ id: acme, wallet: prepaid }]
keys: [{ id: test, key: ${KEY}, tenant: acme }]
accounts:
  - id: sim
    provider: simulator
    secrets: [s]
    models: { m: { limits: { rpm: 1000000, tpm: 1000000000, concurrency: 10000, ramp: off } } }
money:
  prices: [{ model: m, input: '${input}', output: '1' }]
  factors: [{ tenant: acme, factor: '0.88' }]
simulator: { ttft: 30ms, tokens_per_second: 100, output_tokens: 500 }
log: { level: warn }
`;

type Answer = { readonly id: string; readonly status: number; readonly isWhole: boolean };

async function ask(child: Child, i: number): Promise<Answer | undefined> {
  const stream = i % 2 === 0;
  try {
    const response = await child.chat({
      ...{ model: 'm', max_tokens: OUTPUT, stream },
      messages: [{ role: 'user', content: `Tell me about ${i}` }],
    });
    const text = await response.text();
    const isWhole = response.status === 200 && (!stream || text.includes('data: [DONE]'));
    return { id: response.headers.get('x-request-id') ?? '', status: response.status, isWhole };
  } catch {
    // The relay died.
    return undefined;
  }
}

const statusesOf = (answers: readonly (Answer | undefined)[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const name = String(answer?.status ?? 'died');
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe('a prepaid wallet on three relays', { timeout: 170_000 }, () => {
  let server: PostgresServer;
  let database: Database;
  const children: Child[] = [];
  let places = 0;

  before(async () => {
    server = await startPostgres();
  });
  after(async () => {
    await Promise.all(children.map((child) => child.remove()));
    await database?.close();
    await server?.stop();
  });

  /** Three relays on a fresh database, whose tenant has paid this much. */
  async function town(paidNano: bigint, input: string): Promise<{ readonly env: Record<string, string> }> {
    await Promise.all(children.splice(0).map((child) => child.remove()));
    await database?.close();
    const admin = await openDatabase({ kind: 'postgres', url: server.url('postgres') });
    const name = `money_${++places}`;
    const { sql } = await import('kysely');
    await sql`create database ${sql.id(name)}`.execute(admin.query);
    await admin.close();
    const place = { kind: 'postgres', url: server.url(name) } as const;
    await migrate(place);
    database = await openDatabase(place);
    await database.write((transaction) =>
      bookWalletEntry(
        transaction,
        {
          ...{ id: 'paid', tenant: 'acme', atMs: Date.now(), kind: 'top_up', amountNano: paidNano },
          ...{ call: null, note: null, actor: 'owner' },
        },
        { limitNano: 0n, forced: false },
      ),
    );
    const env = { DATABASE_URL: place.url };
    const started = [0, 1, 2].map(() => startChild({ config: config(input), env }));
    children.push(...(await Promise.all(started)));
    return { env };
  }

  async function purse(): Promise<{ readonly balance: bigint; readonly held: bigint }> {
    const row = await database.query
      .selectFrom('purses')
      .select(['spent_nano', 'held_nano'])
      .where('id', '=', 'wallet:acme')
      .executeTakeFirstOrThrow();
    return { balance: -row.spent_nano, held: row.held_nano };
  }

  async function becomes(condition: () => Promise<boolean>, limitMs: number): Promise<void> {
    const untilMs = performance.now() + limitMs;
    while (!(await condition())) {
      if (performance.now() > untilMs) return;
      await wait(100);
    }
  }

  /** Each entry says what its usage costs, and the wallet what its entries say. */
  async function requireExact(paidNano: bigint): Promise<bigint> {
    const rows = await database.query
      .selectFrom('entries')
      .selectAll()
      .where('charged_nano', '>', 0n)
      .execute();
    let chargedNano = 0n;
    for (const row of rows) {
      const { input, output } = JSON.parse(row.price_row ?? '{}').tier as { input: string; output: string };
      const list =
        BigInt(Number(input) * 1_000) * BigInt(row.input ?? 0) +
        BigInt(Number(output) * 1_000) * BigInt(row.output ?? 0);
      const exact = list * 88n;
      assert.equal(row.factor, '0.88');
      assert.equal(row.list_nano, list);
      assert.equal(row.charged_nano, (exact + 50n) / 100n, `${row.id}`);
      assert.equal(row.in_wallet, 1);
      chargedNano += row.charged_nano ?? 0n;
    }
    const { balances, holds } = await verifyWallets(database.query);
    assert.deepEqual({ balances, holds }, { balances: [], holds: [] });
    const written = await database.query
      .selectFrom('wallet_entries')
      .selectAll()
      .where('kind', '=', 'write_off')
      .execute();
    const writtenNano = written.reduce((sum, { amount_nano }) => sum + amount_nano, 0n);
    assert.equal((await purse()).balance, paidNano - chargedNano + writtenNano);
    return writtenNano;
  }

  it('serves exactly the ten calls that it pays for, of two hundred at once', async () => {
    await town(10n * CALL_NANO, '0');
    const answers = await Promise.all(
      Array.from({ length: CALLS }, (_, i) => ask(children[i % 3] as Child, i)),
    );
    assert.deepEqual(statusesOf(answers), { 200: 10, 402: 190 });
    await becomes(async () => (await purse()).balance === 0n, 5_000);
    assert.deepEqual(await purse(), { balance: 0n, held: 0n });
    assert.equal(await requireExact(10n * CALL_NANO), 0n);
  });

  it('is never overdrawn, loses nothing and gives back what is held, while relays and the database die', async () => {
    // With input that costs, a call holds more than it uses.
    const paidNano = 200_000n;
    const { env } = await town(paidNano, '0.5');
    let isOver = false;
    let looks = 0;
    const watching = (async () => {
      while (!isOver) {
        try {
          const { balance, held } = await purse();
          assert.ok(balance >= 0n && held >= 0n && held <= balance, `balance ${balance}, held ${held}`);
          looks += 1;
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          // The database is away.
        }
        await wait(10);
      }
    })();

    const answers: Promise<Answer | undefined>[] = [];
    for (let i = 0; i < CALLS; i++) {
      answers.push(ask(children[i % 3] as Child, i));
      if (i % 8 === 7) await wait(15);
      if (i === 24) children[0]?.process.kill('SIGKILL');
      if (i === 90) {
        await server.kill();
        await wait(300);
        await server.start();
      }
      if (i === 130) {
        const { folder } = children[0] as Child;
        children[0] = await startChild({ folder, env });
      }
      if (i === 160) children[1]?.process.kill('SIGKILL');
    }
    const seen = await Promise.all(answers);
    const whole = seen.filter((answer) => answer?.isWhole === true);
    const { folder, exit } = children[1] as Child;
    await exit;
    children[1] = await startChild({ folder, env });
    const pending = async (): Promise<readonly number[]> =>
      await Promise.all(children.map(({ url }) => pendingAt(url)));
    await becomes(async () => (await pending()).every((entries) => entries === 0), 20_000);
    assert.deepEqual(await pending(), [0, 0, 0]);
    // Leases of the dead expire after a minute, and somebody looks for them every quarter of one.
    await becomes(async () => (await purse()).held === 0n, 100_000);
    isOver = true;
    await watching;
    assert.ok(looks > 100, `${looks} looks`);
    const { balance, held } = await purse();
    assert.equal(held, 0n);
    assert.ok(balance >= 0n);
    const writtenNano = await requireExact(paidNano);
    const rows = await database.query.selectFrom('entries').select(['id', 'charged_nano']).execute();
    const charged = new Map(rows.map(({ id, charged_nano }) => [id, charged_nano]));
    assert.ok(whole.length >= 3, `only ${whole.length} were served: ${JSON.stringify(statusesOf(seen))}`);
    // Every answer that was seen whole has been charged, once, and all of them together are paid for.
    for (const answer of whole) assert.ok((charged.get(answer?.id ?? '') ?? 0n) > 0n, answer?.id);
    const wholeNano = whole.reduce((sum, answer) => sum + (charged.get(answer?.id ?? '') ?? 0n), 0n);
    assert.ok(wholeNano <= paidNano + writtenNano);
    assert.ok(whole.length <= 11, `${whole.length} were served`);

    // Another relay that finds the journals again changes nothing.
    const before = JSON.stringify([balance, charged.size], (_, value) => String(value));
    children[2]?.process.kill('SIGTERM');
    await children[2]?.exit;
    children[2] = await startChild({ folder: (children[2] as Child).folder, env });
    await wait(500);
    const now = await database.query.selectFrom('entries').select('id').execute();
    assert.equal(
      JSON.stringify([(await purse()).balance, now.length], (_, value) => String(value)),
      before,
    );
    assert.equal((await purse()).held, 0n);
  });
});
