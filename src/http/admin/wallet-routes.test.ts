import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Tenant } from '../../domain/tenancy.ts';
import { makePurses } from '../../ledger/purse-rows.ts';
import { verifyWallets } from '../../ledger/wallets.ts';
import type { Database } from '../../storage/database.ts';
import { type AdminFront, type AdminReply, serveAdmin } from '../../testing/admin-ask.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { walletRoutes } from './wallet-routes.ts';

const tenants = new Map<string, Tenant>(
  (['acme', 'prepaid', 'beta', 'prepaid', 'later', 'postpaid', 'open', 'none'] as const).flatMap(
    (id, i, all) =>
      i % 2 === 1
        ? []
        : [
            [
              id,
              {
                ...{ id, name: id, wallet: all[i + 1] as Tenant['wallet'], budgets: {}, active: true },
                creditLimit: id === 'later' ? 5_000_000_000n : 0n,
              },
            ] as const,
          ],
  ),
);

type Body = {
  readonly balance: string;
  readonly held: string;
  readonly available: string | null;
  readonly amount: string;
  readonly actor: string;
  readonly id: string;
  readonly detail: string;
  readonly wallet: { readonly balance: string; readonly available: string | null };
  readonly data: readonly { readonly kind: string; readonly amount: string }[];
  readonly next: string | null;
  readonly errors: readonly { readonly path: string }[];
};

onEachDatabase((_name, open) => {
  async function front(): Promise<AdminFront & { database: Database; read(reply: AdminReply): Body }> {
    const database = await open();
    for (const table of ['purses', 'holds', 'wallet_entries', 'audit'] as const)
      await database.query.deleteFrom(table).execute();
    const routes = walletRoutes({ database, tenant: (id) => tenants.get(id) });
    return { ...serveAdmin({ routes, database }), database, read: ({ body }) => body as Body };
  }

  describe('a wallet', () => {
    it('is empty at first, and bounds nothing where its tenant has none', async () => {
      const { ask, read } = await front();
      const { status, body } = await ask('GET /tenants/acme/wallet', { as: 'viewer' });
      assert.equal(status, 200);
      assert.deepEqual(body, {
        ...{ tenant: 'acme', kind: 'prepaid', balance: '0', held: '0', credit_limit: '0', available: '0' },
      });
      assert.equal(read(await ask('GET /tenants/open/wallet')).available, null);
      assert.equal(read(await ask('GET /tenants/later/wallet')).available, '5');
      assert.equal((await ask('GET /tenants/nobody/wallet')).status, 404);
    });

    it('is topped up, granted to and corrected, each by an entry that stays', async () => {
      const { ask, read, database } = await front();
      const path = 'POST /tenants/acme/wallet/entries';
      const paid = await ask(path, { body: { kind: 'top_up', amount: '12.50' } });
      assert.equal(paid.status, 201);
      assert.deepEqual(
        [read(paid).amount, read(paid).actor, read(paid).wallet.balance],
        ['12.5', 'admin_test', '12.5'],
      );
      await ask(path, { body: { kind: 'grant', amount: '1', note: 'welcome' }, as: 'operator' });
      await ask(path, { body: { kind: 'adjustment', amount: '-0.000000001', note: 'a nano too much' } });
      assert.equal(read(await ask('GET /tenants/acme/wallet')).balance, '13.499999999');
      const listed = read(await ask('GET /tenants/acme/wallet/entries'));
      assert.deepEqual(
        new Set(listed.data.map(({ kind, amount }) => `${kind} ${amount}`)),
        new Set(['adjustment -0.000000001', 'grant 1', 'top_up 12.5']),
      );
      assert.deepEqual((await verifyWallets(database.query)).balances, []);
      const audit = await database.query
        .selectFrom('audit')
        .select(['action', 'kind', 'object', 'tenant'])
        .execute();
      assert.deepEqual(audit.map(({ action }) => action).sort(), ['adjustment', 'grant', 'top_up']);
      assert.ok(
        audit.every(({ kind, object, tenant }) => `${kind} ${object} ${tenant}` === 'wallet acme acme'),
      );
    });

    it('lists its entries page by page, each once', async () => {
      const { ask, read } = await front();
      for (let i = 1; i <= 7; i++)
        await ask('POST /tenants/beta/wallet/entries', { body: { kind: 'top_up', amount: `${i}` } });
      const amounts: string[] = [];
      for (let next: string | null = ''; next !== null; ) {
        const from: string = next === '' ? '' : `&cursor=${next}`;
        const page = read(await ask(`GET /tenants/beta/wallet/entries?limit=3${from}`));
        amounts.push(...page.data.map(({ amount }) => amount));
        next = page.next;
      }
      assert.deepEqual(amounts.sort(), ['1', '2', '3', '4', '5', '6', '7']);
    });

    it('books an entry of one id once, and nothing else under it', async () => {
      const { ask, read } = await front();
      const path = 'POST /tenants/acme/wallet/entries';
      const body = { kind: 'top_up', amount: '5', id: 'payment-1' };
      const answers = await Promise.all([ask(path, { body }), ask(path, { body }), ask(path, { body })]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 201]);
      assert.equal(read(await ask('GET /tenants/acme/wallet')).balance, '5');
      const other = await ask(path, { body: { ...body, amount: '6' } });
      assert.deepEqual([other.status, read(other).errors[0]?.path], [422, 'body.id']);
      const elsewhere = await ask('POST /tenants/beta/wallet/entries', { body });
      assert.equal(elsewhere.status, 422);
    });

    it('gives out no more than is free, unless an owner says so', async () => {
      const { ask, read, database } = await front();
      const path = 'POST /tenants/acme/wallet/entries';
      await ask(path, { body: { kind: 'top_up', amount: '5' } });
      await makePurses(database.query, ['wallet:acme'], 0);
      await database.query.updateTable('purses').set({ held_nano: 2_000_000_000n }).execute();
      const body = { kind: 'adjustment', amount: '-4', note: 'refund' };
      const refused = await ask(path, { body });
      assert.equal(refused.status, 409);
      assert.match(read(refused).detail, /has 3 that can be taken out/);
      assert.equal((await ask(path, { body: { ...body, amount: '-3' } })).status, 201);
      const forced = { ...body, force: true };
      assert.equal((await ask(path, { body: forced, as: 'operator' })).status, 403);
      const taken = await ask(path, { body: forced });
      assert.deepEqual(
        [taken.status, read(taken).wallet.balance, read(taken).wallet.available],
        [201, '-2', '-4'],
      );
      const postpaid = await ask('POST /tenants/later/wallet/entries', { body });
      assert.equal(postpaid.status, 201);
    });

    it('takes no entry that means nothing', async () => {
      const { ask, read } = await front();
      for (const [body, path] of [
        [{ kind: 'top_up', amount: '0' }, 'body.amount'],
        [{ kind: 'top_up', amount: '-1' }, 'body.amount'],
        [{ kind: 'grant', amount: '1', force: true }, 'body.force'],
        [{ kind: 'adjustment', amount: '-1' }, 'body.note'],
        [{ kind: 'write_off', amount: '1' }, 'body.kind'],
        [{ kind: 'top_up', amount: 5 }, 'body.amount'],
        [{ kind: 'top_up', amount: '1e3' }, 'body.amount'],
        [{ kind: 'top_up', amount: '1', tenant: 'beta' }, 'body.tenant'],
      ] as const) {
        const answer = await ask('POST /tenants/acme/wallet/entries', { body });
        assert.ok(answer.status === 400 || answer.status === 422, JSON.stringify(body));
        assert.equal(read(answer).errors[0]?.path, path, answer.text);
      }
      assert.equal(read(await ask('GET /tenants/acme/wallet')).balance, '0');
    });

    it('is seen by the admin of its tenant, who changes nothing, and by no other', async () => {
      const { ask } = await front();
      const own = { role: 'tenant-admin', tenant: 'acme' } as const;
      assert.equal((await ask('GET /tenants/acme/wallet', { as: own })).status, 200);
      assert.equal((await ask('GET /tenants/acme/wallet/entries', { as: own })).status, 200);
      assert.equal((await ask('GET /tenants/beta/wallet', { as: own })).status, 404);
      assert.equal((await ask('GET /tenants/beta/wallet/entries', { as: own })).status, 404);
      const body = { kind: 'top_up', amount: '1' };
      for (const as of [own, 'viewer'] as const)
        assert.equal((await ask('POST /tenants/acme/wallet/entries', { as, body })).status, 403);
    });
  });
});
