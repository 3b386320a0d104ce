/** Commands at the admin API, against the real routes on a real database, and what is said when something is wrong. */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type AdminHouse, createAdminHouse, HOUSE_ADMIN_KEY } from '../testing/admin-house.ts';
import { onEachDatabase } from '../testing/databases.ts';
import { type AdminDoors, type AdminReply, adminClient, pathPart } from './admin-client.ts';
import { adminsCommand } from './admins.ts';

const URL_OF_HOUSE = 'http://127.0.0.1:4290';

function doorsTo(
  house: AdminHouse,
  key: string | undefined = HOUSE_ADMIN_KEY,
): AdminDoors & { written(): string } {
  let text = '';
  return {
    addressOf: () => URL_OF_HOUSE,
    adminKeyOf: () => key,
    async send({ method, url, headers, body }): Promise<AdminReply> {
      assert.ok(url.startsWith(`${URL_OF_HOUSE}/admin/v1/`), url);
      const path = url.slice(`${URL_OF_HOUSE}/admin/v1`.length);
      const reply = await house.ask(`${method} ${path}`, {
        headers: { ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const entries = Object.entries(reply.headers).map(([name, value]) => [name, String(value)]);
      return { status: reply.status, headers: Object.fromEntries(entries), body: reply.text };
    },
    write(more) {
      text += more;
    },
    written: () => stripVTControlCharacters(text),
  };
}

const answering = (reply: Partial<AdminReply>): AdminDoors => ({
  addressOf: () => URL_OF_HOUSE,
  adminKeyOf: () => undefined,
  send: async () => ({ status: 200, headers: {}, body: '', ...reply }),
  write: () => undefined,
});

onEachDatabase((name, open) => {
  if (name !== 'sqlite') return;
  let house: AdminHouse;
  before(async () => {
    house = createAdminHouse(await open());
  });

  describe('sluice admins', () => {
    const run = async (...words: string[]): Promise<string> => {
      const doors = doorsTo(house);
      await adminsCommand(doors).exitOverride().parseAsync(words, { from: 'user' });
      return doors.written();
    };

    it('makes an admin, shows its key once, lists, rotates and deactivates it', async () => {
      await adminClient({}, doorsTo(house)).post('/tenants', { id: 'acme', name: 'Acme' });
      assert.equal(await run('list'), 'There is the admin key alone.\n');
      const made = await run('create', 'Ada Lovelace', '--role', 'tenant-admin', '--tenant', 'acme');
      const [, id = '', key = ''] = /is (admin_\w+)\. [^\n]*\n\n {2}(sluice-admin-\S+)\n/.exec(made) ?? [];
      assert.ok(id !== '' && key !== '', made);
      const list = await run();
      assert.match(list, /Ada Lov\S*\s+tenant-admin acme\s+sluice-admin-\S{4}…\s+yes/);
      assert.ok(list.includes(id), 'what is to be copied is whole');
      for (const line of list.split('\n')) assert.ok(line.length <= 80, line);
      assert.ok(!list.includes(key));
      const rotated = await run('rotate', id);
      assert.match(rotated, /sluice-admin-/);
      assert.ok(!rotated.includes(key));
      assert.equal(await run('deactivate', id), `${id} comes in no more.\n`);
      assert.equal((JSON.parse(await run('list', '--json')) as { active: boolean }[])[0]?.active, false);
      assert.equal(await run('activate', id), `${id} comes in again.\n`);
      assert.match(await run('list', '--csv'), /^id,name,role,key,active\r\nadmin_/);
    });

    it('says in words what it did not do', async () => {
      await assert.rejects(run('create', 'Eve', '--role', 'king'), /^Error: role: expected one of owner/);
      await assert.rejects(run('rotate', 'no/such admin'), /^Error: There is no admin 'no\/such admin'\.$/);
      await assert.rejects(
        run('create', 'Eve', '--role', 'viewer', '--tenant', 'x'),
        /a tenant-admin has one/,
      );
    });
  });

  describe('the client', () => {
    it('reads all pages of a list, or as many rows as are wanted', async () => {
      const doors = doorsTo(house);
      const client = adminClient(
        {},
        {
          ...doors,
          send: (request) => doors.send({ ...request, url: request.url.replace('limit=500', 'limit=2') }),
        },
      );
      for (let index = 0; index < 5; index++)
        await client.post('/admins', { name: `n${index}`, role: 'viewer' });
      const all = await client.list('/admins');
      assert.ok(all.length >= 5);
      assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
      assert.equal((await client.list('/admins', {}, 3)).length, 3);
      assert.equal((await client.list('/audit', { kind: 'nothing' })).length, 0);
    });

    it('edits what it has seen, and says so when somebody else was quicker', async () => {
      const client = adminClient({}, doorsTo(house));
      const { id } = (await client.post('/admins', { name: 'both', role: 'viewer' })) as { id: string };
      const path = `/admins/${pathPart(id)}`;
      assert.equal(((await client.edit('PATCH', path, { name: 'one' })) as { name: string }).name, 'one');
      await assert.rejects(client.editAs('"1"', 'PATCH', path, { name: 'two' }), /changed by somebody else/);
    });

    it('says which key is wanted', async () => {
      await assert.rejects(
        adminClient({}, { ...doorsTo(house), adminKeyOf: () => undefined }).get('/audit'),
        /wants an admin key: --key, SLUICE_ADMIN_KEY/,
      );
      await assert.rejects(
        adminClient({ key: 'wrong' }, doorsTo(house)).get('/audit'),
        /No admin has this key/,
      );
      await adminClient({ key: HOUSE_ADMIN_KEY }, doorsTo(house, 'wrong')).get('/audit');
    });
  });
});

describe('what answers', () => {
  it('and is no admin API is called that', async () => {
    const client = (reply: Partial<AdminReply>) =>
      adminClient({ url: 'http://h.example/v1/' }, answering(reply));
    await assert.rejects(
      client({ status: 404, body: '<html>' }).get('/x'),
      /what answers at http:\/\/h\.example has no admin API.*404/,
    );
    await assert.rejects(client({ body: '<html>' }).get('/x'), /has no admin API/);
    await assert.rejects(client({ body: '{}' }).list('/x'), /has no admin API/);
    assert.equal(await client({ status: 204 }).get('/x'), undefined);
  });

  it('with several wrong fields has each of them told', async () => {
    const body = JSON.stringify({
      detail: 'body.a: x (and 1 more).',
      errors: [
        { path: 'body.a', message: 'x' },
        { path: 'body.b', message: 'y' },
      ],
    });
    await assert.rejects(
      adminClient({}, answering({ status: 400, body })).get('/x'),
      /^Error: a: x \(and 1 more\)\.\n {2}a: x\n {2}b: y$/,
    );
  });

  it('nothing is called that', async () => {
    const doors = { ...answering({}), send: () => Promise.reject(new Error('ECONNREFUSED')) };
    await assert.rejects(adminClient({}, doors).get('/x'), /no relay answers at http:\/\/127\.0\.0\.1:4290/);
  });
});
