/**
 * The audit: who changed what, from where, and how it was before and after, written in the transaction of the change and
 * never touched again. What changes things leaves secrets out; a second wall here covers what looks like one all the same.
 */

import type { Transaction } from 'kysely';
import { newAuditId } from '../../base/ids.ts';
import { decimalOf } from '../../domain/cost.ts';
import type { Tables } from '../../storage/tables.ts';
import type { Asker, Change } from './route.ts';

export async function writeAudit(
  transaction: Transaction<Tables>,
  change: Change,
  { asker, nowMs }: { readonly asker: Asker; readonly nowMs: number },
): Promise<void> {
  await transaction
    .insertInto('audit')
    .values({
      id: newAuditId(),
      at_ms: Math.round(nowMs),
      actor: asker.id,
      role: asker.role,
      address: asker.address,
      action: change.action,
      kind: change.kind,
      object: change.object,
      tenant: change.tenant ?? null,
      before: shown(change.before),
      after: shown(change.after),
    })
    .execute();
}

const shown = (value: unknown): string | null =>
  value === undefined || value === null ? null : JSON.stringify(masked(value));

const COVERED = '***';
/** Names whose values are nobody's business, alone or as the end of a longer name. */
const SECRET_NAME =
  /(^|[_-])(secrets?|passwords?|tokens?|authorization|cookies?|hash(es)?|sealed|csrf|api[_-]?keys?|private[_-]?keys?|master[_-]?keys?|admin[_-]?keys?|credentials?)$/i;
/** Limits and sizes are counted in tokens. */
const COUNTED = /(max|min|input|output|total|prompt|completion)[_-]?\w*tokens$/i;
/** Keys have a prefix and many characters without a meaning. */
const LOOKS_SECRET =
  /\b(sk|pk|rk|ak|whsec|sluice-admin)[-_][\w-]{16,}|\bBearer\s+\S{8,}|:\/\/[^/\s:@]+:[^/\s@]+@/i;

/** A copy without what must not be shown. Money is written as decimal text. */
export function masked(value: unknown, name = ''): unknown {
  if (typeof value === 'bigint') return decimalOf(value);
  if (typeof value !== 'number' && typeof value !== 'boolean' && value !== null && value !== undefined) {
    if (SECRET_NAME.test(name) && !COUNTED.test(name)) return COVERED;
  }
  if (typeof value === 'string') return LOOKS_SECRET.test(value) ? COVERED : value;
  if (Array.isArray(value)) return value.map((each) => masked(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, masked(each, key)]));
}
