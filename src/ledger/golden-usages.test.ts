/**
 * What answers of six providers cost, from the usage as each of them tells it, at the prices of the shipped catalogue
 * and worked out by hand. An amount that is counted twice, or in the wrong tier, changes a digit here.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readUsage as anthropic } from '../dialects/anthropic-messages/wire.ts';
import { readUsage as gemini } from '../dialects/gemini/wire.ts';
import { readUsage as openaiChat } from '../dialects/openai-chat/wire.ts';
import { readUsage as openaiResponses } from '../dialects/openai-responses/wire.ts';
import { decimalOf } from '../domain/cost.ts';
import { USUAL_MONEY } from '../domain/money.ts';
import { totalTokens, type Usage } from '../domain/usage.ts';
import { shippedChannel } from '../testing/priced-channel.ts';
import { createPricing } from './pricing.ts';

type Golden = {
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  readonly region?: string;
  readonly read: (usage: unknown) => Usage | undefined;
  /** As the provider sent it. */
  readonly usage: object;
  /** Its own total of it, where it tells one; all amounts together must be that. */
  readonly total?: number;
  /** Dollars. */
  readonly costs: string;
  readonly at?: string;
};

const QUIET = '2026-11-26T12:00:00Z';

const GOLDEN: readonly Golden[] = [
  {
    name: 'OpenAI chat: cached input is part of the prompt, thoughts are part of the completion',
    ...{ provider: 'openai', model: 'gpt-5', read: openaiChat },
    usage: {
      ...{ prompt_tokens: 2_006, completion_tokens: 300, total_tokens: 2_306 },
      prompt_tokens_details: { cached_tokens: 1_920, audio_tokens: 0 },
      completion_tokens_details: {
        ...{ reasoning_tokens: 256, audio_tokens: 0 },
        ...{ accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
      },
    },
    total: 2_306,
    // 86 x 1.25 + 1,920 x 0.125 + 300 x 10 = 107.5 + 240 + 3,000
    costs: '0.0033475',
  },
  {
    name: 'OpenAI responses: the same under other names',
    ...{ provider: 'openai', model: 'gpt-5', read: openaiResponses },
    usage: {
      ...{ input_tokens: 81, output_tokens: 1_035, total_tokens: 1_116 },
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 832 },
    },
    total: 1_116,
    // 81 x 1.25 + 1,035 x 10
    costs: '0.01045125',
  },
  {
    name: 'OpenAI: the whole call at the price of long input',
    ...{ provider: 'openai', model: 'gpt-5.4', read: openaiChat },
    usage: {
      ...{ prompt_tokens: 272_000, completion_tokens: 1_000, total_tokens: 273_000 },
      prompt_tokens_details: { cached_tokens: 200_000 },
    },
    total: 273_000,
    // Above 271,999: 72,000 x 5 + 200,000 x 0.5 + 1,000 x 22.5
    costs: '0.4825',
  },
  {
    name: 'Anthropic: input is told without the cache, and writes for an hour apart',
    ...{ provider: 'anthropic', model: 'claude-sonnet-4-5', read: anthropic },
    usage: {
      ...{ input_tokens: 2_048, cache_creation_input_tokens: 248, cache_read_input_tokens: 1_800 },
      ...{ output_tokens: 503, service_tier: 'standard' },
      cache_creation: { ephemeral_5m_input_tokens: 148, ephemeral_1h_input_tokens: 100 },
    },
    total: 4_599,
    // 2,048 x 3 + 148 x 3.75 + 100 x 6 + 1,800 x 0.3 + 503 x 15 = 6,144 + 555 + 600 + 540 + 7,545
    costs: '0.015384',
  },
  {
    name: 'Anthropic: what is read from the cache counts for the tier',
    ...{ provider: 'anthropic', model: 'claude-sonnet-4-5', read: anthropic },
    usage: {
      ...{ input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 200_000 },
      output_tokens: 10,
    },
    total: 200_011,
    // Above 200,000: 1 x 6 + 200,000 x 0.6 + 10 x 22.5
    costs: '0.120231',
  },
  {
    name: 'Gemini: thoughts stand beside the candidates, cached input is part of the prompt',
    ...{ provider: 'gemini', model: 'gemini-2.5-pro', read: gemini },
    usage: {
      ...{ promptTokenCount: 10_248, cachedContentTokenCount: 8_192, candidatesTokenCount: 120 },
      ...{ thoughtsTokenCount: 1_005, totalTokenCount: 11_373 },
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 10_248 }],
      cacheTokensDetails: [{ modality: 'TEXT', tokenCount: 8_192 }],
    },
    total: 11_373,
    // 2,056 x 1.25 + 8,192 x 0.125 + 1,125 x 10 = 2,570 + 1,024 + 11,250
    costs: '0.014844',
  },
  {
    name: 'Gemini: above 200,000 tokens all of it is dearer',
    ...{ provider: 'gemini', model: 'gemini-2.5-pro', read: gemini },
    usage: { promptTokenCount: 200_001, candidatesTokenCount: 1_000, totalTokenCount: 201_001 },
    total: 201_001,
    // 200,001 x 2.5 + 1,000 x 15
    costs: '0.5150025',
  },
  {
    name: 'DeepSeek: hits and misses together are the prompt',
    ...{ provider: 'deepseek', model: 'deepseek-v4-pro', read: openaiChat, at: QUIET },
    usage: {
      ...{ prompt_tokens: 4_096, completion_tokens: 900, total_tokens: 4_996 },
      ...{ prompt_cache_hit_tokens: 3_072, prompt_cache_miss_tokens: 1_024 },
      prompt_tokens_details: { cached_tokens: 3_072 },
      completion_tokens_details: { reasoning_tokens: 640 },
    },
    total: 4_996,
    // 1,024 x 0.66 + 3,072 x 0.022 + 900 x 1.98 = 675.84 + 67.584 + 1,782
    costs: '0.002525424',
  },
  {
    name: 'DeepSeek: twice as dear in its busy hours, by the moment at which the call ends',
    ...{ provider: 'deepseek', model: 'deepseek-v4-pro', read: openaiChat, at: '2026-11-26T07:00:00Z' },
    usage: {
      prompt_tokens: 1_000,
      completion_tokens: 1_000,
      total_tokens: 2_000,
      prompt_cache_hit_tokens: 0,
    },
    total: 2_000,
    // 1,000 x 1.32 + 1,000 x 3.96
    costs: '0.00528',
  },
  {
    name: 'Qwen: creation and hits of an explicit cache',
    ...{ provider: 'qwen', model: 'qwen3-max', region: 'singapore', read: openaiChat },
    usage: {
      ...{ prompt_tokens: 3_019, completion_tokens: 104, total_tokens: 3_123 },
      prompt_tokens_details: {
        ...{ cached_tokens: 1_024, cache_creation_input_tokens: 1_500, cache_type: 'ephemeral' },
        cache_creation: { ephemeral_5m_input_tokens: 1_500 },
      },
    },
    total: 3_123,
    // 495 x 1.2 + 1,024 x 0.24 + 1,500 x 1.5 + 104 x 6 = 594 + 245.76 + 2,250 + 624
    costs: '0.00371376',
  },
  {
    name: 'Qwen: 32,000 tokens are still of the first tier',
    ...{ provider: 'qwen', model: 'qwen3-max', region: 'singapore', read: openaiChat },
    usage: { prompt_tokens: 32_000, completion_tokens: 1, total_tokens: 32_001 },
    // 32,000 x 1.2 + 6
    costs: '0.038406',
  },
  {
    name: 'Qwen: one more, cached as it may be, and all of it is of the second',
    ...{ provider: 'qwen', model: 'qwen3-max', region: 'singapore', read: openaiChat },
    usage: {
      ...{ prompt_tokens: 32_001, completion_tokens: 1, total_tokens: 32_002 },
      prompt_tokens_details: { cached_tokens: 32_000 },
    },
    // 1 x 2.4 + 32,000 x 0.48 + 12
    costs: '0.0153744',
  },
  {
    name: 'Qwen: the third tier, up to what the model takes',
    ...{ provider: 'qwen', model: 'qwen3-max', region: 'singapore', read: openaiChat },
    usage: { prompt_tokens: 252_000, completion_tokens: 1_000, total_tokens: 253_000 },
    // 252,000 x 3 + 1,000 x 15
    costs: '0.771',
  },
  {
    name: 'Qwen: all output at the price of thinking once it has thought',
    ...{ provider: 'qwen', model: 'qwen-plus', region: 'singapore', read: openaiChat },
    usage: {
      ...{ prompt_tokens: 256_000, completion_tokens: 2_000, total_tokens: 258_000 },
      completion_tokens_details: { reasoning_tokens: 1_500, text_tokens: 500 },
    },
    // 256,000 x 0.4 + 2,000 x 4
    costs: '0.1104',
  },
  {
    name: 'Qwen in Beijing: yuan, at 0.1436 dollars',
    ...{ provider: 'qwen', model: 'qwen-plus', region: 'beijing', read: openaiChat },
    usage: { prompt_tokens: 128_001, completion_tokens: 1_000, total_tokens: 129_001 },
    // Above 128,000: (128,001 x 2.4 + 1,000 x 20) x 0.1436 = 327,202.4 x 0.1436 = 46,986.26464
    costs: '0.046986265',
  },
  {
    name: 'Moonshot: its cached tokens stand beside the prompt, of which they are part',
    ...{ provider: 'moonshot', model: 'kimi-k2.6', region: 'international', read: openaiChat },
    usage: { prompt_tokens: 1_900, completion_tokens: 210, total_tokens: 2_110, cached_tokens: 1_792 },
    total: 2_110,
    // 108 x 0.95 + 1,792 x 0.16 + 210 x 4 = 102.6 + 286.72 + 840
    costs: '0.00122932',
  },
];

describe('a usage as it was told', () => {
  for (const { name, provider, model, region, read, usage, total, costs, at = QUIET } of GOLDEN)
    it(name, () => {
      const told = read(usage);
      assert.ok(told !== undefined);
      if (total !== undefined) assert.equal(totalTokens(told), total);
      const channel = shippedChannel(provider, model, region === undefined ? {} : { region });
      const charged = (priceFactor: string): bigint | null =>
        createPricing({
          ...{ now: () => Date.parse(at), usualRates: { CNY: '0.1436' } },
          settings: () => ({ ...USUAL_MONEY, priceFactor }),
        }).costOf({ key: { id: 'k' }, served: model, channel, usage: told, free: false }).chargedNano;
      const nano = charged('1');
      assert.equal(nano === null ? null : decimalOf(nano), costs);
      // A half is exact where there is no odd billionth.
      if (nano !== null && nano % 2n === 0n) assert.equal(charged('0.5'), nano / 2n);
    });

  it('of a model that nobody has a price of costs what nobody knows', () => {
    const channel = shippedChannel('openai', 'no-such-model');
    const told = openaiChat({ prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 });
    const pricing = createPricing({ now: () => 0, usualRates: {}, settings: () => USUAL_MONEY });
    assert.ok(told !== undefined);
    const money = pricing.costOf({ key: { id: 'k' }, served: 'm', channel, usage: told, free: false });
    assert.deepEqual([money.listNano, money.upstreamNano, money.chargedNano], [null, null, null]);
  });
});
