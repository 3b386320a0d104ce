/** The table that the classifier was built to: a refusal per row, what it is, whom it touches and how sure that is. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Confidence, Failure, FailureKind, FailureScope } from '../domain/failure.ts';
import { providers } from './index.ts';
import { classify, corpus } from './refusals.suite.ts';

type Verdict = `${FailureKind} ${FailureScope} ${Confidence}`;

/** By row; what a row says of several codes stands as several verdicts, and all of them are met in the corpus. */
const ACCEPTED: Readonly<Record<number, readonly [what: string, ...verdicts: Verdict[]]>> = {
  1: ['Model Studio: requests', 'rpm channel high'],
  2: ['Model Studio: throttling without more', 'overload channel high'],
  3: ['Model Studio: tokens, in the words of billing', 'tpm channel high'],
  4: ['Model Studio: batch capacity', 'overload model medium'],
  5: ['Model Studio: free trial over', 'free_tier channel medium'],
  6: ['Model Studio: a plan’s window', 'plan account medium'],
  7: ['Model Studio: 400 of voices', 'upstream_rejected request high'],
  8: ['Model Studio: free tier only', 'free_tier channel high'],
  9: ['Model Studio: 403 insufficient_quota', 'free_tier channel high'],
  10: ['Model Studio: growth', 'burst channel high'],
  11: ['Model Studio: in flight', 'concurrency channel high'],
  12: ['Model Studio: capacity as 429', 'overload model high'],
  13: ['Model Studio: capacity as 503', 'overload model high'],
  14: ['Model Studio: arrears', 'balance account high'],
  15: ['Model Studio: budget', 'balance account high'],
  16: ['Model Studio: rights', 'no_access channel high'],
  17: ['Model Studio: secret', 'auth secret high'],
  18: ['Model Studio: model', 'model_missing channel high'],
  19: ['Model Studio: content', 'content_refused request high'],
  20: ['Model Studio: parameters', 'upstream_rejected request high', 'upstream_rejected request low'],
  21: ['Model Studio: 500', 'upstream_error channel high'],
  22: ['Model Studio: in the stream', 'rpm channel high', 'tpm channel high'],
  23: ['OpenAI: minute', 'rpm channel high', 'tpm channel high'],
  24: ['OpenAI: growth', 'burst channel high'],
  25: ['OpenAI: money', 'balance account high'],
  26: ['OpenAI and Groq: larger than the limit', 'too_large request medium'],
  27: ['OpenAI: overload', 'overload model high'],
  28: ['Azure: tokens', 'tpm channel medium'],
  29: ['Anthropic: minute', 'rpm channel medium', 'tpm channel high', 'tpm channel medium'],
  30: ['Anthropic: window of a subscription', 'plan account high'],
  31: ['Anthropic: money', 'balance account high'],
  32: ['Anthropic: long context', 'too_large request medium'],
  33: ['Anthropic: overload', 'overload model high'],
  34: ['Gemini: minute', 'rpm channel high', 'tpm channel high'],
  35: ['Gemini: day', 'day channel high'],
  36: ['Gemini: limit 0', 'free_tier channel high', 'free_tier channel medium'],
  37: ['Gemini: day with a stamp', 'day channel high'],
  38: ['Gemini: overload', 'overload model high'],
  39: ['DeepSeek: money', 'balance account high'],
  40: ['DeepSeek: in flight', 'concurrency account high'],
  41: ['DeepSeek: overload', 'overload model medium'],
  42: ['Moonshot: minute', 'concurrency account medium', 'rpm account medium', 'tpm account medium'],
  43: ['Moonshot: day', 'day account medium'],
  44: ['Moonshot: overload', 'overload model high'],
  45: ['Moonshot: money, as 429 or 403', 'balance account high'],
  46: [
    'Zhipu, by number',
    'concurrency channel high',
    'rpm channel high',
    'overload channel high',
    'plan account high',
    'balance account high',
  ],
  47: ['any: a ban as 429', 'banned account medium'],
  48: ['any: first event of a 200', 'rpm channel medium', 'unknown channel low'],
  49: ['a relay: saturated', 'overload channel medium', 'overload channel high'],
  50: ['any: unknown 429', 'unknown channel low'],
  51: [
    'another Sluice',
    'rpm channel high',
    'overload channel high',
    'upstream_error channel high',
    'auth secret high',
  ],
};

const verdictOf = ({ kind, scope, options }: Failure): string => `${kind} ${scope} ${options.confidence}`;

describe('the table of refusals', () => {
  for (const [row, [what, ...verdicts]] of Object.entries(ACCEPTED))
    it(`row ${row}, ${what}: ${verdicts.join(', ')}`, () => {
      const met = corpus
        .filter(([, recorded]) => recorded.row === Number(row))
        .map(([, recorded]) => verdictOf(classify(recorded)));
      assert.deepEqual([...new Set(met)].sort(), [...verdicts].sort());
    });

  it('has every row that a recorded answer claims', () => {
    const claimed = corpus.flatMap(([, { row }]) => (row === undefined ? [] : [row]));
    assert.equal(Object.keys(ACCEPTED).length, 51);
    assert.deepEqual(
      [...new Set(claimed)].sort((a, b) => a - b),
      Object.keys(ACCEPTED).map(Number),
    );
  });
});

const verdictsOn = (status: number, body: string): Readonly<Record<string, string>> =>
  Object.fromEntries(providers.map(({ id }) => [id, verdictOf(classify({ provider: id, status, body }))]));

/** What DeepSeek and Groq say by the status alone, by their documents; Mistral's 429 is nearly always its rate. */
const BARE: Readonly<Record<number, { readonly [provider: string]: string; readonly all: string }>> = {
  400: { all: 'upstream_rejected request low' },
  401: { all: 'auth secret low' },
  402: { all: 'balance account medium', deepseek: 'balance account high' },
  403: { all: 'no_access channel low' },
  404: { all: 'model_missing channel low' },
  408: { all: 'upstream_error channel low' },
  413: { all: 'upstream_rejected request low' },
  429: {
    all: 'unknown channel low',
    deepseek: 'concurrency account high',
    mistral: 'rpm channel medium',
  },
  498: { all: 'unknown channel low', groq: 'overload model low' },
  500: { all: 'upstream_error channel low', deepseek: 'overload model medium' },
  502: { all: 'upstream_error channel low' },
  503: { all: 'overload channel low', deepseek: 'overload model medium' },
  529: { all: 'overload model low' },
};

describe('an answer that says nothing', () => {
  for (const [status, { all, ...own }] of Object.entries(BARE))
    it(`means ${all} when it is ${status}, empty or not`, () => {
      const expected = Object.fromEntries(providers.map(({ id }) => [id, own[id] ?? all]));
      for (const body of ['', ' \r\n', '\uFEFF', '{}', '[]', 'null', '""', '{"error":{}}', '{"error":""}'])
        assert.deepEqual(verdictsOn(Number(status), body), expected, JSON.stringify(body));
    });
});

/** What a client may have written, in the words that mean money, plans, days and bans elsewhere. */
const ECHOES = [
  'Explain what a quota is',
  'You exceeded your current quota, please check your plan and billing details.',
  'Free allocated quota exceeded. Your token-plan 1-week quota has been exhausted.',
  'The postpaid bill is overdue; your credit balance is too low to access the Anthropic API',
  'insufficient_quota insufficient_user_quota enforced_spend_limit_reached Arrearage',
  'user quota is not enough, 该令牌额度已用尽, 当前分组上游负载已饱和',
  'insufficient balance (1008), usage limit exceeded (2056), free-models-per-day, limit: 0',
  'Your access was terminated, your account has been deactivated, Incorrect API key provided',
  '{"error":{"code":"Arrearage","type":"insufficient_quota"}}',
  'PerDay per day monthly TPD RPD; the daily quota resets at 10-15 16:00:00 UTC',
];

const LASTING: ReadonlySet<string> = new Set(['balance', 'plan', 'day', 'free_tier', 'banned', 'auth']);

describe('words of a client in an answer', () => {
  for (const { id } of providers)
    it(`are no word of the provider's: ${id}`, () => {
      for (const echo of ECHOES)
        for (const status of [400, 422]) {
          const message = `Invalid value for messages[0].content: '${echo}'`;
          for (const body of [
            { error: { message, type: 'invalid_request_error', param: 'messages', code: null } },
            { error: { message, code: 'invalid_value', type: 'invalid_request_error' } },
            { code: 'InvalidParameter', message },
            { error: { code: status, message, status: 'INVALID_ARGUMENT' } },
            { type: 'error', error: { type: 'invalid_request_error', message } },
            { error: message },
            { detail: [{ loc: ['body'], msg: message, input: echo }] },
            message,
          ]) {
            const { kind } = classify({ provider: id, status, body });
            assert.equal(kind, 'upstream_rejected', `${status} ${JSON.stringify(body)}`);
          }
        }
    });

  it('close no account where the provider quotes what it would not serve', () => {
    const echo = 'my account has been banned, my access was terminated, the account is disabled';
    for (const { id } of providers)
      for (const quoted of [`"${echo}"`, `'${echo}'`, `“${echo}”`])
        for (const code of ['content_policy_violation', 'moderation', null]) {
          const body = { error: { message: `Your input was flagged: ${quoted}`, type: code, code } };
          const { rule } = classify({ provider: id, status: 403, body });
          assert.ok(rule.switchesOff !== true, `${id} ${JSON.stringify(body)}`);
        }
  });

  it('do not make a lasting refusal of one for now, nor of a fault', () => {
    for (const { id } of providers)
      for (const status of [429, 500, 503]) {
        const message = "Could not serve 'Explain what a quota is, and what insufficient_quota means'";
        const { kind } = classify({ provider: id, status, body: { error: { message } } });
        assert.ok(!LASTING.has(kind), `${id} ${status} ${kind}`);
      }
  });
});
