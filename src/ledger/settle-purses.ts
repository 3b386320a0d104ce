/**
 * Charges entries to their purses, in the transaction that writes them. What a call held covers its charge, whoever
 * held it; what it used beyond may only come from what nobody else holds: a wallet that has no more is never overdrawn,
 * what is missing is written off by an entry of its own, and the call's entry still tells the truth.
 */

import type { Transaction } from 'kysely';
import type { CallEntry } from '../domain/entry.ts';
import type { Tables } from '../storage/tables.ts';
import { isWallet, tenantOfWallet } from './purse-ids.ts';
import { changeLease, changePurse, leaseRows, lockPurses } from './purse-rows.ts';

export type WriteOff = { readonly tenant: string; readonly call: string; readonly amountNano: bigint };

/** What the lease of one instance lost. */
export type Taken = { readonly purse: string; readonly instance: string; readonly byNano: bigint };

export type Settled = { readonly taken: readonly Taken[]; readonly writeOffs: readonly WriteOff[] };

/** Within the transaction, where it must be looked for. */
export type LimitOf = (
  tenant: string,
  transaction: Transaction<Tables>,
) => bigint | undefined | Promise<bigint | undefined>;

export type SettleOptions = {
  readonly nowMs: number;
  /** How far below zero a tenant's wallet may go; undefined: it has no bound. */
  readonly limitOf: LimitOf;
  /** Does the instance keep for its next calls what these held and did not use? */
  readonly keepsRest: (purse: string, instance: string) => boolean;
};

type Charge = { readonly entry: CallEntry; readonly heldNano: bigint; readonly chargedNano: bigint };

export async function settlePurses(
  transaction: Transaction<Tables>,
  entries: readonly CallEntry[],
  options: SettleOptions,
): Promise<Settled> {
  const charges = chargesOf(entries);
  const purses = [...charges.keys()].sort();
  if (purses.length === 0) return { taken: [], writeOffs: [] };
  const amounts = await lockPurses(transaction, purses, options.nowMs);
  const instances = [...new Set(entries.map(({ instance }) => instance))];
  const rows = new Map<string, bigint>();
  for (const row of await leaseRows(transaction, purses, instances))
    rows.set(`${row.instance}\n${row.purse}`, row.amountNano);

  const taken: Taken[] = [];
  const writeOffs: WriteOff[] = [];
  for (const purse of purses) {
    const own = charges.get(purse) ?? [];
    let coveredNano = 0n;
    let givenNano = 0n;
    for (const instance of new Set(own.map(({ entry }) => entry.instance))) {
      const ofInstance = own.filter(({ entry }) => entry.instance === instance);
      const hasNano = rows.get(`${instance}\n${purse}`) ?? 0n;
      const keeps = options.keepsRest(purse, instance);
      const { covered, given } = shareOf(ofInstance, hasNano, keeps);
      coveredNano += covered;
      givenNano += given;
      await changeLease(transaction, { purse, instance, hasNano, byNano: -given });
      taken.push({ purse, instance, byNano: given });
    }
    const chargedNano = sum(own.map((charge) => charge.chargedNano));
    const { spentNano = 0n, heldNano = 0n } = amounts.get(purse) ?? {};
    const limitNano = isWallet(purse) ? await options.limitOf(tenantOfWallet(purse), transaction) : undefined;
    const overNano =
      limitNano === undefined ? 0n : spentNano + chargedNano + heldNano - givenNano - limitNano;
    const missingNano = smaller(chargedNano - coveredNano, overNano);
    const forgiven = missingNano > 0n ? missingNano : 0n;
    await changePurse(transaction, {
      purse,
      spentNano: chargedNano - forgiven,
      heldNano: -givenNano,
      nowMs: options.nowMs,
    });
    if (forgiven > 0n) writeOffs.push(...writeOffsOf(own, forgiven));
  }
  await bookWriteOffs(transaction, writeOffs, options.nowMs);
  return { taken, writeOffs };
}

function chargesOf(entries: readonly CallEntry[]): ReadonlyMap<string, Charge[]> {
  const charges = new Map<string, Charge[]>();
  for (const entry of entries)
    for (const { purse, amountNano } of entry.held) {
      const own = charges.get(purse) ?? [];
      // What has no price costs nobody anything.
      own.push({ entry, heldNano: amountNano, chargedNano: entry.money.chargedNano ?? 0n });
      charges.set(purse, own);
    }
  return charges;
}

/** What the lease pays of the charges, and what it loses in all. */
function shareOf(
  charges: readonly Charge[],
  hasNano: bigint,
  keepsRest: boolean,
): { readonly covered: bigint; readonly given: bigint } {
  const wanted = sum(charges.map(({ heldNano, chargedNano }) => smaller(heldNano, chargedNano)));
  const covered = smaller(wanted, hasNano);
  if (keepsRest) return { covered, given: covered };
  return { covered, given: smaller(sum(charges.map(({ heldNano }) => heldNano)), hasNano) };
}

/** Those that used more than they held are named first, the last of them before the others. */
function writeOffsOf(charges: readonly Charge[], forgivenNano: bigint): readonly WriteOff[] {
  const over = ({ heldNano, chargedNano }: Charge): bigint => chargedNano - heldNano;
  const order = [...charges].reverse().sort((a, b) => (over(a) === over(b) ? 0 : over(a) > over(b) ? -1 : 1));
  const writeOffs: WriteOff[] = [];
  let leftNano = forgivenNano;
  for (const { entry, chargedNano } of order) {
    const amountNano = smaller(leftNano, chargedNano);
    if (amountNano > 0n) writeOffs.push({ tenant: entry.tenant, call: entry.id, amountNano });
    leftNano -= amountNano;
  }
  return writeOffs;
}

async function bookWriteOffs(
  transaction: Transaction<Tables>,
  writeOffs: readonly WriteOff[],
  nowMs: number,
): Promise<void> {
  if (writeOffs.length === 0) return;
  await transaction
    .insertInto('wallet_entries')
    .values(
      writeOffs.map(({ tenant, call, amountNano }) => ({
        // One at most for a call, which is settled once.
        id: `write_off:${call}`,
        tenant,
        at_ms: Math.floor(nowMs),
        kind: 'write_off',
        amount_nano: amountNano,
        call,
        note: 'The call used more than it held, and the wallet had no more.',
        actor: 'sluice',
      })),
    )
    .execute();
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, each) => total + each, 0n);

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
