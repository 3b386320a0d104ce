/** The admin API of a listening relay: its paths beside the public ones, its feeds until the end. */

import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  type AdminHouse,
  createAdminHouse,
  HOUSE_ADMIN_KEY,
  HOUSE_CLIENT_KEY,
} from '../../src/testing/admin-house.ts';
import { onEachDatabase } from '../../src/testing/databases.ts';

const key = { authorization: `Bearer ${HOUSE_ADMIN_KEY}` };

onEachDatabase((name, open) => {
  if (name !== 'sqlite') return;
  describe('a listening relay', () => {
    let house: AdminHouse;
    let url = '';
    before(async () => {
      house = createAdminHouse(await open());
      url = await house.app.server.listen({ host: '127.0.0.1', port: 0 });
    });

    it('answers below /admin in problems, and elsewhere in its dialects', async () => {
      for (const path of ['/admin/', '/admin/v2/keys', '/admin/v1', '/admin/v1/nothing', '/admin/v1/%ZZ']) {
        const response = await fetch(url + path, { headers: key });
        assert.ok(response.status === 404 || response.status === 400, path);
        assert.equal(response.headers.get('content-type'), 'application/problem+json; charset=utf-8', path);
        const { instance } = (await response.json()) as { instance: string };
        assert.equal(response.headers.get('x-request-id'), instance);
      }
      const elsewhere = await fetch(`${url}/v1/nothing`, {
        headers: { authorization: `Bearer ${HOUSE_CLIENT_KEY}` },
      });
      assert.equal(elsewhere.status, 404);
      assert.equal(((await elsewhere.json()) as { error: { code: string } }).error.code, 'route_not_found');
    });

    it('takes a body that is too large for no request at all', async () => {
      const body = JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024), role: 'viewer' });
      const headers = { ...key, 'content-type': 'application/json' };
      const response = await fetch(`${url}/admin/v1/admins`, { method: 'POST', headers, body });
      assert.equal(response.status, 413);
      const stranger = await fetch(`${url}/admin/v1/admins`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      assert.equal(stranger.status, 401);
      assert.equal((await fetch(`${url}/admin/v1/session`, { headers: key })).status, 200);
    });

    it('feeds who looks on until it shuts down, and is not kept from it', async () => {
      const response = await fetch(`${url}/admin/v1/live/events`, { headers: key });
      assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const first = await reader?.read();
      assert.match(first?.value ?? '', /^event: snapshot\nid: 0\ndata: \{"at":/);
      await house.app.server.drain(1_000);
      const rest = await reader?.read();
      assert.equal(rest?.done, true);
      const late = await fetch(`${url}/admin/v1/live/events`, { headers: key });
      assert.equal(late.status, 503);
      await house.close();
    });
  });
});
