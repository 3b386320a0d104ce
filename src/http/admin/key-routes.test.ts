import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hashOfKey } from '../../access/key-book.ts';
import type { Database } from '../../storage/database.ts';
import { readRevisions } from '../../storage/revisions.ts';
import { type AdminFront, type AdminQuestion, type AdminReply, serveAdmin } from '../../testing/admin-ask.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { keyRoutes } from './key-routes.ts';
import type { FileKey, PeopleDoors } from './people-fields.ts';
import { projectRoutes } from './project-routes.ts';
import { tenantRoutes } from './tenant-routes.ts';

const fileKey: FileKey = {
  ...{ id: 'in-file', label: 'Of the file', limits: { rpm: 5 }, onLimit: 'queue', priority: 'normal' },
  ...{ weight: 1, fallback: true, metadata: { a: 1 } },
};

type Row = { readonly [name: string]: unknown };
const row = ({ body }: AdminReply): Row => body as Row;
const rows = ({ body }: AdminReply): Row[] => (body as { data: Row[] }).data;
const ids = (reply: AdminReply): unknown[] => rows(reply).map(({ id }) => id);

onEachDatabase((_name, open) => {
  let database: Database;
  let front: AdminFront;
  let changes = 0;
  const hidden = new Set<string>();
  before(async () => {
    database = await open();
    const doors: PeopleDoors = {
      database,
      file: () => ({
        keys: [fileKey, { ...fileKey, id: 'in-file-2', tenant: 'of-file' }],
        tenants: [{ id: 'of-file', name: 'F', wallet: 'none', creditLimit: 0n, budgets: {}, active: true }],
        projects: [{ id: 'project-of-file', tenant: 'of-file', name: 'P', budgets: { day: 1n } }],
      }),
      hidden: () => hidden,
      changed: async () => {
        changes += 1;
      },
    };
    front = serveAdmin({
      database,
      routes: [...keyRoutes(doors), ...tenantRoutes(doors), ...projectRoutes(doors)],
    });
  });
  after(() => front.close());

  const ask = (methodAndPath: string, question?: AdminQuestion): Promise<AdminReply> =>
    front.ask(methodAndPath, question);
  const must = async (
    status: number,
    methodAndPath: string,
    question?: AdminQuestion,
  ): Promise<AdminReply> => {
    const reply = await ask(methodAndPath, question);
    assert.equal(reply.status, status, `${methodAndPath}: ${reply.text}`);
    return reply;
  };
  const patch = (path: string, body: unknown, version = '*', as: AdminQuestion['as'] = 'owner') =>
    ask(`PATCH ${path}`, { body, as, headers: { 'if-match': version } });

  describe('a key', () => {
    it('is told once, kept as a hash, and counts as a change', async () => {
      const said = {
        id: 'web',
        label: 'The web site',
        expires_at: '2030-01-01T00:00:00Z',
        models: ['a'],
        endpoints: ['chat'],
        addresses: ['10.0.0.0/8'],
        limits: { rpm: 60 },
        on_limit: 'reject',
        priority: 'batch',
        weight: 2,
        fallback: false,
        fallbacks: ['b'],
        objects: false,
        budgets: { day: '1.50' },
        metadata: { owner: 'web' },
      };
      const [before, noticed] = [(await readRevisions(database.query)).get('keys') ?? 0, changes];
      const made = await must(201, 'POST /keys', { body: said });
      const { key, words, created_at, updated_at, ...view } = row(made);
      assert.match(String(key), /^sk-sluice-[\w-]{43}$/);
      assert.deepEqual(view, {
        ...said,
        ...{
          expires_at: '2030-01-01T00:00:00.000Z',
          budgets: { day: '1.5' },
          tenant: 'default',
          project: null,
        },
        ...{ source: 'database', state: 'active', shadowed: false, version: 1 },
      });
      assert.deepEqual(words, [{ prefix: String(key).slice(0, 14), created_at, ends_at: null }]);
      assert.equal((await readRevisions(database.query)).get('keys'), before + 1);
      assert.equal(changes, noticed + 1);
      const hashes = await database.query
        .selectFrom('key_hashes')
        .select('hash')
        .where('key', '=', 'web')
        .execute();
      assert.deepEqual(hashes, [{ hash: hashOfKey(String(key)) }]);
      const read = await must(200, 'GET /keys/web');
      assert.deepEqual(row(read), { ...view, words, created_at, updated_at });
      assert.equal(read.headers['etag'], '"1"');
      assert.ok(!read.text.includes(String(key)) && !read.text.includes(String(hashes[0]?.hash)));
      const audit = await database.query
        .selectFrom('audit')
        .selectAll()
        .where('object', '=', 'web')
        .execute();
      assert.equal(audit.length, 1);
      assert.ok(!JSON.stringify(audit).includes(String(key)));
    });

    it('that is asked for twice with one Idempotency-Key is made once, and told once', async () => {
      const headers = { 'idempotency-key': 'k1' };
      const first = row(await must(201, 'POST /keys', { body: { label: 'x' }, headers }));
      const again = row(await must(201, 'POST /keys', { body: { label: 'x' }, headers }));
      assert.match(String(first['id']), /^key_/);
      assert.deepEqual([again['id'], again['key']], [first['id'], null]);
    });

    it('is changed as it was read, and what is not said stays', async () => {
      await must(201, 'POST /keys', {
        body: { id: 'edit', limits: { rpm: 1, tpm: 2 }, models: ['a'], label: 'l' },
      });
      assert.equal((await ask('PATCH /keys/edit', { body: { weight: 3 } })).status, 428);
      const edited = await patch('/keys/edit', { weight: 3, models: null, budgets: { total: '9' } }, '"1"');
      assert.equal(edited.status, 200, edited.text);
      const { limits, models, weight, budgets, label, version } = row(edited);
      assert.deepEqual(
        { limits, models, weight, budgets, label, version },
        {
          ...{
            limits: { rpm: 1, tpm: 2 },
            models: null,
            weight: 3,
            budgets: { total: '9' },
            label: 'l',
            version: 2,
          },
        },
      );
      const stale = await patch('/keys/edit', { weight: 4 }, '"1"');
      assert.equal(stale.status, 412);
      assert.deepEqual(row(await must(200, 'GET /keys/edit'))['weight'], 3);
    });

    it('of two edits that read the same, one is refused', async () => {
      await must(201, 'POST /keys', { body: { id: 'race' } });
      const replies = await Promise.all([1, 2, 3, 4].map((weight) => patch('/keys/race', { weight }, '"1"')));
      assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 412, 412, 412]);
      const merged = await Promise.all([
        patch('/keys/race', { limits: { rpm: 7 } }),
        patch('/keys/race', { metadata: { a: 1 } }),
      ]);
      assert.deepEqual(
        merged.map(({ status }) => status),
        [200, 200],
      );
      const view = row(await must(200, 'GET /keys/race'));
      assert.deepEqual([view['limits'], view['metadata'], view['version']], [{ rpm: 7 }, { a: 1 }, 4]);
    });

    it('gets new words while the old ones are good for a while, or end at once', async () => {
      const old = row(await must(201, 'POST /keys', { body: { id: 'turn' } }));
      const fresh = row(await must(201, 'POST /keys/turn/rotate', { body: { overlap_seconds: 60 } }));
      assert.notEqual(fresh['key'], old['key']);
      assert.equal(fresh['version'], 2);
      const prefixes = (fresh['words'] as Row[]).map(({ prefix, ends_at }) => [prefix, ends_at]);
      assert.deepEqual(prefixes, [
        [String(old['key']).slice(0, 14), '2026-01-01T00:01:00.000Z'],
        [String(fresh['key']).slice(0, 14), null],
      ]);
      const last = row(await must(201, 'POST /keys/turn/rotate', { body: { overlap_seconds: 0 } }));
      assert.deepEqual(
        (last['words'] as Row[]).map(({ prefix }) => prefix),
        [String(last['key']).slice(0, 14)],
      );
    });

    it('that is revoked stays on record, and so', async () => {
      await must(201, 'POST /keys', { body: { id: 'gone' } });
      assert.equal(row(await must(200, 'DELETE /keys/gone'))['state'], 'revoked');
      for (const each of [
        await ask('DELETE /keys/gone'),
        await patch('/keys/gone', { weight: 2 }),
        await ask('POST /keys/gone/rotate', { body: {} }),
      ])
        assert.equal(each.status, 409, each.text);
      assert.match((await must(409, 'POST /keys', { body: { id: 'gone' } })).text, /take another id/);
      assert.ok(ids(await must(200, 'GET /keys?state=revoked')).includes('gone'));
      assert.ok(!ids(await must(200, 'GET /keys?state=active&limit=500')).includes('gone'));
    });

    it('is refused where something is wrong with it, and the field is named', async () => {
      for (const [body, status, path] of [
        [{ id: 'a b' }, 400, 'body.id'],
        [{ limits: { rpm: 0 } }, 400, 'body.limits.rpm'],
        [{ limits: { rpx: 1 } }, 400, 'body.limits.rpx'],
        [{ addresses: ['10.0.0.0/99'] }, 400, 'body.addresses.0'],
        [{ endpoints: ['chats'] }, 400, 'body.endpoints.0'],
        [{ budgets: { day: 1 } }, 400, 'body.budgets.day'],
        [{ models: [] }, 400, 'body.models'],
        [{ key: 'sk-mine' }, 400, 'body.key'],
        [{ metadata: { long: 'x'.repeat(5_000) } }, 400, 'body.metadata'],
        [{ expires_at: '2020-01-01T00:00:00Z' }, 422, 'body.expires_at'],
        [{ tenant: 'nobody' }, 422, 'body.tenant'],
        [{ project: 'nothing' }, 422, 'body.project'],
        [{ project: 'project-of-file' }, 422, 'body.project'],
        [{ id: 'in-file' }, 409, 'body.id'],
      ] as const) {
        const reply = await must(status, 'POST /keys', { body });
        const errors = row(reply)['errors'] as Row[];
        assert.equal(errors[0]?.['path'], path, reply.text);
      }
      await must(201, 'POST /keys', {
        body: { id: 'of-file-tenant', tenant: 'of-file', project: 'project-of-file' },
      });
    });

    it('of the file is listed behind the others, and can only be changed there', async () => {
      const view = row(await must(200, 'GET /keys/in-file'));
      assert.deepEqual(
        [view['source'], view['label'], view['limits'], view['metadata'], view['version'], view['words']],
        ['file', 'Of the file', { rpm: 5 }, { a: 1 }, null, []],
      );
      for (const reply of [await patch('/keys/in-file', { weight: 1 }), await ask('DELETE /keys/in-file')]) {
        assert.equal(reply.status, 409);
        assert.match(reply.text, /configuration file/);
      }
      assert.deepEqual(ids(await must(200, 'GET /keys?source=file')), ['in-file', 'in-file-2']);
      assert.deepEqual(ids(await must(200, 'GET /keys?source=file&tenant=of-file')), ['in-file-2']);
    });

    it('that the file hides is shown as shadowed', async () => {
      await must(201, 'POST /keys', { body: { id: 'twice' } });
      hidden.add('twice');
      assert.equal(row(await must(200, 'GET /keys/twice'))['shadowed'], true);
      hidden.clear();
    });

    it('stands on one page of the list, whatever the size of the pages', async () => {
      const all = ids(await must(200, 'GET /keys?limit=500'));
      assert.deepEqual(all.slice(-2), ['in-file', 'in-file-2']);
      for (const limit of [1, 2, 3, all.length - 2, all.length - 1]) {
        const found: unknown[] = [];
        let cursor: string | null = null;
        do {
          const next: string = cursor === null ? '' : `&cursor=${cursor}`;
          const page = await must(200, `GET /keys?limit=${limit}${next}`);
          found.push(...ids(page));
          cursor = row(page)['next'] as string | null;
        } while (cursor !== null);
        assert.deepEqual(found, all, `pages of ${limit}`);
      }
    });

    it('is found by the beginning of what the client sends', async () => {
      const made = row(await must(201, 'POST /keys', { body: { id: 'leaked' } }));
      assert.deepEqual(ids(await must(200, `GET /keys?prefix=${String(made['key']).slice(0, 14)}`)), [
        'leaked',
      ]);
    });
  });

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
      await must(403, 'DELETE /keys/web', { as: 'viewer' });
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
      await database.query
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
