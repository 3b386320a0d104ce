// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are what is tested
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { EXAMPLE } from './example.ts';
import { configurationJsonSchema, isLeaf, type JsonSchema, schemasAt } from './json-schema.ts';

const schema = configurationJsonSchema();
const validator = z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);
const accepts = (text: string): boolean => validator.safeParse(parse(text)).success;
const withAccount = (text: string): string => `accounts: [{ id: a, provider: qwen }]\n${text}`;

describe('the JSON schema', () => {
  it('accepts the example', () => {
    assert.deepEqual(validator.safeParse(parse(EXAMPLE)).error?.issues, undefined);
  });

  it('accepts values that are still to be interpolated', () => {
    for (const text of [
      'server: { port: "${PORT}", body_limit: "${SIZE:-1mb}" }',
      'queue: { max_wait: "${WAIT}", max_length: "${LENGTH}", max_bytes: "${BYTES}" }',
      'log: { level: "${LEVEL:-info}" }',
      'simulator: { tokens_per_second: "${PACE}", ramp: "${RAMP}" }',
      'keys: [{ id: a, key: "${K}", fallback: "${F}", limits: { rpm: "${RPM:-off}" } }]',
    ]) {
      assert.ok(accepts(withAccount(text)), text);
    }
  });

  it('accepts durations, sizes, off and ramps', () => {
    const text =
      'heartbeat: 1.5m\nserver: { body_limit: 512kb, drain: 5 }\nsimulator: { ttft: 300ms, ramp: off }';
    assert.ok(accepts(withAccount(text)));
    assert.ok(
      accepts('accounts: [{ id: a, provider: q, limits: { rpm: off, ramp: { floor: 0.3, growth: 2 } } }]'),
    );
  });

  it('accepts switches with more than two positions', () => {
    for (const wait of ['off', 'on', '30s', '5', '"${WAIT}"'])
      assert.ok(accepts(`accounts: [{ id: a, provider: q, wait_timeout: ${wait} }]`), wait);
    assert.ok(!accepts('accounts: [{ id: a, provider: q, wait_timeout: 500 }]'));
    assert.ok(!accepts('accounts: [{ id: a, provider: q, stream_upstream: maybe }]'));
  });

  it('refuses what the loader refuses', () => {
    for (const text of [
      'server: { port: 99999 }',
      'server: { port: high }',
      'server: { prot: 1 }',
      'heartbeat: soon',
      'log: { level: loud }',
      'keys: [{ id: a }]',
      'simulator: { ramp: { floor: 0.3 } }',
      'accounts: {}',
    ]) {
      assert.ok(!accepts(text.startsWith('accounts') ? text : withAccount(text)), text);
    }
  });

  it('describes every key', () => {
    const silent: string[] = [];
    const walk = (each: JsonSchema, path: string): void => {
      for (const [name, value] of Object.entries(each.properties ?? {})) {
        if (!value.description?.match(/[.?…]$/)) silent.push(`${path}.${name}`);
        walk(value, `${path}.${name}`);
      }
      for (const inner of [each.items, each.additionalProperties, ...(each.anyOf ?? [])]) {
        if (typeof inner === 'object') walk(inner, path);
      }
    };
    walk(schema, '');
    assert.deepEqual(silent, []);
  });
});

describe('the schema at a path', () => {
  it('is found through mappings, lists and choices', () => {
    const titles = (...path: (string | number)[]): unknown[] =>
      schemasAt(schema, path).map(({ title }) => title);
    assert.deepEqual(titles('server', 'port'), ['whole number']);
    assert.deepEqual(titles('accounts', 3, 'models', 'any.model', 'limits', 'rpm'), ['number | off']);
    assert.deepEqual(titles('accounts', 0, 'models', 1), ['text']);
    assert.deepEqual(titles('models', 'server', 'strategy'), ['text']);
  });

  it('is none where the path leads nowhere', () => {
    for (const path of [
      ['nope'],
      ['server', 'port', 'deeper'],
      ['accounts', 'x'],
      ['server', 0],
      ['constructor'],
    ]) {
      assert.deepEqual(schemasAt(schema, path), []);
    }
  });

  it('tells a secret from what may be shown, and a value from a section', () => {
    const secrets = [
      ['keys', 0, 'key'],
      ['accounts', 0, 'secrets', 0],
    ] as const;
    for (const path of secrets) assert.equal(schemasAt(schema, path)[0]?.writeOnly, true);
    assert.ok(schemasAt(schema, ['log', 'level']).every(isLeaf));
    assert.ok(!schemasAt(schema, ['log']).some(isLeaf));
    assert.ok(!schemasAt(schema, ['accounts', 0, 'secrets']).some(isLeaf));
  });
});
