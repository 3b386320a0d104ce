/** What every provider must keep, run for each of the list. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UNTOUCHABLE } from '../domain/body-rules.ts';
import type { DialectId } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { addressOf, type Provider, type Refusal } from './provider.ts';

/** Pieces that real bodies are made of, so that chance reaches the rules. */
const SHARDS = [
  '{"error":{"message":"',
  '{"error":"',
  '","code":"insufficient_quota"}}',
  '","type":"rate_limit_error"}}',
  '{"code":"Throttling.AllocationQuota","message":"',
  'Please try again in 6.379s.',
  'reset at 13-45 99:99:99 UTC',
  '[{"error":{"details":[{"violations":[{"quotaId":"PerDay"}],"retryDelay":"1e9s"}]}}]',
  'event:error\n:HTTP_STATUS/429\ndata:',
  '<html>',
  'sk-0123456789abcdef',
  '\u0000',
  '"}',
];

/** The fields that the reading looks for, and the names that every object answers to. */
const NAMES = [
  'error',
  'message',
  'code',
  'type',
  'status',
  'param',
  'details',
  'metadata',
  'innererror',
  'violations',
  'quotaId',
  'quotaValue',
  'retryDelay',
  'Response',
  'Error',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'toJSON',
];

/** JSON in the shape of an error whose fields hold anything: numbers as codes, objects as texts, JSON in strings. */
const shaped: fc.Arbitrary<string> = fc
  .letrec<{ any: unknown; object: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 6, depthIdentifier: 'shaped' },
      fc.constantFrom(null, true, 0, -1, 429, 1302, 1e308, '429', '1113', 'insufficient_quota', 'limit: 0'),
      fc.string({ maxLength: 20, unit: 'binary' }),
      fc.constantFrom('\uD800', 'sk-0123456789abcdef', 'a@b.example', '{"error":{"code":"slow_down"}}', '[['),
      tie('object'),
      fc.array(tie('any'), { maxLength: 3, depthIdentifier: 'shaped' }),
      tie('object').map((value) => JSON.stringify(value)),
    ),
    object: fc
      .array(fc.tuple(fc.constantFrom(...NAMES), tie('any')), { maxLength: 5, depthIdentifier: 'shaped' })
      .map((entries) => Object.fromEntries(entries)),
  }))
  .object.map((value) => JSON.stringify(value));

const HUGE = 60_000;

/** One piece again and again, open or closed: what is deep, or long, or both. */
const huge = fc
  .tuple(
    fc.constantFrom(
      ['[', ']'],
      ['{"error":', '}'],
      ['{"error":{"message":', '}}'],
      ['{"error":{"code":[', ']}}'],
      ['data:{', '}\n'],
      ['<a ', '>'],
      ['retry after 1 ', ' seconds'],
      ['Limit 1, Requested ', '2'],
      ['api_key=', '"'],
      ['x@y.', 'z'],
      ['https://a.b/', ' '],
      ['\uD800', '\uDC00'],
      ['9', '9'],
    ),
    fc.constantFrom(50, 5_000, HUGE),
    fc.boolean(),
  )
  .map(([[open = '', close = ''], size, closes]) => {
    const times = Math.floor(size / (open.length + close.length));
    return `${open.repeat(times)}1${closes ? close.repeat(times) : ''}`;
  });

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.string({ maxLength: 200, unit: 'binary' }),
  fc.json({ maxDepth: 3 }),
  shaped,
  shaped.map((json) => `event:error\n:HTTP_STATUS/429\ndata:${json}\n\n`),
  shaped.map((json) => `<html><pre>${json}</pre>`),
  shaped.map((json) => JSON.stringify({ error: { message: json } })),
  huge,
  fc.tuple(shaped, huge).map(([json, more]) => JSON.stringify({ error: { message: more, details: [json] } })),
  fc.array(fc.constantFrom(...SHARDS), { maxLength: 5 }).map((shards) => shards.join('')),
);

const headers = fc.dictionary(
  fc.constantFrom(
    'retry-after',
    'retry-after-ms',
    'x-ratelimit-reset-requests',
    'x-ratelimit-reset',
    'x-sluice-failure',
    'x-sluice-reset',
    'anthropic-ratelimit-unified-status',
    'anthropic-ratelimit-unified-reset',
    '__proto__',
    'x-any',
  ),
  fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      '-1',
      '1e400',
      '99999999999',
      '6m0s',
      'Wed, 21 Oct 2026 07:28:00 GMT',
      '2026-10-01T00:00:20Z',
      'rejected',
      'pool_exhausted',
      'constructor',
    ),
  ),
);

const refusal: fc.Arbitrary<Refusal> = fc.record({
  status: fc.oneof(fc.integer({ min: 0, max: 999 }), fc.constantFrom(400, 401, 403, 404, 413, 429, 500, 503)),
  headers,
  body: text,
  phase: fc.constantFrom('head', 'stream'),
  nowMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
});

const CONFIDENCES = ['high', 'medium', 'low'];

function assertClean(sample: string): void {
  assert.ok(sample.length <= 500 && sample.isWellFormed());
  assert.doesNotMatch(sample, /sk-0123456789abcdef|a@b\.example/);
  assert.doesNotMatch(sample, /[\r\n]/);
}

const SECRET_HEADERS = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'];

const FORBIDDEN = [
  'api-key',
  'authorization',
  'cookie',
  'host',
  'content-length',
  'x-api-key',
  'x-goog-api-key',
  'proxy-authorization',
];

export function providerSuite(provider: Provider): void {
  describe(`provider ${provider.id}`, () => {
    it('classifies anything, and never shows what it should not', () => {
      fc.assert(
        fc.property(refusal, (given) => {
          const failure = provider.classify(given);
          assert.ok(failure instanceof Failure);
          const { retryAfterMs, resetAtMs, clientBody, confidence, sample } = failure.options;
          assert.ok(confidence !== undefined && CONFIDENCES.includes(confidence));
          assert.equal(sample !== undefined, failure.kind === 'unknown');
          if (sample !== undefined) assertClean(sample);
          if (retryAfterMs !== undefined) assert.ok(Number.isFinite(retryAfterMs) && retryAfterMs > 0);
          if (resetAtMs !== undefined) assert.ok(Number.isFinite(resetAtMs) && resetAtMs > given.nowMs);
          assert.ok(failure.message.startsWith(`${provider.id}: `) && failure.message.length < 300);
          assert.doesNotMatch(failure.message, /sk-0123456789abcdef/);
          assert.equal(clientBody !== undefined, failure.rule.blame === 'client');
          assert.ok(![401, 402, 403, 429].includes(failure.status), String(failure.status));
          if (clientBody === undefined) return;
          const shown = Buffer.from(clientBody).toString();
          assert.doesNotMatch(shown, /sk-0123456789abcdef|a@b\.example/);
          assert.equal(JSON.parse(shown).error.type, 'invalid_request_error');
        }),
        { numRuns: 400 },
      );
    });

    it('authorizes with one header and nothing else, but for the version of its own dialect', () => {
      for (const dialect of Object.keys(provider.speaks) as DialectId[]) {
        const asked: Record<string, string> = {};
        provider.authorize(asked, 'sk-test', dialect);
        const { 'anthropic-version': version, ...rest } = asked;
        if (version !== undefined) assert.equal(dialect, 'anthropic-messages');
        const [[name, value] = [], ...others] = Object.entries(rest);
        assert.deepEqual(others, []);
        assert.ok(
          (name === 'authorization' && value === 'Bearer sk-test') ||
            (['x-api-key', 'api-key', 'x-goog-api-key'].includes(name ?? '') && value === 'sk-test'),
        );
        const open: Record<string, string> = {};
        provider.authorize(open, '', dialect);
        assert.ok(!SECRET_HEADERS.some((header) => header in open));
      }
      const sent: Record<string, string> = { 'content-type': 'application/json' };
      provider.authorize(sent, 'sk-test');
      const usual = provider.id === 'azure' ? { 'api-key': 'sk-test' } : { authorization: 'Bearer sk-test' };
      assert.deepEqual(sent, { 'content-type': 'application/json', ...usual });
      const none: Record<string, string> = {};
      provider.authorize(none, '');
      assert.deepEqual(none, {});
    });

    it('has a secure address for every region, without a trailing slash', () => {
      const urls = [provider.baseUrl(), ...provider.regions.map((region) => provider.baseUrl(region))];
      for (const url of urls) {
        if (url === undefined) {
          assert.ok(provider.addressForms.length > 0 && provider.regions.length === 0);
          continue;
        }
        const { protocol, hostname, search, hash, username } = new URL(url);
        const isNear = provider.id === 'simulator' || hostname === '127.0.0.1';
        assert.equal(protocol, isNear ? 'http:' : 'https:');
        assert.equal(search + hash + username, '');
        assert.ok(!url.endsWith('/'));
      }
      assert.equal(provider.baseUrl(), provider.baseUrl(provider.regions[0]));
      if (provider.regions.length > 0) assert.equal(provider.baseUrl('atlantis'), undefined);
    });

    it('lets no header of the client through that could change who asks', () => {
      for (const name of [...provider.forwardHeaders, provider.waitHeader ?? 'x-none']) {
        assert.equal(name, name.toLowerCase());
        assert.ok(!FORBIDDEN.includes(name), name);
      }
    });

    it('publishes limits that are positive and finite, with their source', () => {
      for (const region of [undefined, ...provider.regions])
        for (const model of provider.models) {
          const published = provider.limits(model, region);
          if (published === undefined) continue;
          assert.match(published.source, /^https:\/\//);
          for (const [name, value] of Object.entries(published.limits))
            assert.ok(typeof value === 'number' && Number.isFinite(value) && value > 0, `${model} ${name}`);
        }
      assert.equal(provider.limits('no-such-model'), undefined);
    });

    it('names itself, its paths, variables and models plainly', () => {
      assert.match(provider.id, /^[a-z][a-z-]*$/);
      for (const region of [undefined, ...provider.regions]) {
        const baseUrl = provider.baseUrl(region) ?? 'https://upstream.invalid/v1';
        for (const dialect of Object.keys(provider.speaks) as DialectId[]) {
          const url = addressOf(provider, dialect, baseUrl);
          // Some it speaks only where it is told to speak nothing else.
          if (url === undefined && provider.id === 'simulator') continue;
          if (url === undefined) {
            // Only what it tells apart by its address, and not where most accounts are.
            assert.equal(typeof provider.speaks[dialect], 'function', `${dialect} in ${region}`);
            assert.notEqual(baseUrl, provider.baseUrl());
            continue;
          }
          assert.equal(new URL(url).origin, new URL(baseUrl).origin);
          assert.match(new URL(url).pathname, /^\/[a-z0-9/_-]*[a-z]$/);
        }
      }
      for (const path of Object.values(provider.speaks))
        if (typeof path === 'string') assert.match(path, /^\/[a-z/-]*[a-z]$/);
      for (const variable of [...provider.variables, ...provider.regionVariables])
        assert.match(variable, /^[A-Z][A-Z_]+$/);
      for (const [variable, region] of Object.entries(provider.regionByVariable ?? {})) {
        assert.ok(provider.variables.includes(variable));
        assert.ok(provider.regions.includes(region));
      }
      assert.equal(new Set(provider.models).size, provider.models.length);
    });

    it('says of every quirk what it is and where it was seen, and touches nothing that decides where a call goes', () => {
      for (const { what, source, rules = {} } of provider.quirks) {
        assert.match(what, /^[A-Z`].*\.$/);
        assert.match(source, /^(?:https:\/\/|[\w.-]+\/[\w.-]+[# ])/);
        const { drop = [], omit = [], rename = {}, set = {}, swap = {}, nine = [] } = rules;
        const named = [
          drop,
          omit,
          nine,
          ...[rename, set, swap].map(Object.keys),
          Object.values(rename),
        ].flat();
        for (const name of named) assert.ok(!UNTOUCHABLE.includes(name), name);
        for (const path of [...drop, ...omit, ...nine, ...Object.keys(swap)])
          assert.match(path, /^\w+(?:\[\]\.\w+)*$/);
      }
    });

    it('says one thing of a field, whatever the model', () => {
      for (const model of provider.models) {
        const rules = provider.quirks.flatMap(({ rules: each, models, dialect = 'openai-chat' }) =>
          each !== undefined && dialect === 'openai-chat' && models?.test(model) !== false ? [each] : [],
        );
        const named = rules.flatMap(({ drop = [], omit = [], nine = [], rename = {}, set = {}, swap = {} }) =>
          [drop, omit, nine, ...[rename, set, swap].map(Object.keys)].flat(),
        );
        assert.equal(new Set(named).size, named.length, model);
      }
    });

    it('names its documents', () => {
      const isOnesOwn = provider.id === 'simulator' || provider.id === 'openai-compatible';
      assert.equal(provider.sources.length > 0 || isOnesOwn, true);
      for (const source of provider.sources) assert.match(source, /^https:\/\/[^\s]+$/);
      for (const form of provider.addressForms) assert.match(form, /^https?:\/\/[^\s]+$/);
    });
  });
}
