import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdminReply, AdminRequest } from './admin-client.ts';
import { walletCommand } from './wallet.ts';

const WALLET = {
  ...{
    tenant: 'acme',
    kind: 'prepaid',
    balance: '12.5',
    held: '0.25',
    credit_limit: '0',
    available: '12.25',
  },
};
const ENTRY = {
  ...{ id: 'wallet_1', tenant: 'acme', at: '2026-11-26T13:00:00.000Z', kind: 'top_up', amount: '12.5' },
  ...{ call: null, note: 'invoice 7', actor: 'owner' },
};

async function run(words: string, answer: unknown = { ...ENTRY, wallet: WALLET }) {
  const asked: AdminRequest[] = [];
  let output = '';
  const command = walletCommand({
    addressOf: () => 'http://127.0.0.1:4290',
    adminKeyOf: () => 'admin-key',
    async send(request): Promise<AdminReply> {
      asked.push(request);
      return { status: 200, headers: {}, body: JSON.stringify(answer) };
    },
    write: (text) => {
      output += text;
    },
  });
  await command.exitOverride().parseAsync(words.split(' '), { from: 'user' });
  const [request] = asked;
  return {
    output,
    method: request?.method,
    path: request?.url.replace('http://127.0.0.1:4290/admin/v1', ''),
    body: request?.body === undefined ? undefined : JSON.parse(request.body),
  };
}

test('`wallet show` says what is in it, what is held, and what is left', async () => {
  const { output, method, path } = await run('show acme', WALLET);
  assert.deepEqual([method, path], ['GET', '/tenants/acme/wallet']);
  assert.equal(
    output,
    'acme has $12.5, of which $0.25 is set aside for calls; the next calls may cost $12.25.\n',
  );
  const none = { ...WALLET, kind: 'none', held: '0', available: null };
  assert.match((await run('show acme', none)).output, /^acme has \$12\.5; its calls are counted/);
  const later = { ...WALLET, kind: 'postpaid', credit_limit: '5' };
  assert.match((await run('show acme', later)).output, /\(postpaid, to \$5 below zero\)\.\n$/);
  assert.deepEqual(JSON.parse((await run('show acme --json', WALLET)).output), WALLET);
});

test('`wallet top-up`, `grant` and `adjust` book one entry', async () => {
  const paid = await run('top-up acme 12.50 --id invoice-7');
  assert.deepEqual([paid.method, paid.path], ['POST', '/tenants/acme/wallet/entries']);
  assert.deepEqual(paid.body, { kind: 'top_up', amount: '12.50', id: 'invoice-7' });
  assert.match(paid.output, /wallet_1.* is booked: acme has \$12\.5/);
  assert.deepEqual((await run('grant acme 3 --note welcome')).body, {
    kind: 'grant',
    amount: '3',
    note: 'welcome',
  });
  const taken = await run('adjust acme --by -2.50 --note refund --force');
  assert.deepEqual(taken.body, { kind: 'adjustment', amount: '-2.50', note: 'refund', force: true });
});

test('`wallet entries` lists the last of them', async () => {
  const { output, path } = await run('entries acme', { data: [ENTRY], next: null });
  assert.equal(path, '/tenants/acme/wallet/entries?limit=20');
  assert.match(output, /2026-11-26T13:00:00 +top_up +12\.5 +owner +invoice 7 +wallet_1/);
  assert.match((await run('entries acme', { data: [], next: null })).output, /Nothing was booked yet/);
  await assert.rejects(run('entries acme --last many'), /--last: expected a whole number/);
});
