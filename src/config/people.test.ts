import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Config } from './config.ts';
import { known } from './fixtures/known.ts';
import { pathText } from './place.ts';
import { validate } from './validate.ts';

const KEY = 'sk-client-0123456789';
const POOL = 'accounts: [{ id: a, provider: simulator, models: [sim, other] }]\n';

function load(text: string): Config {
  const result = validate(parse(POOL + text), known);
  assert.ok('config' in result, 'issues' in result ? JSON.stringify(result.issues) : '');
  return result.config;
}
function issuesOf(text: string): string[] {
  const result = validate(parse(POOL + text), known);
  assert.ok('issues' in result, 'it was accepted');
  return result.issues.map(
    ({ path, message, unknown, expected }) =>
      `${pathText(path)}: ${message ?? (unknown === undefined ? `expected ${expected}` : `unknown ${unknown.noun}`)}`,
  );
}

describe('keys, tenants and projects of a file', () => {
  it('say whose a key is, how long and from where it is good, and what it may cost', () => {
    const config = load(`
keys:
  - id: web
    key: ${KEY}
    label: The web site
    tenant: acme
    project: site
    expires: 2027-01-31
    endpoints: [chat, embeddings]
    addresses: [10.0.0.0/8, "2001:db8::/32"]
    budgets: { day: 1.50, total: "1000" }
    fallbacks: [other]
    metadata: { owner: web team, cost-centre: 12 }
tenants:
  - { id: acme, name: Acme Ltd, wallet: postpaid, credit_limit: 50, budgets: { month: 99.99 } }
projects:
  - { id: site, tenant: acme, budgets: { week: 7 } }
server: { trusted_proxies: [127.0.0.1] }
`);
    assert.deepEqual(config.keys[0], {
      ...{ id: 'web', key: KEY, label: 'The web site', tenant: 'acme', project: 'site' },
      ...{ endsAtMs: Date.UTC(2027, 0, 31), endpoints: ['chat', 'embeddings'] },
      ...{ addresses: ['10.0.0.0/8', '2001:db8::/32'], fallbacks: ['other'], fallback: true, limits: {} },
      budgets: { day: 1_500_000_000n, total: 1_000_000_000_000n },
      metadata: { owner: 'web team', 'cost-centre': 12 },
      ...{ onLimit: 'queue', priority: 'normal', weight: 1 },
    });
    assert.deepEqual(config.tenants, [
      {
        ...{ id: 'acme', name: 'Acme Ltd', wallet: 'postpaid', creditLimit: 50_000_000_000n, active: true },
        ...{ budgets: { month: 99_990_000_000n } },
      },
    ]);
    assert.deepEqual(config.projects, [
      { id: 'site', tenant: 'acme', name: 'site', budgets: { week: 7_000_000_000n } },
    ]);
    assert.deepEqual(config.server.trustedProxies, ['127.0.0.1']);
  });

  it('have defaults that change nothing', () => {
    const { keys, tenants, projects } = load(
      `keys: [{ id: k, key: ${KEY} }]\ntenants: [{ id: t }]\nprojects: [{ id: p }]`,
    );
    assert.deepEqual(Object.keys(keys[0] ?? {}).sort(), [
      ...['fallback', 'id', 'key', 'limits', 'onLimit', 'priority', 'weight'],
    ]);
    assert.deepEqual(tenants, [
      { id: 't', name: 't', active: true, wallet: 'none', creditLimit: 0n, budgets: {} },
    ]);
    assert.deepEqual(projects, [{ id: 'p', tenant: 'default', name: 'p', budgets: {} }]);
  });

  it('name only what the file has', () => {
    assert.deepEqual(
      issuesOf(`
keys:
  - { id: a, key: ${KEY}-1, tenant: nobody, project: nothing, fallbacks: [nix] }
  - { id: b, key: ${KEY}-2, project: site }
  - { id: c, key: ${KEY}-3, tenant: default }
projects: [{ id: site, tenant: acme }, { id: site, tenant: acme }, { id: lost, tenant: gone }]
tenants: [{ id: acme }, { id: acme }]
`),
      [
        "tenants[1].id: 'acme' is already the id of another tenant",
        "projects[1].id: 'site' is already the id of another project",
        'projects[2].tenant: unknown tenant',
        'keys[0].tenant: unknown tenant',
        'keys[0].project: unknown project',
        "keys[1].project: the project 'site' belongs to the tenant 'acme', and the key to 'default'",
        'keys[0].fallbacks[0]: unknown model',
      ],
    );
  });

  it('are told what is wrong with them, with the place', () => {
    const long = 'x'.repeat(4_100);
    assert.deepEqual(
      issuesOf(`
keys:
  - id: a
    key: ${KEY}
    expires: soon
    endpoints: [chats]
    addresses: [localhost]
    budgets: { day: -1, year: 5 }
    metadata: { long: ${long} }
tenants: [{ id: t, wallet: cash }, { id: u, credit_limit: 5 }]
server: { trusted_proxies: [10.0.0.0/99] }
`),
      [
        'server.trusted_proxies[0]: expected an address or a block of them, such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32',
        'keys[0].expires: expected a date such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z',
        'keys[0].endpoints[0]: unknown endpoint',
        'keys[0].addresses[0]: expected an address or a block of them, such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32',
        'keys[0].budgets.day: expected dollars such as 12.50, of at most nine places',
        'keys[0].budgets.year: unknown key',
        'tenants[0].wallet: unknown kind of wallet',
        'keys[0].metadata: too much: expected at most 4096 bytes as JSON',
        "tenants[1].credit_limit: only a postpaid wallet has a credit limit, and this one is 'none'",
      ],
    );
  });
});
