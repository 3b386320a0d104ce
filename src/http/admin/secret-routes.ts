/**
 * The secrets of an account in the database: added, told by their last characters, removed; and the test of whether they
 * are good. None is ever answered, not even to who has just sent it.
 */

import { z } from 'zod';
import type { AccountConfig, Config } from '../../config/config.ts';
import { deleteSecret } from '../../config/stored/changes.ts';
import { boundTo } from '../../config/stored/secrets.ts';
import {
  accountParams,
  putSecret,
  refuseFiles,
  requireSealing,
  secretText,
  wanted,
} from './account-routes.ts';
import { secretAnswer, secretsOf } from './account-view.ts';
import { noSuch } from './edits.ts';
import { reference } from './fields.ts';
import { AdminProblem, type AdminRoute, adminRoute } from './route.ts';
import { bump, changedMeanwhile, READERS, type UpstreamDoors, WRITERS } from './upstreams.ts';

const testAnswer = z.strictObject({
  ok: z.boolean(),
  channels: z.array(
    z.strictObject({
      channel: z.string().meta({ description: 'And which secret, where the account has several.' }),
      ok: z.boolean(),
      detail: z.string(),
      ms: z.number(),
    }),
  ),
});

export function secretRoutes(doors: UpstreamDoors): readonly AdminRoute[] {
  const { database } = doors;
  const path = '/accounts/{account}/secrets';
  return [
    adminRoute({
      ...{ method: 'GET', path, id: 'listSecrets', tag: 'Accounts', roles: READERS },
      summary: 'What is known of the secrets of an account in the database, never the secrets themselves',
      params: accountParams,
      answer: z.strictObject({ data: z.array(secretAnswer) }),
      async handle({ params }) {
        const account = await wanted(database.query, params.account);
        return { body: { data: secretsOf(account) }, version: account.version };
      },
    }),
    adminRoute({
      ...{ method: 'POST', path, id: 'addSecret', tag: 'Accounts', roles: WRITERS, creates: true },
      summary: 'A new secret of an account in the database, kept sealed by the master key',
      params: accountParams,
      body: z.strictObject({ secret: secretText() }),
      answer: secretAnswer,
      async handle({ params, body, note, nowMs }) {
        refuseFiles(doors, params.account);
        const sealing = requireSealing(doors);
        const added = await database.write(async (transaction) => {
          const account = await wanted(transaction, params.account);
          const context = boundTo(account);
          const isThere = account.secrets.some(({ sealed }) => {
            const opened = sealing.open(sealed, context);
            return 'text' in opened && opened.text === body.secret;
          });
          if (isThere) throw new AdminProblem(409, `The account '${account.id}' has this secret already.`);
          const id = await putSecret(transaction, { account, secret: body.secret, sealing, nowMs });
          if (id === undefined) throw changedMeanwhile(`The account '${account.id}'`);
          await bump(transaction, 'config');
          await note(transaction, {
            ...{ action: 'create', kind: 'account_secret', object: id },
            after: { account: account.id },
          });
          return secretsOf(await wanted(transaction, account.id)).find((secret) => secret.id === id);
        });
        await doors.notice();
        return { status: 201, body: added };
      },
    }),
    adminRoute({
      ...{ method: 'DELETE', path: `${path}/{secret}`, id: 'removeSecret', tag: 'Accounts', roles: WRITERS },
      summary: 'Remove a secret; calls under way keep it to their ends',
      params: accountParams.extend({ secret: reference() }),
      async handle({ params, note, nowMs }) {
        const { account, secret } = params;
        refuseFiles(doors, account);
        await database.write(async (transaction) => {
          if (!(await deleteSecret(transaction, { account, secret }, { nowMs })))
            throw noSuch('secret', secret);
          await bump(transaction, 'config');
          await note(transaction, {
            ...{ action: 'delete', kind: 'account_secret', object: secret },
            before: { account },
          });
        });
        await doors.notice();
        return { status: 204 };
      },
    }),
    adminRoute({
      ...{
        method: 'POST',
        path: '/accounts/{account}/test',
        id: 'testAccount',
        tag: 'Accounts',
        roles: WRITERS,
      },
      summary:
        'Ask the provider for one token on each channel of an account: it costs next to nothing, and tells what is wrong',
      params: accountParams,
      query: z.object({ model: reference().optional().meta({ description: 'Only this upstream model.' }) }),
      answer: testAnswer,
      async handle({ params, query }) {
        const channels = await doors.test(only(doors, params.account, query.model));
        return { body: { ok: channels.every(({ ok }) => ok), channels } };
      },
    }),
  ];
}

/** What is in force, as if there were this account alone. Throws 404 and 409. */
function only(doors: UpstreamDoors, id: string, model: string | undefined): Config {
  const config = doors.stored.config();
  const account = config.accounts.find((each) => each.id === id);
  if (account === undefined) {
    if (!doors.stored.rows().accounts.some((each) => each.id === id)) throw noSuch('account', id);
    throw new AdminProblem(
      409,
      `The account '${id}' is not in force, so there is nothing to ask: see its problems.`,
    );
  }
  return { ...config, accounts: [withModel(doors, account, model)] };
}

function withModel(doors: UpstreamDoors, account: AccountConfig, model: string | undefined): AccountConfig {
  if (model === undefined) return account;
  const id = `${account.id}/${model}`;
  if (
    !doors
      .front()
      .snapshot()
      .catalog.channels.some((channel) => channel.id === id)
  )
    throw noSuch('channel', id);
  const listed = account.models.filter(({ upstreamModel }) => upstreamModel === model);
  return { ...account, models: listed.length > 0 ? listed : [{ upstreamModel: model, limits: {} }] };
}
