import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { known } from '../app.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { adminKeyAtHand, adminKeyOf } from './admin-key.ts';

const CLIENT_KEY = 'hN3vQ8tR1xWb7mKcP5yDzA';
const STRONG = 'Zk3vQ8tR1xWb7mNcP5yDhA';
const folder = mkdtempSync(join(tmpdir(), 'sluice-admin-key-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const configWith = (more = '', dataDir = folder): Config =>
  loadConfig({
    ...{ path: 'sluice.yaml', env: {}, known },
    readFile: () =>
      `accounts: [{ id: a, provider: simulator }]\nkeys: [{ id: c, key: ${CLIENT_KEY} }]\ndata_dir: ${dataDir}\n${more}`,
  });

describe('the admin key', () => {
  it('is that of the environment, then that of the file', () => {
    const file = configWith(`admin: { key: ${STRONG} }`);
    assert.deepEqual(adminKeyOf(file, {}, '0.0.0.0'), { key: STRONG, from: 'set', path: 'admin.key' });
    const env = { SLUICE_ADMIN_KEY: `${STRONG}2` };
    assert.deepEqual(adminKeyOf(file, env, '127.0.0.1'), {
      key: `${STRONG}2`,
      from: 'set',
      path: 'SLUICE_ADMIN_KEY',
    });
  });

  it('is made once for this machine alone, in a file that only its owner reads', () => {
    const config = configWith('', join(folder, 'made'));
    assert.equal(adminKeyAtHand(config, {}), undefined);
    const made = adminKeyOf(config, { SLUICE_ADMIN_KEY: '' }, '127.0.0.1');
    assert.ok('key' in made && made.from === 'made');
    assert.match(made.key, /^sluice-admin-[\w-]{32}$/);
    const path = join(folder, 'made', 'admin-key');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(readFileSync(path, 'utf8').trim(), made.key);
    for (const host of ['localhost', '::1']) assert.deepEqual(adminKeyOf(config, {}, host), made);
    assert.equal(adminKeyAtHand(config, {}), made.key);
  });

  it('is not made where others can knock: the admin API is off, and says how to switch it on', () => {
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'sluice.example']) {
      const off = adminKeyOf(configWith('', join(folder, 'never')), {}, host);
      assert.ok('off' in off);
      assert.match(off.off, /SLUICE_ADMIN_KEY/);
    }
    assert.equal(adminKeyAtHand(configWith('', join(folder, 'never')), {}), undefined);
  });

  it('that could be guessed, or that a client has, ends the start without being shown', () => {
    for (const weak of [
      'short',
      'changeme-changeme',
      'sluice-admin-key',
      'aaaaaaaaaaaaaaaaaaaaaa',
      CLIENT_KEY,
    ]) {
      const ask = (): unknown => adminKeyOf(configWith(), { SLUICE_ADMIN_KEY: weak }, '127.0.0.1');
      assert.throws(
        ask,
        (error: Error) => /^SLUICE_ADMIN_KEY/.test(error.message) && !error.message.includes(weak),
        weak,
      );
    }
    assert.throws(
      () => adminKeyOf(configWith('admin: { key: password1234567890 }'), {}, '127.0.0.1'),
      /admin\.key/,
    );
  });
});
