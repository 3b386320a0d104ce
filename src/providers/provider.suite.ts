/** What every provider must keep, run for each of the list. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
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

const text = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.json({ maxDepth: 3 }),
  fc.array(fc.constantFrom(...SHARDS), { maxLength: 5 }).map((shards) => shards.join('')),
);

const headers = fc.dictionary(
  fc.constantFrom(
    'retry-after',
    'retry-after-ms',
    'x-ratelimit-reset-requests',
    'x-ratelimit-reset',
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

const FORBIDDEN = ['authorization', 'cookie', 'host', 'content-length', 'x-api-key', 'proxy-authorization'];

export function providerSuite(provider: Provider): void {
  describe(`provider ${provider.id}`, () => {
    it('classifies anything, and never shows what it should not', () => {
      fc.assert(
        fc.property(refusal, (given) => {
          const failure = provider.classify(given);
          assert.ok(failure instanceof Failure);
          const { retryAfterMs, resetAtMs, clientBody } = failure.options;
          if (retryAfterMs !== undefined) assert.ok(Number.isFinite(retryAfterMs) && retryAfterMs > 0);
          if (resetAtMs !== undefined) assert.ok(Number.isFinite(resetAtMs) && resetAtMs > given.nowMs);
          assert.ok(failure.message.startsWith(`${provider.id}: `) && failure.message.length < 300);
          assert.doesNotMatch(failure.message, /sk-0123456789abcdef/);
          assert.equal(clientBody !== undefined, failure.rule.blame === 'client');
          assert.ok(![401, 402, 403, 429].includes(failure.status), String(failure.status));
          if (clientBody === undefined) return;
          const shown = Buffer.from(clientBody).toString();
          assert.doesNotMatch(shown, /sk-0123456789abcdef/);
          assert.equal(JSON.parse(shown).error.type, 'invalid_request_error');
        }),
        { numRuns: 300 },
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
            (name === 'x-api-key' && value === 'sk-test'),
        );
        const open: Record<string, string> = {};
        provider.authorize(open, '', dialect);
        assert.ok(!('authorization' in open || 'x-api-key' in open));
      }
      const sent: Record<string, string> = { 'content-type': 'application/json' };
      provider.authorize(sent, 'sk-test');
      assert.deepEqual(sent, { 'content-type': 'application/json', authorization: 'Bearer sk-test' });
      const none: Record<string, string> = {};
      provider.authorize(none, '');
      assert.deepEqual(none, {});
    });

    it('has a secure address for every region, without a trailing slash', () => {
      const urls = [provider.baseUrl(), ...provider.regions.map((region) => provider.baseUrl(region))];
      for (const url of urls) {
        if (url === undefined) {
          assert.equal(provider.id, 'openai-compatible');
          continue;
        }
        const { protocol, search, hash, username } = new URL(url);
        assert.equal(protocol, provider.id === 'simulator' ? 'http:' : 'https:');
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
          const url = addressOf(provider, dialect, baseUrl) ?? assert.fail(`${dialect} in ${region}`);
          assert.equal(new URL(url).origin, new URL(baseUrl).origin);
          assert.match(new URL(url).pathname, /^\/[a-z0-9/-]*[a-z]$/);
        }
      }
      for (const path of Object.values(provider.speaks))
        if (typeof path === 'string') assert.match(path, /^\/[a-z/-]*[a-z]$/);
      for (const variable of provider.variables) assert.match(variable, /^[A-Z][A-Z_]+$/);
      assert.equal(new Set(provider.models).size, provider.models.length);
    });
  });
}
