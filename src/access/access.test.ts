import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { Failure, type FailureKind } from '../domain/failure.ts';
import type { Tenant } from '../domain/tenancy.ts';
import { type Asked, createAccess } from './access.ts';
import type { FilePeople, KeyPlan, StoredChange, StoredKey } from './key-book.ts';

const plan = (id: string, key: string, rest: Partial<KeyPlan> = {}): KeyPlan => ({
  id,
  key,
  limits: {},
  onLimit: 'queue',
  priority: 'normal',
  weight: 1,
  fallback: true,
  ...rest,
});
const accessOf = (keys: readonly KeyPlan[], rest: Partial<FilePeople> = {}, now = () => 0) => {
  const access = createAccess({ now });
  access.useFile({ keys, ...rest });
  return access;
};
const access = accessOf([plan('team', 'sk-team'), plan('ops', 'sk-ops', { models: ['a', 'b'] })]);
const from = (headers: Asked['headers'], rest: Partial<Asked> = {}): Asked => ({
  headers,
  peer: '192.0.2.1',
  ...rest,
});
const bearing = (key: string, rest: Partial<Asked> = {}): Asked =>
  from({ authorization: `Bearer ${key}` }, rest);

const failsAs = (kind: FailureKind, words: RegExp) => (error: unknown) =>
  error instanceof Failure && error.kind === kind && words.test(error.message);

test('a key is known however clients send it', () => {
  for (const headers of [
    { authorization: 'Bearer sk-team' },
    { authorization: 'bearer   sk-team  ' },
    { 'x-api-key': 'sk-team' },
    { 'x-api-key': ' sk-team ' },
    { 'x-goog-api-key': 'sk-team' },
    { 'api-key': 'sk-team' },
    { authorization: 'Basic dXNlcg==', 'x-api-key': 'sk-team' },
    { authorization: 'Bearer ', 'api-key': 'sk-team' },
  ])
    assert.equal(access.authenticate(from(headers)).id, 'team', JSON.stringify(headers));
});

test('no key, an unknown one or a part of one is refused, and the words never repeat it', () => {
  for (const headers of [
    {},
    { authorization: 'Basic x' },
    { authorization: ['Bearer sk-team'] },
    { 'x-api-key': '' },
  ])
    assert.throws(() => access.authenticate(from(headers)), failsAs('invalid_key', /No key was sent/));
  for (const wrong of ['sk-tea', 'sk-team2', 'SK-TEAM', 'sk-ops sk-team', '__proto__'])
    assert.throws(
      () => access.authenticate(bearing(wrong)),
      (error) => failsAs('invalid_key', /not known/)(error) && !(error as Error).message.includes(wrong),
      wrong,
    );
});

test('what the rest of the house gets of a key does not hold the key', () => {
  const key = access.authenticate(from({ 'x-api-key': 'sk-ops' }));
  assert.deepEqual(key, {
    ...{ id: 'ops', limits: {}, onLimit: 'queue', priority: 'normal', weight: 1 },
    ...{ fallback: true, models: ['a', 'b'] },
  });
});

test('a key may use the models of its list, or all when it has none', () => {
  const [team, ops] = ['sk-team', 'sk-ops'].map((key) => access.authenticate(from({ 'x-api-key': key })));
  assert.ok(team !== undefined && ops !== undefined);
  access.allow(team, 'anything');
  access.allow(ops, 'b');
  assert.throws(() => access.allow(ops, 'c'), failsAs('model_forbidden', /'ops'.*'c'.*a, b/));
});

describe('a key of the file', () => {
  test('is good until its end, and says when that was', () => {
    let nowMs = 0;
    const known = accessOf([plan('k', 'sk-k', { endsAtMs: 1_000 })], {}, () => nowMs);
    nowMs = 999;
    assert.equal(known.authenticate(bearing('sk-k')).id, 'k');
    nowMs = 1_000;
    assert.throws(
      () => known.authenticate(bearing('sk-k')),
      failsAs('invalid_key', /expired \(1970-01-01T00:00:01.000Z\)/),
    );
  });

  test('may be kept to addresses, which the right proxy alone may tell', () => {
    const access = createAccess({ now: () => 0 });
    const keys = [plan('k', 'sk-k', { addresses: ['10.0.0.0/8', '2001:db8::1'] })];
    access.useFile({ keys });
    for (const peer of ['10.255.0.1', '::ffff:10.0.0.1', '2001:db8:0::1'])
      assert.equal(access.authenticate(bearing('sk-k', { peer })).id, 'k', peer);
    for (const peer of ['11.0.0.1', '2001:db8::2', undefined])
      assert.throws(
        () => access.authenticate(bearing('sk-k', { peer })),
        failsAs('address_forbidden', /may not be used from/),
      );
    const behind: Asked = {
      headers: { authorization: 'Bearer sk-k', 'x-forwarded-for': '10.0.0.1' },
      peer: '192.0.2.9',
    };
    assert.throws(() => access.authenticate(behind), failsAs('address_forbidden', /192\.0\.2\.9/));
    access.useFile({ keys, trustedProxies: ['192.0.2.0/24'] });
    assert.equal(access.authenticate(behind).id, 'k');
    assert.equal(access.addressOf(behind), '10.0.0.1');
  });

  test('may be kept to endpoints, by group or by dialect', () => {
    const access = accessOf([
      plan('chats', 'sk-1', { endpoints: ['chat'] }),
      plan('one', 'sk-2', { endpoints: ['anthropic-messages', 'embeddings'] }),
      plan('all', 'sk-3'),
    ]);
    const may = (key: string, endpoint: NonNullable<Asked['endpoint']>): boolean => {
      try {
        return access.authenticate(bearing(key, { endpoint })).id !== '';
      } catch (error) {
        assert.ok(failsAs('endpoint_forbidden', new RegExp(endpoint))(error));
        return false;
      }
    };
    const asked = [
      'openai-chat',
      'gemini',
      'anthropic-messages',
      'gemini-embeddings',
      'objects',
      'live',
    ] as const;
    assert.deepEqual(
      ['sk-1', 'sk-2', 'sk-3'].map((key) => asked.filter((endpoint) => may(key, endpoint))),
      [
        ['openai-chat', 'gemini', 'anthropic-messages'],
        ['anthropic-messages', 'gemini-embeddings'],
        [...asked],
      ],
    );
    assert.equal(access.authenticate(bearing('sk-1')).id, 'chats', 'what is open to every key');
  });

  test('is refused while its tenant is not active, or is not known', () => {
    const tenant: Tenant = {
      ...{ id: 'acme', name: 'Acme', wallet: 'none', creditLimit: 0n, budgets: {}, active: true },
    };
    const keys = [plan('k', 'sk-k', { tenant: 'acme' }), plan('d', 'sk-d')];
    const access = accessOf(keys, { tenants: [tenant] });
    assert.equal(access.authenticate(bearing('sk-k')).tenant, 'acme');
    for (const tenants of [[{ ...tenant, active: false }], []]) {
      access.useFile({ keys, tenants });
      assert.throws(() => access.authenticate(bearing('sk-k')), failsAs('tenant_inactive', /not active/));
      assert.equal(access.authenticate(bearing('sk-d')).id, 'd', 'the usual tenant is always there');
    }
    access.useFile({ keys, tenants: [tenant, { ...tenant, id: 'default', active: false }] });
    assert.throws(() => access.authenticate(bearing('sk-d')), failsAs('tenant_inactive', /not active/));
  });
});

describe('a key of the database', () => {
  const stored = (id: string, keys: readonly string[], rest: Partial<StoredKey> = {}): StoredKey => ({
    ...{ id, tenant: 'default', project: null, expiresMs: null, active: true, settings: '{}' },
    hashes: keys.map((key) => ({ hash: hash('sha256', key, 'hex'), endsMs: null })),
    ...rest,
  });
  const change = (keys: readonly StoredKey[], rest: Partial<StoredChange> = {}): StoredChange => ({
    ...{ whole: false, keys, tenants: [], projects: [] },
    ...rest,
  });

  test('says the same as one of the file', () => {
    const access = createAccess({ now: () => 0 });
    const settings = {
      models: ['a'],
      limits: { rpm: 5 },
      on_limit: 'reject',
      priority: 'batch',
      weight: 2,
      fallback: false,
      fallbacks: ['b'],
      objects: true,
      endpoints: ['chat'],
      addresses: ['192.0.2.1'],
      budgets: { day: '1.5' },
      metadata: { team: 'x' },
    };
    access.useStored(
      change([stored('k', ['sk-k'], { project: 'p', expiresMs: 9, settings: JSON.stringify(settings) })]),
    );
    const key = access.authenticate(bearing('sk-k', { endpoint: 'openai-chat' }));
    assert.deepEqual(key, {
      ...{ id: 'k', tenant: 'default', project: 'p', endsAtMs: 9, limits: { rpm: 5 }, onLimit: 'reject' },
      ...{ priority: 'batch', weight: 2, fallback: false, fallbacks: ['b'], objects: true, models: ['a'] },
      ...{ endpoints: ['chat'], addresses: ['192.0.2.1'], budgets: { day: 1_500_000_000n } },
    });
    assert.equal(access.authenticate(bearing('sk-k')), key, 'and stays the same object');
  });

  test('is in force, changed and revoked with each change, and others stay', () => {
    const access = createAccess({ now: () => 0 });
    access.useStored(change([stored('a', ['sk-a']), stored('b', ['sk-b'])]));
    assert.equal(access.size, 2);
    const before = access.authenticate(bearing('sk-a'));
    access.useStored(change([stored('a', ['sk-a'], { settings: '{"weight":7}' })]));
    assert.deepEqual([before.weight, access.authenticate(bearing('sk-a')).weight], [1, 7]);
    access.useStored(change([stored('a', ['sk-a'], { active: false })]));
    assert.throws(() => access.authenticate(bearing('sk-a')), failsAs('invalid_key', /not any more/));
    assert.equal(access.authenticate(bearing('sk-b')).id, 'b');
    access.useStored(change([stored('c', ['sk-c'])], { whole: true }));
    assert.throws(() => access.authenticate(bearing('sk-b')), failsAs('invalid_key', /not known/));
    assert.equal(access.size, 1);
  });

  test('is good by its old words until the end of a rotation, and by its new ones', () => {
    let nowMs = 0;
    const access = createAccess({ now: () => nowMs });
    const hashes = [
      { hash: hash('sha256', 'sk-old', 'hex'), endsMs: 500 },
      { hash: hash('sha256', 'sk-new', 'hex'), endsMs: null },
    ];
    access.useStored(change([stored('k', [], { hashes })]));
    for (const words of ['sk-old', 'sk-new']) assert.equal(access.authenticate(bearing(words)).id, 'k');
    nowMs = 500;
    assert.throws(() => access.authenticate(bearing('sk-old')), failsAs('invalid_key', /replaced/));
    assert.equal(access.authenticate(bearing('sk-new')).id, 'k');
  });

  test('gives way to the file, by its id and by its words, and that is told once', () => {
    const told: string[] = [];
    const access = createAccess({ now: () => 0, onHidden: (id) => told.push(id) });
    access.useStored(
      change([stored('web', ['sk-db']), stored('other', ['sk-same']), stored('free', ['sk-f'])]),
    );
    access.useFile({ keys: [plan('web', 'sk-web', { weight: 3 }), plan('mine', 'sk-same')] });
    access.useStored(change([]));
    assert.deepEqual(told, ['web', 'other']);
    assert.deepEqual([...access.hidden], ['web', 'other']);
    assert.equal(access.size, 3);
    assert.equal(access.authenticate(bearing('sk-web')).weight, 3);
    assert.equal(access.authenticate(bearing('sk-same')).id, 'mine');
    assert.throws(() => access.authenticate(bearing('sk-db')), failsAs('invalid_key', /not known/));
    access.useFile({ keys: [] });
    assert.equal(
      access.authenticate(bearing('sk-db')).id,
      'web',
      'once the file says nothing of it any more',
    );
  });

  test('and its tenant come and go with the database, where the file does not say otherwise', () => {
    const access = createAccess({ now: () => 0 });
    const tenant: Tenant = {
      ...{ id: 't', name: 'T', wallet: 'prepaid', creditLimit: 0n, budgets: {}, active: true },
    };
    access.useStored(change([stored('k', ['sk-k'], { tenant: 't' })], { tenants: [tenant] }));
    assert.equal(access.authenticate(bearing('sk-k')).id, 'k');
    access.useStored(change([], { tenants: [{ ...tenant, active: false }] }));
    assert.throws(() => access.authenticate(bearing('sk-k')), failsAs('tenant_inactive', /not active/));
    access.useFile({ keys: [], tenants: [tenant] });
    assert.equal(access.authenticate(bearing('sk-k')).id, 'k');
  });
});
