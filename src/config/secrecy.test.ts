// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are what is tested
/** Whatever is wrong with a file, the message shows no secret of it, wherever somebody put that. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { known } from './fixtures/known.ts';
import { loadConfig } from './load.ts';
import { ConfigError } from './problem.ts';

const env = { FROM_ENV: 'sk-fromenvironment42' };

function failure(text: string): ConfigError {
  try {
    loadConfig({ path: 'sluice.yaml', env, readFile: () => text, known });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: `accepted:\n${text}` });
}

/** Each wrong in its own way; SECRET stands where people put one. */
const FILES = {
  'a key that is too short': 'keys: [{ id: a, key: SECRET, on_limit: never }]',
  'a key with a space': 'keys:\n  - id: a\n    key: "SECRET x"',
  'a key on the line of another fault': 'keys: [{ id: a, key: SECRETSECRETSECRETSECRET, modles: [] }]',
  'a key as a list': 'keys: [{ id: a, key: [SECRET] }]',
  'a key as a mapping': 'keys: [{ id: a, key: { value: SECRET } }]',
  'keys that are mere text': 'keys: [SECRET]',
  'keys as one text': 'keys: SECRET',
  'keys by name': 'keys: { dev: SECRET }',
  'a misspelt key': 'keys: [{ id: a, kee: SECRET }]',
  'secrets as one text': 'accounts: [{ id: a, provider: qwen, secrets: SECRET }]',
  'secrets in a wrong account': 'accounts: [{ id: a, provider: qwne, secrets: [SECRET] }]',
  'secrets after a fault in the line':
    'accounts: [{ id: a, provider: qwen, weight: no, secrets: [SECRET, "SECRET"] }]',
  'another name for secrets': 'accounts: [{ id: a, provider: qwen, api_key: SECRET }]',
  'a secret as default': 'accounts: [{ id: a, provider: qwne, secrets: ["${NOT_SET:-SECRET}"] }]',
  'a secret as default of a number': 'server: { port: "${NOT_SET:-SECRET}" }',
  'a secret that was meant as a name': 'accounts: [{ id: a, provider: qwen, secrets: ["${SECRET"] }]',
  'a password in an address':
    'accounts: [{ id: a, provider: qwne, base_url: "https://user:SECRET@host/v1" }]',
  'a wrong address with a password':
    'accounts: [{ id: a, provider: qwen, base_url: "htp://user:SECRET@host/v1" }]',
  'a secret in a block':
    'accounts:\n  - id: a\n    provider: qwne\n    secrets:\n      - |\n        SECRET\n',
  'an admin key beside another fault': 'admin: { key: SECRET, kee: SECRET, hosts: 1 }',
  'broken YAML with a key': 'keys:\n  - { id: a, key: SECRET\n',
  'broken YAML with a quoted key': 'keys:\n  - id: a\n    key: "SECRET: x\n',
  'a colon too many': 'accounts:\n  - secrets: SECRET: x\n',
  'a secret of a webhook': 'alerts: { webhooks: [{ url: "https://h.example", secret: SECRET }] }',
  'a secret of a webhook with a wrong address':
    'alerts:\n  webhooks:\n    - { url: h.example/SECRET, secret: whsec_SECRET }',
  'an address of a webhook beside another fault':
    'alerts: { webhooks: [{ url: "https://h.example/SECRET/x", secrt: SECRET }], on: [] }',
  'two webhooks of one address':
    'alerts:\n  webhooks:\n    - &w { url: "https://h.example/SECRET", secret: whsec_U0VDUkVUU0VDUkVUU0VDUkVUU0VDUkVU }\n    - *w',
  'a webhook as mere text': 'alerts: { webhooks: ["https://h.example/SECRET"] }',
  'a password of the database': 'storage: { url: "postgres://sluice:SECRET@db/sluice", urll: x }',
  'a password of a database of another kind': 'storage: { url: "mysql://sluice:SECRET@db/sluice" }',
  'an alias to a secret': 'x: &s SECRET\nkeys: [{ id: a, key: *s }]',
  'a secret under a name used twice': 'keys: [{ id: a, key: SECRET, key: SECRET }]',
} as const;

describe('a message about a wrong file', () => {
  for (const [name, file] of Object.entries(FILES)) {
    it(`shows no secret: ${name}`, () => {
      for (const secret of ['hunter2hunter', 'sk-0a1b2c3d4e5f', 'Zq9']) {
        const error = failure(file.replaceAll('SECRET', secret));
        const told = error.message + JSON.stringify(error.problems);
        assert.ok(!told.includes(secret), `${secret} in\n${error.message}`);
      }
    });
  }

  it('shows no value of a variable', () => {
    const error = failure(
      'accounts: [{ id: "${FROM_ENV} x", provider: "${FROM_ENV}", base_url: "${FROM_ENV}" }]',
    );
    assert.equal(error.problems.length, 3);
    assert.ok(!(error.message + JSON.stringify(error.problems)).includes(env.FROM_ENV));
  });

  it('shows no secret of any form at the places for secrets', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9_-]{6,30}$/), (random) => {
        const secret = `Q${random}Q`;
        const text = `accounts: [{ id: a, provider: qwne, secrets: ["${secret}"] }]\nkeys: [{ id: dev, kay: 1, key: "${secret}" }]`;
        assert.ok(!failure(text).message.includes(secret));
      }),
    );
  });
});
