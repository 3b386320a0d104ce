import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FAILURES, type Failure } from '../domain/failure.ts';
import { providers } from './index.ts';
import { classify, corpus, type Recorded, VARIANTS } from './refusals.suite.ts';

function verdictOf(failure: Failure, expected: Recorded['expect']): Record<string, unknown> {
  const known: Record<string, unknown> = {
    ...failure.options,
    kind: failure.kind,
    scope: failure.scope,
    status: failure.status,
  };
  return Object.fromEntries(Object.keys(expected).map((name) => [name, known[name]]));
}

const essenceOf = ({ kind, scope, options }: Failure): unknown => ({
  kind,
  scope,
  resetAtMs: options.resetAtMs,
  retryAfterMs: options.retryAfterMs,
});

describe('the corpus of refusals', () => {
  it('is large, and every file says where it comes from', () => {
    assert.ok(corpus.length >= 280);
    for (const [name, { source }] of corpus) assert.ok(source.length > 3, name);
  });

  for (const [name, recorded] of corpus) {
    it(`${name} means ${recorded.expect.kind}`, () => {
      const failure = classify(recorded);
      assert.deepEqual(verdictOf(failure, recorded.expect), recorded.expect, failure.message);
    });
  }

  for (const [how, rewrite] of Object.entries(VARIANTS))
    it(`means the same ${how}`, () => {
      let tried = 0;
      for (const [name, recorded] of corpus) {
        const body = rewrite(recorded.body);
        if (body === undefined) continue;
        tried++;
        assert.deepEqual(
          essenceOf(classify(recorded, body)),
          essenceOf(classify(recorded)),
          `${name} ${how}`,
        );
      }
      assert.ok(tried > 100, String(tried));
    });

  it('means the same on an account of the provider that it came from', () => {
    let tried = 0;
    for (const [name, recorded] of corpus) {
      const provider = providers.find(({ id }) => name.startsWith(`${id}-`))?.id;
      if (provider === undefined || provider === recorded.provider) continue;
      tried++;
      assert.deepEqual(essenceOf(classify({ ...recorded, provider })), essenceOf(classify(recorded)), name);
    }
    assert.ok(tried > 25, String(tried));
  });

  it('is as sure of a verdict as the evidence is', () => {
    for (const [name, recorded] of corpus) {
      const { kind, options } = classify(recorded);
      assert.ok(options.confidence !== undefined, name);
      assert.equal(options.sample !== undefined, kind === 'unknown', name);
      if (kind === 'unknown') assert.equal(options.confidence, 'low', name);
      if (recorded.body === '' && recorded.headers === undefined && recorded.provider !== 'deepseek')
        assert.equal(options.confidence, 'low', name);
    }
  });

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
    classify({ provider, status, body });

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

  it('tells a client whose call is too large the two numbers, and not whose limit it was', () => {
    for (const [name, recorded] of corpus) {
      const { kind, options } = classify(recorded);
      if (kind !== 'too_large') continue;
      const shown = Buffer.from(options.clientBody ?? []).toString();
      assert.doesNotMatch(shown, /org[-_]|organi[sz]ation|tier|console/i, name);
      assert.equal(JSON.parse(shown).error.code, 'context_length_exceeded');
    }
    const failure = refuse('openai', 429, {
      error: {
        code: 'rate_limit_exceeded',
        message: 'Request too large in organization acme: Limit 3, Requested 4',
      },
    });
    assert.match(Buffer.from(failure.options.clientBody ?? []).toString(), /Limit 3, requested 4\./);
  });

  it('that no rule knows comes with a sample for the log', () => {
    const { options } = refuse('qwen', 429, { error: { code: 'new', message: 'of jane@mail.example' } });
    assert.equal(options.sample, '429 {"error":{"code":"new","message":"of [address]"}}');
    assert.equal(refuse('qwen', 429, { code: 'Throttling' }).options.sample, undefined);
  });

  it('is surer of a code than of words, and surer where the provider is known', () => {
    const money = { error: { code: 'insufficient_quota', message: 'm' } };
    assert.equal(refuse('openai', 429, money).options.confidence, 'high');
    assert.equal(refuse('openai-compatible', 429, money).options.confidence, 'medium');
    assert.equal(refuse('qwen', 429, { code: 'BudgetLimitExceeded' }).options.confidence, 'high');
    assert.equal(
      refuse('qwen', 429, { error: 'The postpaid bill is overdue.' }).options.confidence,
      'medium',
    );
    assert.equal(refuse('qwen', 500, '').options.confidence, 'low');
    assert.equal(refuse('qwen', 429, '').options.confidence, 'low');
  });

  it('of another Sluice is read by its own word, not by its text', () => {
    const theirs = (kind: string, status: number, provider = 'openai-compatible'): Failure =>
      classify({
        provider,
        status,
        headers: { 'x-sluice-failure': kind },
        body: {
          error: { message: 'quota not enough', type: 'rate_limit_error', code: 'insufficient_quota' },
        },
      });
    for (const { id } of providers)
      for (const kind of Object.keys(FAILURES)) {
        const { kind: ours, scope, options } = theirs(kind, 503, id);
        assert.ok(!['balance', 'free_tier', 'banned', 'plan', 'day'].includes(ours), `${id} ${kind} ${ours}`);
        assert.ok(['request', 'channel', 'secret'].includes(scope), `${kind} ${scope}`);
        assert.equal(options.confidence, 'high');
      }
    assert.equal(theirs('queue_timeout', 503).kind, 'overload');
    assert.equal(theirs('exceeds_limits', 400).kind, 'too_large');
    assert.equal(theirs('made_up_later', 500).kind, 'upstream_error');
    assert.equal(theirs('<b>', 402).kind, 'balance');
  });

  it('does not believe a retry hint of a day for a limit of a minute', () => {
    const { options } = classify({
      provider: 'openai',
      status: 429,
      headers: { 'retry-after': '86400' },
      body: { error: { code: 'rate_limit_exceeded', type: 'requests', message: 'Rate limit reached.' } },
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
