/** A creation that is asked for again is made once, whoever else asks and whatever dies in between. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import type { Database } from '../../storage/database.ts';
import { serveAdmin } from '../../testing/admin-ask.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { createVirtualClock } from '../../testing/virtual-clock.ts';
import { adminsRoutes } from './admins-routes.ts';
import { AdminProblem, adminRoute } from './route.ts';

const DAY = 24 * 60 * 60_000;
const body = { name: 'Ada', role: 'viewer' };
const under = (key: string) => ({ 'idempotency-key': key });
type Made = { readonly id: string; readonly key: string | null; readonly shown_before?: string[] };

function house(database: Database) {
  const clock = createVirtualClock();
  return { clock, ...serveAdmin({ routes: adminsRoutes({ database }), database, clock }) };
}

const countOf = async ({ query }: Database): Promise<number> =>
  Number(
    (
      await query
        .selectFrom('admins')
        .select(({ fn }) => fn.countAll().as('count'))
        .executeTakeFirstOrThrow()
    ).count,
  );

onEachDatabase((_name, open) => {
  describe('the same Idempotency-Key', () => {
    it('with the same body gives the same answer, without what is shown once', async () => {
      const database = await open();
      const { ask } = house(database);
      const before = await countOf(database);
      const first = await ask('POST /admins', { body, headers: under('a') });
      const again = await ask('POST /admins', {
        body: `{ "name":"Ada", "role":"viewer" }`,
        headers: under('a'),
      });
      const made = first.body as Made;
      assert.equal(again.status, 201);
      assert.equal(again.headers['idempotent-replayed'], 'true');
      assert.equal(again.headers['etag'], first.headers['etag']);
      assert.deepEqual(again.body, { ...made, key: null, shown_before: ['key'] });
      assert.equal(await countOf(database), before + 1);
      const kept = JSON.stringify(await database.query.selectFrom('admin_answers').selectAll().execute());
      assert.ok(!kept.includes(String(made.key)));
    });

    it('with another body is refused; of another admin, or on another route, it is another key', async () => {
      const database = await open();
      const { ask } = house(database);
      const first = await ask('POST /admins', { body, headers: under('b') });
      const { id } = first.body as Made;
      const other = await ask('POST /admins', { body: { ...body, name: 'Eve' }, headers: under('b') });
      assert.equal(other.status, 422);
      const elsewhere = await ask('POST /admins', { body, headers: under('b'), as: { id: 'admin_other' } });
      assert.equal(elsewhere.status, 201);
      assert.notEqual((elsewhere.body as Made).id, id);
      assert.equal((await ask(`POST /admins/${id}/rotate`, { headers: under('b') })).status, 201);
    });

    it('a hundred times at once on two instances makes one', async () => {
      const database = await open();
      const houses = [house(database), house(await open())];
      const before = await countOf(database);
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          houses[index % 2]?.ask('POST /admins', { body, headers: under('c') }),
        ),
      );
      assert.equal(await countOf(database), before + 1);
      const shown = answers.filter((answer) => answer?.status === 201);
      const ids = new Set(shown.map((answer) => (answer?.body as Made | undefined)?.id));
      assert.equal(ids.size, 1);
      assert.equal(shown.filter((answer) => (answer?.body as Made | undefined)?.key !== null).length, 1);
      for (const answer of answers) assert.ok(answer?.status === 201 || answer?.status === 409, answer?.text);
    });

    it('is forgotten after a day', async () => {
      const database = await open();
      const { ask, clock } = house(database);
      const first = (await ask('POST /admins', { body, headers: under('d') })).body as Made;
      await clock.advance(DAY - 1);
      assert.equal(((await ask('POST /admins', { body, headers: under('d') })).body as Made).id, first.id);
      await clock.advance(1);
      assert.notEqual(((await ask('POST /admins', { body, headers: under('d') })).body as Made).id, first.id);
    });

    it('is refused empty, or longer than anybody needs', async () => {
      const { ask } = house(await open());
      for (const key of ['', 'x'.repeat(256)])
        assert.equal((await ask('POST /admins', { body, headers: under(key) })).status, 400);
    });
  });

  describe('a creation', () => {
    /** Makes a row, then does what the test says. */
    const serve = (database: Database, after: () => Promise<void>) => {
      const clock = createVirtualClock();
      const route = adminRoute({
        method: 'POST',
        path: '/things',
        id: 'makeThing',
        summary: 'Makes a thing',
        tag: 'things',
        roles: ['owner'],
        creates: true,
        body: z.strictObject({ topic: z.string(), fails: z.boolean().optional() }),
        async handle({ body, note }) {
          await database.write(async (transaction) => {
            await transaction.insertInto('revisions').values({ topic: body.topic, revision: 1 }).execute();
            await note(transaction, { action: 'create', kind: 'thing', object: body.topic });
            if (body.fails === true) throw new AdminProblem(409, 'It does not go.');
          });
          await after();
          return { status: 201, body: { topic: body.topic, whole: true } };
        },
      });
      return { clock, ...serveAdmin({ routes: [route], database, clock }) };
    };
    const topicsOf = async ({ query }: Database, topic: string): Promise<number> =>
      (await query.selectFrom('revisions').selectAll().where('topic', '=', topic).execute()).length;

    it('that failed is no creation: neither its rows nor its audit stay, and it may be tried again', async () => {
      const database = await open();
      const { ask } = serve(database, async () => undefined);
      const failing = { topic: 'failing', fails: true };
      assert.equal((await ask('POST /things', { body: failing, headers: under('e') })).status, 409);
      assert.equal((await ask('POST /things', { body: failing, headers: under('e') })).status, 409);
      assert.equal(await topicsOf(database, 'failing'), 0);
      const audit = await database.query
        .selectFrom('audit')
        .selectAll()
        .where('object', '=', 'failing')
        .execute();
      assert.equal(audit.length, 0);
      assert.equal(
        (await ask('POST /things', { body: { topic: 'failing' }, headers: under('e') })).status,
        201,
      );
    });

    it('whose process died after it was made is not made again', async () => {
      const database = await open();
      const { ask, clock } = serve(database, () => new Promise(() => undefined));
      void ask('POST /things', { body: { topic: 'dead' }, headers: under('f') });
      while ((await topicsOf(database, 'dead')) === 0) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(10 * 60_000);
      const again = await ask('POST /things', { body: { topic: 'dead' }, headers: under('f') });
      assert.equal(again.status, 201);
      assert.deepEqual(again.body, { id: 'dead', made: 'thing' });
      assert.equal(await topicsOf(database, 'dead'), 1);
    });
  });

  describe('two who edit the same version', () => {
    it('do not undo each other: one of them is told', async () => {
      const database = await open();
      const { ask } = house(database);
      const { id } = (await ask('POST /admins', { body })).body as Made;
      const edits = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          ask(`PATCH /admins/${id}`, { body: { name: `name ${index}` }, headers: { 'if-match': '"1"' } }),
        ),
      );
      const done = edits.filter(({ status }) => status === 200);
      assert.equal(done.length, 1);
      assert.equal(edits.filter(({ status }) => status === 412).length, 19);
      const now = await ask(`GET /admins/${id}`);
      assert.equal(now.headers['etag'], '"2"');
      assert.deepEqual(now.body, done[0]?.body);
      const audit = await database.query
        .selectFrom('audit')
        .selectAll()
        .where('object', '=', id)
        .where('action', '=', 'update')
        .execute();
      assert.equal(audit.length, 1);
    });
  });
});
