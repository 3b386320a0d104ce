import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Failure } from '../domain/failure.ts';
import { providerOf } from './index.ts';

/** Recorded answers and what they mean; `fixtures/` holds one file each, the source inside. */
type Recorded = {
  readonly provider: string;
  readonly status: number;
  readonly phase?: 'head' | 'stream';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly expect: Readonly<Record<string, unknown>> & { readonly kind: string };
  readonly source: string;
};

/** 2026-10-01T00:00:00Z */
const NOW_MS = 1_790_812_800_000;

const FOLDER = new URL('./fixtures/', import.meta.url);
const corpus = readdirSync(FOLDER).map((file): [string, Recorded] => [
  file.replace('.json', ''),
  JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')),
]);

function classify(recorded: Recorded, body = recorded.body): Failure {
  const provider = providerOf(recorded.provider);
  assert.ok(provider !== undefined, recorded.provider);
  return provider.classify({
    status: recorded.status,
    headers: recorded.headers ?? {},
    body: typeof body === 'string' ? body : JSON.stringify(body),
    phase: recorded.phase ?? 'head',
    nowMs: NOW_MS,
  });
}

function verdictOf(failure: Failure, expected: Recorded['expect']): Record<string, unknown> {
  const known: Record<string, unknown> = {
    ...failure.options,
    kind: failure.kind,
    scope: failure.scope,
    status: failure.status,
  };
  return Object.fromEntries(Object.keys(expected).map((name) => [name, known[name]]));
}

const SUFFIX = ' For details, see: https://www.alibabacloud.com/help/en/model-studio/error-code';

/** The same refusal as a gateway might have rewritten it. */
function variantsOf(value: unknown): unknown[] {
  return [
    rebuilt(value, { reverse: true }),
    rebuilt(value, { drop: /request_?id/i }),
    rebuilt(value, { suffix: SUFFIX }),
  ];
}

function rebuilt(value: unknown, how: { reverse?: boolean; drop?: RegExp; suffix?: string }): unknown {
  if (Array.isArray(value)) return value.map((item) => rebuilt(item, how));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name]) => how.drop?.test(name) !== true)
    .map(([name, item]): [string, unknown] => [
      name,
      name === 'message' && typeof item === 'string' ? item + (how.suffix ?? '') : rebuilt(item, how),
    ]);
  return Object.fromEntries(how.reverse === true ? entries.reverse() : entries);
}

describe('the corpus of refusals', () => {
  it('is large, and every file says where it comes from', () => {
    assert.ok(corpus.length >= 70);
    for (const [name, { source }] of corpus) assert.ok(source.length > 3, name);
  });

  for (const [name, recorded] of corpus) {
    it(`${name} means ${recorded.expect.kind}`, () => {
      const failure = classify(recorded);
      assert.deepEqual(verdictOf(failure, recorded.expect), recorded.expect, failure.message);
      for (const body of variantsOf(recorded.body)) {
        const variant = classify(recorded, body);
        assert.deepEqual(verdictOf(variant, recorded.expect), recorded.expect, JSON.stringify(body));
      }
    });
  }

  it('gives every minute limit back within two minutes and never a bench hint to money', () => {
    for (const [name, recorded] of corpus) {
      const { kind, options } = classify(recorded);
      if (kind === 'rpm' || kind === 'tpm' || kind === 'burst')
        assert.ok((options.retryAfterMs ?? 0) <= 120_000 && options.resetAtMs === undefined, name);
      if (kind === 'balance' || kind === 'auth' || kind === 'free_tier')
        assert.equal(options.retryAfterMs ?? options.resetAtMs, undefined, name);
    }
  });
});

describe('a failure of a provider', () => {
  const refuse = (provider: string, status: number, body: unknown): Failure =>
    classify({ provider, status, body, expect: { kind: '' }, source: '' });

  it('speaks in our words and names the code', () => {
    const failure = refuse('qwen', 429, {
      error: { code: 'insufficient_quota', message: 'quota of acct-7 at 10.0.0.3' },
    });
    assert.equal(failure.message, 'qwen: tokens per minute are used up (429 insufficient_quota)');
  });

  it('shows a client its own mistake in the words of the provider, cleaned', () => {
    const message =
      'Bad field x, see https://help.aliyun.com/a?b=1 not http://gw.internal:8080/v1 key sk-abcdef0123456789 Bearer abc.def at 10.1.2.3:99';
    const failure = refuse('qwen', 400, {
      error: { message, code: 'invalid_parameter_error', param: 'messages[0].content' },
    });
    assert.equal(failure.kind, 'upstream_rejected');
    assert.equal(failure.options.param, 'messages[0].content');
    assert.deepEqual(JSON.parse(Buffer.from(failure.options.clientBody ?? []).toString()), {
      error: {
        message:
          'Bad field x, see https://help.aliyun.com/a?b=1 not [address] key [redacted] [redacted] at [address]',
        type: 'invalid_request_error',
        param: 'messages[0].content',
        code: 'invalid_parameter_error',
      },
    });
  });

  it('tells a client whose content was refused so in OpenAI’s word, whatever the status was', () => {
    const failure = refuse('openrouter', 403, { error: { message: 'Your input was flagged', code: 403 } });
    assert.equal(failure.status, 400);
    assert.equal(
      JSON.parse(Buffer.from(failure.options.clientBody ?? []).toString()).error.code,
      'content_filter',
    );
  });

  it('does not believe a retry hint of a day for a limit of a minute', () => {
    const { options } = classify({
      provider: 'openai',
      status: 429,
      headers: { 'retry-after': '86400' },
      body: { error: { code: 'rate_limit_exceeded', type: 'requests', message: 'Rate limit reached.' } },
      expect: { kind: 'rpm' },
      source: '',
    });
    assert.equal(options.retryAfterMs, 120_000);
  });

  it('takes no word inside a message for a structure', () => {
    const failure = refuse('qwen', 400, {
      error: {
        code: 'invalid_parameter_error',
        message: "Unknown value 'You exceeded your current quota' in messages",
      },
    });
    assert.equal(failure.kind, 'upstream_rejected');
  });
});
