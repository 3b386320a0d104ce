/**
 * Price factors over the admin API: those of the file and of the database, a new one, and the end of one. A factor is
 * never changed: who wants another one makes it, and the newest holds.
 */

import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { decimalOf, nanoOf } from '../../domain/cost.ts';
import { FACTOR_NAMES, factorScopeOf } from '../../domain/money.ts';
import { addFactor, endFactor, factorOf } from '../../ledger/money-rows.ts';
import { bump } from '../../storage/revisions.ts';
import { noSuch } from './edits.ts';
import { moment, momentText, queryFlag, reference } from './fields.ts';
import { newestPage, pageOf, pageQuery } from './page.ts';
import { factorAnswer, factorNames, factorText, shownFactor } from './price-fields.ts';
import type { PriceDoors } from './price-routes.ts';
import { AdminProblem, type AdminRoute, adminRoute } from './route.ts';

const tag = 'Price factors';

export function factorRoutes(doors: PriceDoors): readonly AdminRoute[] {
  return [listFactors(doors), createFactor(doors), endOfFactor(doors)];
}

const listFactors = ({ database, pricing }: PriceDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'GET', path: '/factors', id: 'listFactors', tag, roles: ['owner', 'operator', 'viewer'] },
    summary:
      'Price factors: those of the database, the newest first, and behind the last of them those of the file',
    query: z.strictObject({
      ...pageQuery,
      ...factorNames,
      active: queryFlag().optional().meta({ description: '`true`: only those that have not ended.' }),
    }),
    answer: pageOf(factorAnswer).extend({
      usual: z.string().meta({ description: 'The factor of everybody for whom there is no other one.' }),
    }),
    async handle({ query: { limit, cursor, active, ...names }, nowMs }) {
      const { factors, priceFactor } = pricing.settings();
      let rows = database.query.selectFrom('factors').selectAll();
      for (const name of FACTOR_NAMES)
        if (names[name] !== undefined) rows = rows.where(name, '=', names[name]);
      if (active)
        rows = rows.where((where) =>
          where.or([where('until_ms', 'is', null), where('until_ms', '>', Math.floor(nowMs))]),
        );
      const page = await newestPage(rows, { limit, cursor }, (row) => {
        const read = factorOf(row) ?? { id: row.id, factor: row.factor, fromMs: row.from_ms };
        return shownFactor(read, { createdMs: row.created_ms, actor: row.actor });
      });
      const ofFile = factors
        .filter((factor) =>
          FACTOR_NAMES.every((name) => names[name] === undefined || factor[name] === names[name]),
        )
        .map((factor) => shownFactor(factor));
      const data = page.next === null ? [...page.data, ...ofFile] : page.data;
      return { body: { data, next: page.next, usual: priceFactor } };
    },
  });

const factorBody = z.strictObject({
  ...factorNames,
  factor: factorText,
  from_at: moment().optional().meta({ description: 'Not given: at once.' }),
  until_at: moment().optional().meta({ description: 'Not given: until it is ended.' }),
});

const createFactor = ({ database, offers, changed }: PriceDoors): AdminRoute =>
  adminRoute({
    ...{
      method: 'POST',
      path: '/factors',
      id: 'createFactor',
      tag,
      roles: ['owner', 'operator'],
      creates: true,
    },
    summary:
      'Charge a tenant, project, key, model or account another share of the list price, from now on or later on',
    body: factorBody,
    answer: factorAnswer,
    async handle({ body, asker, nowMs, note }) {
      const { factor, from_at: fromMs = nowMs, until_at: untilMs, ...names } = body;
      if (FACTOR_NAMES.every((name) => names[name] === undefined))
        throw wrong('body', `expected at least one of ${FACTOR_NAMES.join(', ')}`);
      if (fromMs < nowMs)
        throw wrong(
          'body.from_at',
          `expected ${momentText(nowMs)} or later: what was charged stays as it was`,
        );
      if (untilMs !== undefined && untilMs <= fromMs)
        throw wrong('body.until_at', 'expected a moment after from_at');
      const offered = offers();
      if (names.model !== undefined && !offered.some(({ model }) => model === names.model))
        throw wrong('body.model', `expected a model that is offered: '${names.model}' is none`);
      if (names.account !== undefined && !offered.some(({ channel }) => channel.account.id === names.account))
        throw wrong('body.account', `expected an account: there is no '${names.account}'`);
      const made = {
        ...factorScopeOf(names),
        ...{ id: `factor_${randomBytes(8).toString('hex')}`, factor: decimalOf(nanoOf(factor)), fromMs },
        ...(untilMs === undefined ? {} : { untilMs }),
      };
      const shown = shownFactor(made, { createdMs: nowMs, actor: asker.id });
      await database.write(async (transaction) => {
        await bump(transaction, 'prices');
        await addFactor(transaction, made, { actor: asker.id, nowMs });
        await note(transaction, {
          ...{ action: 'create', kind: 'factor', object: made.id, after: shown },
          ...(names.tenant === undefined ? {} : { tenant: names.tenant }),
        });
      });
      await changed();
      return { status: 201, body: shown };
    },
  });

const endOfFactor = ({ database, changed }: PriceDoors): AdminRoute =>
  adminRoute({
    ...{ method: 'DELETE', path: '/factors/{id}', id: 'endFactor', tag, roles: ['owner', 'operator'] },
    summary: 'End a factor of the database now; it stays on record',
    params: z.strictObject({ id: reference() }),
    async handle({ params: { id }, nowMs, note }) {
      if (id.startsWith('file:'))
        throw new AdminProblem(
          409,
          `The factor '${id}' stands in the configuration file: take it out there.`,
        );
      await database.write(async (transaction) => {
        await bump(transaction, 'prices');
        const ended = await endFactor(transaction, id, nowMs);
        const row = await transaction
          .selectFrom('factors')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst();
        if (row === undefined) throw noSuch('factor', id);
        if (!ended)
          throw new AdminProblem(
            409,
            `The factor '${id}' has ended already, ${momentText(row.until_ms ?? 0)}.`,
          );
        await note(transaction, {
          ...{ action: 'end', kind: 'factor', object: id, before: { factor: row.factor } },
          after: { factor: row.factor, until_at: momentText(nowMs) },
          ...(row.tenant === null ? {} : { tenant: row.tenant }),
        });
      });
      await changed();
      return { status: 204 };
    },
  });

const wrong = (path: string, message: string): AdminProblem =>
  new AdminProblem(422, `${path}: ${message}.`, [{ path, message }]);
