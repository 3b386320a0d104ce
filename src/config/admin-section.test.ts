import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Config } from './config.ts';
import { known } from './fixtures/known.ts';
import { loadConfig } from './load.ts';

const ACCOUNT = 'accounts: [{ id: a, provider: qwen, secrets: [sk-abcdefgh] }]\n';
const load = (text: string): Config =>
  loadConfig({ path: 'sluice.yaml', env: {}, known, readFile: () => text });

describe('the admin section', () => {
  it('says who may ask, from where and for how long', () => {
    const { admin } = load(
      `${ACCOUNT}admin: { key: hN3vQ8tR1xWb7mKcP5yDzA, addresses: [10.0.0.0/8], hosts: [sluice.example], session_idle: 5m, session_max: 1h }\n`,
    );
    assert.deepEqual(admin, {
      enabled: true,
      key: 'hN3vQ8tR1xWb7mKcP5yDzA',
      addresses: ['10.0.0.0/8'],
      hosts: ['sluice.example'],
      sessionIdleMs: 5 * 60_000,
      sessionMaxMs: 60 * 60_000,
    });
    assert.equal(load(`${ACCOUNT}admin: { enabled: false }\n`).admin.enabled, false);
    for (const wrong of ['addresses: [10.0.0.0/99]', 'session_idle: 1s', 'kee: x'])
      assert.throws(() => load(`${ACCOUNT}admin: { ${wrong} }\n`), /admin/);
  });
});
