/**
 * Accounts: those of the database are made, changed and removed here, those of the file are shown. What is said is
 * checked as the file is, and is in force when it is answered. A secret goes in and never comes out.
 */

import { z } from 'zod';
import { newSecretId } from '../../base/ids.ts';
import { accountSchema } from '../../config/schema.ts';
import { deleteAccount, insertAccount, insertSecret, updateAccount } from '../../config/stored/changes.ts';
import { readAccount, type StoredAccount } from '../../config/stored/rows.ts';
import { boundTo, hintOf, NO_MASTER_KEY } from '../../config/stored/secrets.ts';
import type { Queries } from '../../storage/database.ts';
import type { Sealing } from '../../storage/sealing.ts';
import { accountAnswer, baseAccounts, baseAccountView, storedAccountView } from './account-view.ts';
import { noSuch, staleVersion } from './edits.ts';
import { idText, reference } from './fields.ts';
import { pageOf, pageQuery } from './page.ts';
import { AdminProblem, type AdminRoute, adminRoute } from './route.ts';
import {
  bump,
  mergePatch,
  pageByName,
  READERS,
  requireRight,
  settingsSchema,
  type UpstreamDoors,
  WRITERS,
  withOne,
} from './upstreams.ts';

export const secretText = () =>
  z
    .string()
    .max(10_000)
    .regex(/^[\x21-\x7e]+$/, 'expected visible characters without spaces')
    .meta({ writeOnly: true });

/** What stands beside them, or is nobody's to see. */
const NOT_SETTINGS = ['id', 'provider', 'secrets'];

export const accountParams = z.object({ account: reference() });

export function accountRoutes(doors: UpstreamDoors): readonly AdminRoute[] {
  const { database, stored, known } = doors;
  const settings = settingsSchema(accountSchema(known), NOT_SETTINGS);
  return [
    adminRoute({
      ...{ method: 'GET', path: '/accounts', id: 'listAccounts', tag: 'Accounts', roles: READERS },
      summary: 'Accounts by their ids, those of the file and those of the database',
      query: z.object({ ...pageQuery, provider: reference().optional(), source: reference().optional() }),
      answer: pageOf(accountAnswer),
      handle({ query }) {
        const all = [
          ...baseAccounts(doors).map((account) => baseAccountView(doors, account)),
          ...stored.rows().accounts.map((account) => storedAccountView(doors, account)),
        ].filter(
          ({ provider, source }) =>
            (query.provider ?? provider) === provider && (query.source ?? source) === source,
        );
        return { body: pageByName(all, ({ id, source }) => `${id} ${source}`, query) };
      },
    }),
    adminRoute({
      ...{ method: 'GET', path: '/accounts/{account}', id: 'getAccount', tag: 'Accounts', roles: READERS },
      summary: 'One account; of two of one id that of the file, which is in force',
      params: accountParams,
      answer: accountAnswer,
      async handle({ params }) {
        const own = baseAccounts(doors).find(({ id }) => id === params.account);
        if (own !== undefined) return { body: baseAccountView(doors, own) };
        const account = await readAccount(database.query, params.account);
        if (account === undefined) throw noSuch('account', params.account);
        return { body: storedAccountView(doors, account), version: account.version };
      },
    }),
    adminRoute({
      ...{
        method: 'POST',
        path: '/accounts',
        id: 'createAccount',
        tag: 'Accounts',
        roles: WRITERS,
        creates: true,
      },
      summary: 'A new account in the database, with its secrets or without them yet',
      body: z.strictObject({
        id: idText(),
        provider: reference(100),
        settings: settings.default({}),
        secrets: z.array(secretText()).max(100).default([]),
      }),
      answer: accountAnswer,
      async handle({ body, note, nowMs }) {
        const { id, provider, secrets } = body;
        const settings = settingsIn(body.settings);
        if (baseAccounts(doors).some((account) => account.id === id))
          throw taken(id, 'the configuration file');
        const fresh = { id, provider, settings, secrets: [], version: 1, createdMs: nowMs, updatedMs: nowMs };
        requireAccount(doors, fresh);
        const sealing = secrets.length === 0 ? undefined : requireSealing(doors);
        const account = await database.write(async (transaction) => {
          if (!(await insertAccount(transaction, fresh, { nowMs }))) throw taken(id, 'the database');
          for (const [i, secret] of [...new Set(secrets)].entries()) {
            const account = await wanted(transaction, id);
            // They stay in their order.
            await putSecret(transaction, { account, secret, sealing, nowMs: nowMs + i });
          }
          await bump(transaction, 'config');
          await note(transaction, {
            ...{ action: 'create', kind: 'account', object: id },
            after: { provider, settings, secret_count: secrets.length },
          });
          return wanted(transaction, id);
        });
        await doors.notice();
        return { status: 201, body: storedAccountView(doors, account), version: account.version };
      },
    }),
    adminRoute({
      ...{
        method: 'PATCH',
        path: '/accounts/{account}',
        id: 'editAccount',
        tag: 'Accounts',
        roles: WRITERS,
        edits: true,
      },
      summary:
        'Change an account; null takes a setting away, and another address or provider takes its secrets away',
      params: accountParams,
      body: z.strictObject({ provider: reference(100).optional(), settings: settings.optional() }),
      answer: accountAnswer.extend({
        secrets_cleared: z
          .number()
          .meta({ description: 'How many secrets were for the address that it had.' }),
      }),
      async handle({ params, body, note, nowMs, ifMatch }) {
        refuseFiles(doors, params.account);
        const done = await database.write(async (transaction) => {
          const before = await wanted(transaction, params.account);
          if (ifMatch !== undefined && ifMatch !== before.version) throw stale(before.id);
          const after = {
            ...before,
            provider: body.provider ?? before.provider,
            settings: settingsIn(mergePatch(before.settings, body.settings ?? {})),
          };
          requireAccount(doors, after);
          const outcome = await updateAccount(transaction, { before, after }, { nowMs });
          if (outcome === undefined) throw stale(before.id);
          await bump(transaction, 'config');
          await note(transaction, {
            ...{ action: 'update', kind: 'account', object: before.id },
            before: { provider: before.provider, settings: before.settings },
            after: { provider: after.provider, settings: after.settings, secrets_cleared: outcome.cleared },
          });
          return { account: await wanted(transaction, before.id), cleared: outcome.cleared };
        });
        await doors.notice();
        return {
          body: { ...storedAccountView(doors, done.account), secrets_cleared: done.cleared },
          version: done.account.version,
        };
      },
    }),
    adminRoute({
      ...{
        method: 'DELETE',
        path: '/accounts/{account}',
        id: 'deleteAccount',
        tag: 'Accounts',
        roles: WRITERS,
        edits: true,
      },
      summary: 'Remove an account with its secrets; calls that it is serving go on to their ends',
      params: accountParams,
      async handle({ params, note, ifMatch }) {
        refuseFiles(doors, params.account);
        await database.write(async (transaction) => {
          const before = await wanted(transaction, params.account);
          const version = ifMatch ?? before.version;
          if (!(await deleteAccount(transaction, { id: before.id, version }))) throw stale(before.id);
          await bump(transaction, 'config');
          await note(transaction, {
            ...{ action: 'delete', kind: 'account', object: before.id },
            before: {
              provider: before.provider,
              settings: before.settings,
              secret_count: before.secrets.length,
            },
          });
        });
        await doors.notice();
        return { status: 204 };
      },
    }),
  ];
}

/** Throws 404. */
export async function wanted(queries: Queries, id: string): Promise<StoredAccount> {
  const account = await readAccount(queries, id);
  if (account === undefined) throw noSuch('account', id);
  return account;
}

/** Throws 409 for one that stands in the file, where alone it can be changed. */
export function refuseFiles(doors: Pick<UpstreamDoors, 'stored' | 'front'>, id: string): void {
  if (!baseAccounts(doors).some((account) => account.id === id)) return;
  throw new AdminProblem(
    409,
    `The account '${id}' stands in the configuration file (or the environment): change it there. Only what is in the database can be changed here.`,
  );
}

/** Throws 409 where there is no master key. */
export function requireSealing({ sealing }: Pick<UpstreamDoors, 'sealing'>): Sealing {
  if (sealing !== undefined) return sealing;
  throw new AdminProblem(409, `Secrets cannot be kept in the database: ${NO_MASTER_KEY}.`);
}

type PutSecret = {
  readonly account: StoredAccount;
  readonly secret: string;
  readonly sealing: Sealing | undefined;
  readonly nowMs: number;
};

/** The id of the secret; undefined: the account was changed meanwhile. */
export async function putSecret(queries: Queries, put: PutSecret): Promise<string | undefined> {
  const { account, secret, nowMs } = put;
  const sealing = requireSealing({ sealing: put.sealing });
  const id = newSecretId();
  const sealed = sealing.seal(secret, boundTo(account));
  const row = { id, sealed, hint: hintOf(secret) };
  return (await insertSecret(queries, { account, secret: row }, { nowMs })) ? id : undefined;
}

/** What is said of an account, without what stands elsewhere. Throws 400. */
function settingsIn(settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const odd = NOT_SETTINGS.find((name) => Object.hasOwn(settings, name));
  if (odd === undefined) return settings;
  const message =
    odd === 'secrets'
      ? 'secrets have a place of their own, beside the settings'
      : 'it stands beside the settings';
  throw new AdminProblem(400, `body.settings.${odd}: ${message}.`, [
    { path: `body.settings.${odd}`, message },
  ]);
}

/** Its secrets may come later, and do not open here where there is no master key. */
function requireAccount(doors: UpstreamDoors, account: StoredAccount): void {
  const rows = doors.stored.rows();
  requireRight(
    doors,
    { ...rows, accounts: withOne(rows.accounts, account, ({ id }) => id) },
    { kind: 'account', id: account.id, but: (path) => path === 'secrets' },
  );
}

const taken = (id: string, where: string): AdminProblem =>
  new AdminProblem(409, `There is an account '${id}' in ${where} already: choose another id.`, [
    { path: 'body.id', message: 'it is taken' },
  ]);

const stale = (id: string): AdminProblem => staleVersion(`The account '${id}'`);
