// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are what is tested
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { known } from './fixtures/known.ts';
import { pathText } from './place.ts';
import { referenceIssues } from './references.ts';

const KEY = 'sk-client-0123456789';
const issuesOf = (text: string): string[] =>
  referenceIssues(parse(text), known).map(
    ({ path, message, unknown }) => `${pathText(path)}: ${message ?? `unknown ${unknown?.noun}`}`,
  );

const POOL = 'accounts: [{ id: a, provider: simulator, models: { up: { name: public }, sim: {} } }]\n';

describe('ids', () => {
  it('are used once', () => {
    const text = `accounts: [{ id: a, provider: simulator }, { id: b, provider: simulator }, { id: a, provider: simulator }]
keys: [{ id: k, key: ${KEY}-1 }, { id: k, key: ${KEY}-2 }]`;
    assert.deepEqual(issuesOf(text), [
      "accounts[2].id: 'a' is already the id of another account",
      "keys[1].id: 'k' is already the id of another key",
    ]);
  });

  it('do not share a key, and the key is not told', () => {
    assert.deepEqual(issuesOf(`${POOL}keys: [{ id: a, key: ${KEY} }, { id: b, key: ${KEY} }]`), [
      "keys[1].key: the same key as that of 'a'",
    ]);
  });
});

describe('an account', () => {
  const of = (rest: string): string[] => issuesOf(`accounts: [{ id: a, ${rest} }]`);

  it('is in a region of its provider', () => {
    assert.deepEqual(of('provider: qwen, secrets: [s], region: beijing'), []);
    assert.deepEqual(of('provider: qwen, secrets: [s], region: paris'), [
      'accounts[0].region: unknown region',
    ]);
    assert.deepEqual(of('provider: openai, secrets: [s], region: paris'), [
      "accounts[0].region: the provider 'openai' has no regions",
    ]);
  });

  it('may wait at the provider where the provider has a line of its own', () => {
    assert.deepEqual(of('provider: qwen, secrets: [s], wait_timeout: on'), []);
    assert.deepEqual(of('provider: openai, secrets: [s], wait_timeout: off'), []);
    assert.deepEqual(of('provider: openai, secrets: [s], wait_timeout: 5s'), [
      "accounts[0].wait_timeout: the provider 'openai' keeps no line of its own",
    ]);
  });

  it('has an address where the provider has none, and models where it has no usual ones', () => {
    assert.deepEqual(of('provider: openai-compatible'), [
      "accounts[0].base_url: missing: expected an address, because 'openai-compatible' has none of its own",
      "accounts[0].models: missing: expected at least one model, because 'openai-compatible' has no usual ones",
    ]);
    assert.deepEqual(of('provider: openai-compatible, base_url: "http://h/v1", models: [m]'), []);
  });

  it('has a secret where the provider wants one, unless it has an address of its own', () => {
    assert.deepEqual(of('provider: qwen'), [
      'accounts[0].secrets: missing: expected at least one secret, such as ["${DASHSCOPE_API_KEY}"]',
    ]);
    assert.deepEqual(of('provider: qwen, base_url: "http://127.0.0.1/v1"'), []);
    assert.deepEqual(of('provider: simulator'), []);
  });

  it('lists a model once', () => {
    assert.deepEqual(of('provider: simulator, models: [m, n, m]'), [
      "accounts[0].models[2]: 'm' stands twice in the list",
    ]);
  });

  it('is looked at for the rest when one of its fields is wrong, and for that field no more', () => {
    assert.deepEqual(of('provider: qwen, secrets: [s], region: paris, weight: -1'), [
      'accounts[0].region: unknown region',
    ]);
    assert.deepEqual(of('provider: qwen, secrets: text'), []);
    assert.deepEqual(of('provider: openai-compatible, base_url: nonsense, models: 5'), []);
    assert.deepEqual(of('provider: qwne'), []);
  });
});

describe('names', () => {
  it('of models lead somewhere: the offered name, not the hidden one', () => {
    const text = `${POOL}models: { public: { fallbacks: [sim, up] }, nope: {} }\nkeys: [{ id: k, key: ${KEY}, models: [public, nix] }]`;
    assert.deepEqual(issuesOf(text), [
      'models.public.fallbacks[1]: unknown model',
      'models.nope: unknown model',
      'keys[0].models[1]: unknown model',
    ]);
  });

  it('of channels are account and upstream model, and make a name of its own possible', () => {
    const text = `${POOL}models: { mine: { channels: [a/up, a/public] }, sim: { fallbacks: [mine] } }`;
    assert.deepEqual(issuesOf(text), ['models.mine.channels[1]: unknown channel']);
  });

  it('include the usual models of a provider when an account lists none', () => {
    assert.deepEqual(issuesOf('accounts: [{ id: a, provider: simulator }]\nmodels: { sim-large: {} }'), []);
  });

  it('of keys may be short on this machine alone', () => {
    const keys = 'keys: [{ id: k, key: short }]';
    assert.deepEqual(issuesOf(`${POOL}${keys}`), []);
    assert.deepEqual(issuesOf(`${POOL}server: { host: 127.0.0.1 }\n${keys}`), []);
    const [issue, ...more] = issuesOf(`${POOL}server: { host: 0.0.0.0 }\n${keys}`);
    assert.match(issue ?? '', /^keys\[0\]\.key: /);
    assert.deepEqual(more, []);
  });

  it('of fallbacks may be of models that no account serves yet, but not misspelt', () => {
    assert.deepEqual(issuesOf(`${POOL}models: { sim: { fallbacks: [some-other-model] } }`), []);
    assert.deepEqual(issuesOf(`${POOL}models: { sim: { fallbacks: [publik] } }`), [
      'models.sim.fallbacks[0]: unknown model',
    ]);
  });

  it('are no fallback of themselves', () => {
    assert.deepEqual(issuesOf(`${POOL}models: { sim: { fallbacks: [sim] } }`), [
      'models.sim.fallbacks[0]: a model cannot fall back to itself',
    ]);
  });

  it('are not judged while an account is wrong', () => {
    assert.deepEqual(
      issuesOf('accounts: [{ id: a, provider: simulator, modles: [m] }]\nmodels: { m: {} }'),
      [],
    );
  });
});

describe('data of a wrong shape', () => {
  it('has no references', () => {
    for (const text of ['', 'a', '[1]', 'accounts: 5', 'accounts: [null, 3]', 'models: [a]\nkeys: {a: 1}']) {
      assert.deepEqual(issuesOf(text), [], text);
    }
  });
});
