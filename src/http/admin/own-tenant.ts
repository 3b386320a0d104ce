/**
 * A tenant admin sees and changes the own tenant alone: what belongs to another one does not exist for it, and is
 * answered like what exists for nobody.
 */

import { noSuch } from './edits.ts';
import { AdminProblem, type Asker } from './route.ts';

export const isOwn = ({ role, tenant }: Asker, of: string | null | undefined): boolean =>
  role !== 'tenant-admin' || (of !== null && of !== undefined && of === tenant);

/** Throws 404, as for a `kind` that does not exist. `of`: the tenant that it belongs to, where it has one. */
export function requireOwn(
  asker: Asker,
  of: string | null | undefined,
  thing: { readonly kind: string; readonly id: string },
): void {
  if (!isOwn(asker, of)) throw noSuch(thing.kind, thing.id);
}

/** Whose things a list shows: of the tenant that was asked for, of the own one for its admin; undefined: of all. */
export function tenantShown({ role, tenant }: Asker, asked: string | undefined): string | undefined {
  if (role !== 'tenant-admin') return asked;
  if (tenant === undefined) throw new AdminProblem(403, 'This admin belongs to no tenant.');
  if (asked !== undefined && asked !== tenant) throw noSuch('tenant', asked);
  return tenant;
}
