/** What the routes of tenants, projects and keys have in common: their fields, and how what they keep is changed. */

import { z } from 'zod';
import type { WrittenBudgets } from '../../domain/budgets.ts';
import { writeBudgets } from '../../domain/budgets.ts';
import type { ClientKey } from '../../domain/call.ts';
import { DEFAULT_TENANT, type Project, type Tenant } from '../../domain/tenancy.ts';
import type { Database, Queries } from '../../storage/database.ts';
import { money, moneyAnswer } from './fields.ts';
import { AdminProblem } from './route.ts';

/** As the configuration has it. Its words are not for this room. */
export type FileKey = ClientKey & { readonly label?: string; readonly metadata?: object };

export type PeopleDoors = {
  readonly database: Database;
  /** What the configuration file says, as it is in force. */
  file(): {
    readonly keys: readonly FileKey[];
    readonly tenants: readonly Tenant[];
    readonly projects: readonly Project[];
  };
  /** Ids of keys of the database that are not in force because the file has the same. */
  hidden(): ReadonlySet<string>;
  /** A change was made: resolves when it is in force on this instance. */
  changed(): Promise<void>;
};

const MOST_METADATA = 4_096;

export const metadata = () =>
  z
    .record(z.string().max(100), z.unknown())
    .refine((value) => JSON.stringify(value).length <= MOST_METADATA, {
      error: `expected at most ${MOST_METADATA} characters as JSON`,
    })
    .meta({ description: 'Notes of your own. They mean nothing to Sluice.' });

export const budgets = () =>
  z
    .strictObject({
      day: money().optional(),
      week: money().optional(),
      month: money().optional(),
      total: money().optional(),
    })
    .meta({ description: 'The most that may be charged in a period (UTC), in dollars.' });

export const budgetsAnswer = z.object({
  day: moneyAnswer().optional(),
  week: moneyAnswer().optional(),
  month: moneyAnswer().optional(),
  total: moneyAnswer().optional(),
});

export const SOURCES = ['database', 'file', 'built-in'] as const;

export const source = z.enum(SOURCES).meta({
  description: 'Where it stands. What stands in the configuration file can only be changed there.',
});

/** As it is kept. */
export const written = (read: z.output<ReturnType<typeof budgets>>): WrittenBudgets =>
  writeBudgets(Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)));

/** What is given takes the place of what was; null takes it away. */
export function merged(
  before: object,
  change: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const all = Object.entries({ ...before, ...withoutUndefined(change) });
  return Object.fromEntries(all.filter(([, value]) => value !== null && value !== undefined));
}

const withoutUndefined = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

export const inFile = (kind: string, id: string): AdminProblem =>
  new AdminProblem(
    409,
    `The ${kind} '${id}' stands in the configuration file: it can only be changed there.`,
  );

export const isTaken = (kind: string, id: string): AdminProblem =>
  new AdminProblem(409, `There is a ${kind} '${id}' already: take another id.`, [
    { path: 'body.id', message: 'expected an id that is free' },
  ]);

export const wrong = (path: string, message: string): AdminProblem =>
  new AdminProblem(422, `${path}: ${message}.`, [{ path, message }]);

/** Within the transaction that depends on it. */
export async function requireTenant(
  transaction: Queries,
  { file }: Pick<PeopleDoors, 'file'>,
  id: string,
): Promise<void> {
  if (id === DEFAULT_TENANT || file().tenants.some((tenant) => tenant.id === id)) return;
  const row = await transaction.selectFrom('tenants').select('id').where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw wrong('body.tenant', `expected a tenant: there is no '${id}'`);
}

export async function requireProject(
  transaction: Queries,
  { file }: Pick<PeopleDoors, 'file'>,
  { id, tenant }: { readonly id: string; readonly tenant: string },
): Promise<void> {
  const found =
    file().projects.find((project) => project.id === id) ??
    (await transaction.selectFrom('projects').select('tenant').where('id', '=', id).executeTakeFirst());
  if (found?.tenant !== tenant)
    throw wrong('body.project', `expected a project of the tenant '${tenant}': it has no '${id}'`);
}
