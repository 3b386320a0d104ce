/**
 * Wallets over the admin API: what is in one, the entries that nobody changes, and a new one. What calls were charged is
 * no entry here: it stands in the calls themselves, and the balance has it taken off.
 */

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { decimalOf } from '../../domain/cost.ts';
import { WALLET_ENTRY_KINDS, type WalletEntry } from '../../domain/entry.ts';
import type { Tenant } from '../../domain/tenancy.ts';
import { creditOf } from '../../ledger/payers.ts';
import {
  BOOKED_KINDS,
  type Booking,
  balanceOf,
  bookWalletEntry,
  walletEntries,
} from '../../ledger/wallets.ts';
import type { Database, Queries } from '../../storage/database.ts';
import { noSuch } from './edits.ts';
import { idText, line, momentText, money, moneyAnswer, reference } from './fields.ts';
import { requireOwn } from './own-tenant.ts';
import { pageFrom, pageOf, pageQuery, placeOf } from './page.ts';
import { AdminProblem, type AdminRoute, type Asker, adminRoute } from './route.ts';

export type WalletDoors = {
  readonly database: Pick<Database, 'query' | 'write'>;
  /** As it is in force, wherever it stands. */
  tenant(id: string): Tenant | undefined;
};

const tag = 'Wallets';
const LOOK = ['owner', 'operator', 'viewer', 'tenant-admin'] as const;
const CHANGE = ['owner', 'operator'] as const;
const params = z.object({ tenant: reference() });

export const walletRoutes = (doors: WalletDoors): readonly AdminRoute[] => [
  getWallet(doors),
  listWalletEntries(doors),
  createWalletEntry(doors),
];

const walletAnswer = z
  .object({
    tenant: z.string(),
    kind: z.enum(['none', 'prepaid', 'postpaid']),
    balance: moneyAnswer(),
    held: moneyAnswer().meta({ description: 'Of the balance, what is set aside for calls under way.' }),
    credit_limit: moneyAnswer(),
    available: moneyAnswer()
      .nullable()
      .meta({ description: 'What the next calls may cost; null: the wallet bounds nothing.' }),
  })
  .meta({ id: 'Wallet' });

const entryAnswer = z
  .object({
    id: z.string(),
    tenant: z.string(),
    at: z.string().meta({ format: 'date-time' }),
    kind: z.enum(WALLET_ENTRY_KINDS),
    amount: moneyAnswer().meta({ description: 'Positive: more in the wallet.' }),
    call: z.string().nullable().meta({ description: 'The id of the call that it is about.' }),
    note: z.string().nullable(),
    actor: z.string().meta({ description: 'Who made it; `sluice` for what happens by itself.' }),
  })
  .meta({ id: 'WalletEntry' });

const getWallet = (doors: WalletDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/tenants/{tenant}/wallet', id: 'getWallet', tag, roles: LOOK, params },
    summary: "A tenant's wallet: what is in it, what calls under way hold, what is left",
    answer: walletAnswer,
    async handle({ params: { tenant: id }, asker }) {
      const tenant = tenantIn(doors, id, asker);
      return { body: await walletOf(doors.database.query, tenant) };
    },
  });

const listWalletEntries = (doors: WalletDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/tenants/{tenant}/wallet/entries', id: 'listWalletEntries', tag },
    ...{ roles: LOOK, params, query: z.object(pageQuery), answer: pageOf(entryAnswer) },
    summary: 'What was paid in, granted, corrected or written off, the newest first',
    async handle({ params: { tenant: id }, query: { limit, cursor }, asker }) {
      tenantIn(doors, id, asker);
      const place = placeOf(cursor);
      const rows = await walletEntries(doors.database.query, id, {
        after: place && { atMs: place.at, id: place.id },
        limit: limit + 1,
      });
      return {
        body: pageFrom(rows, limit, {
          item: shownEntry,
          place: (row) => ({ at: row.atMs, id: row.id }),
        }),
      };
    },
  });

const bookingBody = z.strictObject({
  kind: z.enum(BOOKED_KINDS),
  amount: money({ signed: true }).meta({
    description: 'In dollars. Below zero only for an adjustment: it takes something out.',
  }),
  note: line(500).optional().meta({ description: 'Why. An adjustment needs one.' }),
  id: idText()
    .optional()
    .meta({ description: 'Of the entry, such as the number of a payment: told twice, it is booked once.' }),
  force: z.boolean().optional().meta({
    description: 'An adjustment may take more than there is. For the owner alone.',
  }),
});

const createWalletEntry = (doors: WalletDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'POST', path: '/tenants/{tenant}/wallet/entries', id: 'createWalletEntry', tag },
    ...{ roles: CHANGE, creates: true, params, body: bookingBody },
    summary: 'Top up a wallet, grant it something, or correct it; entries are never changed',
    answer: entryAnswer.extend({ wallet: walletAnswer }),
    async handle({ params: { tenant: id }, body, asker, nowMs, note }) {
      const tenant = tenantIn(doors, id, asker);
      requireSense(body, asker);
      const booking: Booking = {
        ...{ id: body.id ?? `wallet_${randomUUID()}`, tenant: id, atMs: Math.floor(nowMs), kind: body.kind },
        ...{ amountNano: body.amount, call: null, note: body.note ?? null, actor: asker.id },
      };
      const { entry, wallet, isNew } = await doors.database.write(async (transaction) => {
        const before = await walletOf(transaction, tenant);
        const booked = await bookWalletEntry(transaction, booking, {
          limitNano: creditOf(tenant) ?? 0n,
          forced: body.force === true || tenant.wallet === 'none',
        });
        if (booked.outcome === 'short') throw tooShort(tenant, booked.leftNano);
        if (booked.outcome === 'other')
          throw wrong('body.id', `'${booking.id}' is the id of another entry: use a new one`);
        const after = await walletOf(transaction, tenant);
        if (booked.outcome === 'known') return { entry: booked.entry, wallet: after, isNew: false };
        await note(transaction, {
          ...{ action: body.kind, kind: 'wallet', object: id, tenant: id },
          ...{ before, after: { ...after, entry: shownEntry(booking) } },
        });
        return { entry: booking, wallet: after, isNew: true };
      });
      return { status: isNew ? 201 : 200, body: { ...shownEntry(entry), wallet } };
    },
  });

/** Throws 404 for one that does not exist, or not for this admin. */
function tenantIn(doors: WalletDoors, id: string, asker: Asker): Tenant {
  requireOwn(asker, id, { kind: 'tenant', id });
  const tenant = doors.tenant(id);
  if (tenant === undefined) throw noSuch('tenant', id);
  return tenant;
}

async function walletOf(queries: Queries, tenant: Tenant) {
  const { balanceNano, heldNano } = await balanceOf(queries, tenant.id);
  const creditNano = creditOf(tenant);
  return {
    tenant: tenant.id,
    kind: tenant.wallet,
    balance: balanceNano,
    held: heldNano,
    credit_limit: tenant.creditLimit,
    available: creditNano === undefined ? null : balanceNano - heldNano + creditNano,
  };
}

const shownEntry = ({ id, tenant, atMs, kind, amountNano, call, note, actor }: WalletEntry) => ({
  ...{ id, tenant, at: momentText(atMs), kind, amount: amountNano, call, note, actor },
});

function requireSense({ kind, amount, note, force }: z.output<typeof bookingBody>, { role }: Asker): void {
  if (amount === 0n) throw wrong('body.amount', 'expected another amount than 0');
  if (kind !== 'adjustment') {
    if (amount < 0n)
      throw wrong('body.amount', `expected more than 0: only an adjustment takes something out`);
    if (force !== undefined) throw wrong('body.force', 'only means something for an adjustment');
    return;
  }
  if (note === undefined) throw wrong('body.note', 'expected why the wallet is corrected');
  if (force === true && role !== 'owner')
    throw new AdminProblem(403, 'body.force: only an owner may take more out of a wallet than there is.');
}

const tooShort = ({ id }: Tenant, leftNano: bigint): AdminProblem =>
  new AdminProblem(
    409,
    `The wallet of '${id}' has ${decimalOf(leftNano > 0n ? leftNano : 0n)} that can be taken out (what calls under way hold ` +
      'is not among it): take less, or let an owner say force.',
  );

const wrong = (path: string, message: string): AdminProblem =>
  new AdminProblem(422, `${path}: ${message}.`, [{ path, message }]);
