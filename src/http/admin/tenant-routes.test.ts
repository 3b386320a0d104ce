import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { AdminQuestion } from '../../testing/admin-ask.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { ids, type PeopleFront, peopleFront, row, rows } from '../../testing/people-front.ts';

onEachDatabase((_name, open) => {
  let people: PeopleFront;
  before(async () => {
    people = peopleFront(await open());
  });
  after(() => people.close());
  const ask: PeopleFront['ask'] = (...said) => people.ask(...said);
  const must: PeopleFront['must'] = (...said) => people.must(...said);
  const patch: PeopleFront['patch'] = (...said) => people.patch(...said);

  describe('a tenant admin', () => {
    const own: AdminQuestion['as'] = { role: 'tenant-admin', tenant: 'acme' };
    before(async () => {
      for (const id of ['acme', 'other']) {
        await must(201, 'POST /tenants', { body: { id } });
        await must(201, 'POST /projects', { body: { id: `site-of-${id}`, tenant: id } });
        await must(201, 'POST /keys', { body: { id: `key-of-${id}`, tenant: id } });
      }
    });

    it('sees the own things alone', async () => {
      assert.deepEqual(ids(await must(200, 'GET /keys', { as: own })), ['key-of-acme']);
      assert.deepEqual(ids(await must(200, 'GET /projects', { as: own })), ['site-of-acme']);
      assert.deepEqual(ids(await must(200, 'GET /tenants', { as: own })), ['acme']);
      for (const path of [
        'keys/key-of-other',
        'projects/site-of-other',
        'tenants/other',
        'keys/in-file-2',
        'keys/in-file',
      ])
        await must(404, `GET /${path}`, { as: own });
      for (const path of ['keys?tenant=other', 'projects?tenant=other'])
        await must(404, `GET /${path}`, { as: own });
    });

    it('changes the own things alone', async () => {
      const answers = [
        await patch('/keys/key-of-other', { weight: 1 }, '*', own),
        await patch('/keys/in-file', { weight: 1 }, '*', own),
        await patch('/projects/site-of-other', { name: 'mine' }, '*', own),
        await ask('DELETE /keys/key-of-other', { as: own }),
        await ask('DELETE /projects/site-of-other', { as: own }),
        await ask('POST /keys/key-of-other/rotate', { as: own, body: {} }),
      ];
      assert.deepEqual(
        answers.map(({ status }) => status),
        [404, 404, 404, 404, 404, 404],
      );
      await must(422, 'POST /keys', { as: own, body: { tenant: 'other' } });
      await must(422, 'POST /keys', { as: own, body: { project: 'site-of-other' } });
      await must(422, 'POST /projects', { as: own, body: { id: 'p', tenant: 'other' } });
      const made = row(
        await must(201, 'POST /keys', { as: own, body: { id: 'mine', project: 'site-of-acme' } }),
      );
      assert.equal(made['tenant'], 'acme');
      assert.equal((await patch('/keys/mine', { limits: { rpm: 3 } }, '*', own)).status, 200);
      await must(201, 'POST /projects', { as: own, body: { id: 'own-project' } });
    });

    it('raises nothing that others would pay for', async () => {
      for (const body of [{ priority: 'interactive' }, { weight: 2 }, { endpoints: ['chat', 'live'] }]) {
        await must(403, 'POST /keys', { as: own, body });
        assert.equal((await patch('/keys/key-of-acme', body, '*', own)).status, 403);
      }
      assert.equal((await patch('/tenants/acme', { budgets: null }, '*', own)).status, 403);
      await must(403, 'POST /tenants', { as: own, body: { id: 'more' } });
      await must(403, 'DELETE /tenants/acme', { as: own });
    });

    it('and who only looks change nothing', async () => {
      await must(403, 'POST /keys', { as: 'viewer', body: {} });
      await must(403, 'DELETE /keys/key-of-acme', { as: 'viewer' });
      await must(200, 'GET /keys', { as: 'viewer' });
    });
  });

  describe('a tenant', () => {
    it('is made, read, changed and made inactive', async () => {
      const said = {
        id: 'payer',
        name: 'Payer Ltd',
        wallet: 'postpaid',
        credit_limit: '50',
        budgets: { month: '100' },
      };
      const made = row(await must(201, 'POST /tenants', { body: said }));
      const { version, created_at: _, updated_at: __, ...view } = made;
      assert.deepEqual(view, { ...said, active: true, source: 'database', shadowed: false, metadata: {} });
      assert.equal(version, 1);
      const edited = await patch(
        '/tenants/payer',
        { active: false, budgets: null, metadata: { a: 1 } },
        '"1"',
      );
      assert.deepEqual(
        [row(edited)['active'], row(edited)['budgets'], row(edited)['credit_limit'], row(edited)['version']],
        [false, {}, '50', 2],
      );
      assert.equal((await patch('/tenants/payer', { wallet: 'none' })).status, 422, 'with a credit limit');
      assert.equal((await patch('/tenants/payer', { wallet: 'none', credit_limit: '0' })).status, 200);
      await must(409, 'POST /tenants', { body: { id: 'payer' } });
      await must(409, 'POST /tenants', { body: { id: 'of-file' } });
      const sources = rows(await must(200, 'GET /tenants')).map(({ id, source }) => [id, source]);
      assert.deepEqual(sources.at(-1), ['of-file', 'file']);
      assert.equal((await patch('/tenants/of-file', { active: false })).status, 409);
    });

    it('that is built in is there, and can be given settings', async () => {
      assert.equal(row(await must(200, 'GET /tenants/default'))['source'], 'built-in');
      assert.match((await patch('/tenants/default', { wallet: 'prepaid' })).text, /POST \/tenants/);
      await must(201, 'POST /tenants', { body: { id: 'default', wallet: 'prepaid' } });
      assert.equal(row(await must(200, 'GET /tenants/default'))['wallet'], 'prepaid');
    });

    it('with keys, projects or money on record is not deleted, and what to do is told', async () => {
      await must(201, 'POST /tenants', { body: { id: 'full' } });
      await must(201, 'POST /keys', { body: { id: 'key-of-full', tenant: 'full' } });
      assert.match((await must(409, 'DELETE /tenants/full')).text, /1 keys .* Set active to false/);
      await must(201, 'POST /tenants', { body: { id: 'rich' } });
      await people.database.query
        .insertInto('wallet_entries')
        .values({
          id: 'w1',
          tenant: 'rich',
          at_ms: 1,
          kind: 'top_up',
          amount_nano: 1n,
          call: null,
          note: null,
          actor: 'x',
        })
        .execute();
      assert.match((await must(409, 'DELETE /tenants/rich')).text, /money/);
      await must(201, 'POST /tenants', { body: { id: 'empty' } });
      await must(204, 'DELETE /tenants/empty');
      await must(404, 'GET /tenants/empty');
    });
  });

  describe('a project', () => {
    it('is made, changed, and deleted while nothing is on record', async () => {
      await must(201, 'POST /projects', { body: { id: 'p1', name: 'One', budgets: { week: '3' } } });
      const edited = await patch('/projects/p1', { name: 'Uno', budgets: { day: '1' } }, '"1"');
      assert.deepEqual([row(edited)['name'], row(edited)['budgets']], ['Uno', { day: '1' }]);
      await must(201, 'POST /keys', { body: { id: 'of-p1', project: 'p1' } });
      assert.match((await must(409, 'DELETE /projects/p1')).text, /on record/);
      assert.equal((await patch('/keys/of-p1', { project: null })).status, 200);
      await must(204, 'DELETE /projects/p1');
      assert.equal((await patch('/projects/project-of-file', { name: 'x' })).status, 409);
    });
  });
});
