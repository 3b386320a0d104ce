import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressExpected } from './inner-address.ts';
import type { KnownProvider } from './known.ts';
import { accountSchema } from './schema.ts';

const provider = (
  id: string,
  own: string | undefined,
  variables: readonly string[] = ['X_API_KEY'],
): KnownProvider => ({
  id,
  variables,
  regions: [],
  models: [],
  baseUrl: () => own,
});
const openai = provider('openai', 'https://api.openai.com/v1');
const compatible = provider('openai-compatible', undefined);
const ollama = provider('ollama', 'http://127.0.0.1:11434/v1', []);

const INNER = [
  'http://127.0.0.1/v1',
  'http://127.1/v1',
  'http://2130706433/v1',
  'http://0x7f000001/v1',
  'http://0177.0.0.1/v1',
  'https://10.1.2.3',
  'https://172.16.0.1',
  'https://172.31.255.255',
  'https://192.168.1.1',
  'https://100.64.0.1',
  'http://[::1]:8080',
  'http://[::ffff:127.0.0.1]',
  'http://[::ffff:7f00:1]',
  'http://[::ffff:10.0.0.1]',
  'http://[::127.0.0.1]',
  'http://[fd12:3456::1]',
  'http://localhost:11434',
  'http://LOCALHOST.',
  'http://api.localhost',
  'http://vault',
  'http://db.internal',
  'http://printer.local',
];

const CLOSED = [
  'http://169.254.169.254/latest',
  'http://2852039166/latest',
  'http://0xa9fea9fe',
  'http://[::ffff:169.254.169.254]',
  'http://[::ffff:a9fe:a9fe]',
  'http://[fd00:ec2::254]',
  'http://100.100.100.200',
  'http://[fe80::1]',
  'http://0.0.0.0:4290',
  'http://0',
  'http://[::]',
  'http://224.0.0.1',
  'http://255.255.255.255',
  'http://metadata.google.internal',
  'http://metadata',
  'http://[64:ff9b::7f00:1]',
  'http://[2002:a9fe:a9fe::]',
];

const PUBLIC = [
  'https://api.openai.com/v1',
  'https://8.8.8.8',
  'https://172.15.0.1',
  'https://172.32.0.1',
  'https://100.63.0.1',
  'https://[2001:4860:4860::8888]',
  'https://localhost.example.com',
  'https://10.example.com',
];

describe('an account that was added while running', () => {
  for (const url of INNER)
    it(`may be at ${url} where its provider is a server of one's own, and not otherwise`, () => {
      assert.match(addressExpected(url, openai) ?? 'allowed', /^a public address, because 'openai'/);
      assert.match(addressExpected(url, undefined) ?? 'allowed', /^a public address/);
      assert.equal(addressExpected(url, compatible), undefined);
      assert.equal(addressExpected(url, ollama), undefined);
    });

  for (const url of CLOSED)
    it(`is never at ${url}`, () => {
      for (const each of [openai, compatible, ollama, undefined])
        assert.match(addressExpected(url, each) ?? 'allowed', /network itself/);
    });

  for (const url of PUBLIC)
    it(`may be at ${url}`, () => {
      for (const each of [openai, compatible, ollama]) assert.equal(addressExpected(url, each), undefined);
    });
});

describe('an address of an account, wherever it is kept', () => {
  it('is of http or https and has no user in it', () => {
    const accepts = (base_url: string): boolean =>
      accountSchema().safeParse({ id: 'a', provider: 'openai', base_url }).success;
    assert.ok(accepts('https://host.example/v1'));
    for (const url of [
      'ftp://host.example',
      'file:///etc/passwd',
      'gopher://host.example',
      'javascript:alert(1)',
      'https://user@host.example/v1',
      'https://user:password@host.example/v1',
      'https://:password@host.example/v1',
      'https://api.openai.com@169.254.169.254/v1',
      'https://',
      '//host.example',
      'https://host.example/\r\nx-header: y',
      'https://host.\texample',
      'https://host.example\\@other.example',
      'https://host.example/v1 ',
      'https://host.example/\u0000',
      'https://host.example/\u0085',
    ])
      assert.ok(!accepts(url), url);
  });
});
