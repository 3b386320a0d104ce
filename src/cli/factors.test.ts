import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminReply } from './admin-client.ts';
import { factorsCommand } from './factors.ts';

const missing = (noun: string): AdminReply => ({
  status: 404,
  headers: {},
  body: JSON.stringify({ detail: `There is no ${noun} 'acmee'.` }),
});
const fine = (body: object): AdminReply => ({ status: 200, headers: {}, body: JSON.stringify(body) });

/** A relay that has the tenant acme and nobody else. */
async function run(args: string): Promise<string> {
  let out = '';
  const command = factorsCommand({
    addressOf: () => 'http://relay',
    adminKeyOf: () => 'key',
    send: async ({ method, url }) => {
      const [noun = '', name] = url.replace('http://relay/admin/v1/', '').split('/');
      if (method === 'POST') return fine({ id: 'factor_1' });
      return name === 'acme' ? fine({}) : missing(noun.slice(0, -1));
    },
    write: (text) => {
      out += text;
    },
  });
  await command.exitOverride().parseAsync(['node', 'sluice', ...args.split(' ')]);
  return out;
}

test('a factor for somebody who is not there is made, and that is told, for it may be a slip', async () => {
  assert.equal(await run('set 0.88 --tenant acme'), 'factor_1\n');
  assert.equal(
    await run('set 0.88 --tenant acmee'),
    "factor_1\nIt is charged to nobody yet: there is no tenant 'acmee'.\n",
  );
  assert.equal(
    await run('set 0.88 --tenant acme --for acmee'),
    "factor_1\nIt is charged to nobody yet: there is no key 'acmee'.\n",
  );
  assert.equal(await run('set 0.88 --model acmee'), 'factor_1\n');
  assert.deepEqual(JSON.parse(await run('set 0.88 --tenant acmee --json')), { id: 'factor_1' });
});
