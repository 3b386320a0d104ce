import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hashOfKey } from '../../access/hash-of-key.ts';
import { readRevisions } from '../../storage/revisions.ts';
import { onEachDatabase } from '../../testing/databases.ts';
import { ids, type PeopleFront, peopleFront, type Row, row } from '../../testing/people-front.ts';

onEachDatabase((_name, open) => {
  let people: PeopleFront;
  before(async () => {
    people = peopleFront(await open());
  });
  after(() => people.close());
  const ask: PeopleFront['ask'] = (...said) => people.ask(...said);
  const must: PeopleFront['must'] = (...said) => people.must(...said);
  const patch: PeopleFront['patch'] = (...said) => people.patch(...said);

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
      const [before, noticed] = [
        (await readRevisions(people.database.query)).get('keys') ?? 0,
        people.changes(),
      ];
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
      assert.equal((await readRevisions(people.database.query)).get('keys'), before + 1);
      assert.equal(people.changes(), noticed + 1);
      const hashes = await people.database.query
        .selectFrom('key_hashes')
        .select('hash')
        .where('key', '=', 'web')
        .execute();
      assert.deepEqual(hashes, [{ hash: hashOfKey(String(key)) }]);
      const read = await must(200, 'GET /keys/web');
      assert.deepEqual(row(read), { ...view, words, created_at, updated_at });
      assert.equal(read.headers['etag'], '"1"');
      assert.ok(!read.text.includes(String(key)) && !read.text.includes(String(hashes[0]?.hash)));
      const audit = await people.database.query
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
      people.hidden.add('twice');
      assert.equal(row(await must(200, 'GET /keys/twice'))['shadowed'], true);
      people.hidden.clear();
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
});
