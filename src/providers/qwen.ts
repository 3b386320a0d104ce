/**
 * Alibaba Cloud Model Studio (DashScope, Bailian). One account is one Alibaba main account in one region; secrets of
 * one region answer 401 in another.
 * Sources: https://help.aliyun.com/model-studio/base-url ,
 * https://www.alibabacloud.com/help/en/model-studio/rate-limiting-best-practices
 */

import { QWEN_RULES } from './classify-qwen.ts';
import {
  authorizeMessagesToo,
  createOpenAICompatible,
  type OpenAICompatibleOptions,
} from './openai-compatible.ts';
import { beside, type Provider } from './provider.ts';
import { foldsSystem, noDeveloper } from './quirks.ts';
import { qwenLimits } from './qwen-limits.ts';

/**
 * Anthropic's messages have a path of their own beside the compatible one, on every host of Model Studio's, a
 * workspace's and a plan's included: https://www.alibabacloud.com/help/en/model-studio/anthropic-api-messages
 */
export const messagesBeside = (host: string): ReturnType<typeof beside> =>
  beside(new RegExp(`^(${host})(?:/compatible-mode)?/v1$`, 'i'), '$1/apps/anthropic/v1/messages');

/**
 * Reranking stands beside the compatible path, in the language of Cohere for the models of now and in Model Studio's own for
 * the others: https://www.alibabacloud.com/help/en/model-studio/text-rerank-api
 */
export const rerankBeside = (host: string): Provider['speaks'] => {
  const compatible = new RegExp(`^(${host})/compatible-mode/v1$`, 'i');
  return {
    rerank: beside(compatible, '$1/compatible-api/v1/reranks'),
    'dashscope-rerank': beside(compatible, '$1/api/v1/services/rerank/text-rerank/text-rerank'),
  };
};

const OWN_RERANK = /^gte-|-vl-/;
/** Completions are for the coders alone: https://help.aliyun.com/zh/model-studio/completions */
const COMPLETES = /-coder/;

/** Shared with the simulator, which answers in Model Studio's place. */
export const QWEN_WAYS = {
  forwardHeaders: [
    'x-dashscope-wait-timeout',
    'x-dashscope-cachecontrol',
    'x-dashscope-useragent',
    'x-dashscope-authtype',
    'x-dashscope-datainspection',
    'x-dashscope-session-cache',
  ],
  // Of the growth of a rate only, not of its limits; 3 to 120 s:
  // https://www.alibabacloud.com/help/en/model-studio/rate-limiting-best-practices
  waitHeader: 'x-dashscope-wait-timeout',
  chatWays: {
    // https://help.aliyun.com/zh/model-studio/qwen-function-calling
    functionsOnly: true,
    // https://help.aliyun.com/zh/model-studio/deep-thinking ; those that only think, or never do, refuse the switch.
    thinks: 'enable_thinking',
    thinkers: /^(?!qwen-(?:max|vl|mt|long)|qwen2|qwq|qvq)(?!.*(?:coder|instruct|thinking|-ocr))/i,
    // https://help.aliyun.com/zh/model-studio/context-cache , https://help.aliyun.com/zh/model-studio/qwen-api-reference
    knows: ['top_k', 'repetition_penalty', 'cache_control'],
    // "[0, 2)": https://help.aliyun.com/zh/model-studio/qwen-api-reference
    temperatureBelow: 2,
  },
  foldsSystem: true,
  // https://help.aliyun.com/zh/model-studio/partial-mode
  continues: { 'openai-chat': { mark: 'partial' } },
  rules: QWEN_RULES,
  limits: qwenLimits,
  // "Only float is supported": https://docs.qwencloud.com/api-reference/text-embedding/openai-embedding
  floatsOnly: true,
  serves(dialect, upstreamModel) {
    if (dialect === 'rerank') return !OWN_RERANK.test(upstreamModel);
    if (dialect === 'dashscope-rerank') return OWN_RERANK.test(upstreamModel);
    return dialect !== 'openai-completions' || COMPLETES.test(upstreamModel);
  },
  // Some models answer in streams alone: https://docs.qwencloud.com/resources/faq-text-generation
  streamsPlain: true,
  // "RPS = RPM/60, TPS = TPM/60": https://help.aliyun.com/zh/model-studio/rate-limit
  enforcesSeconds: true,
  models: [
    'qwen3-max',
    'qwen3-max-2025-09-23',
    'qwen3-max-preview',
    'qwen3.7-max',
    'qwen3.7-plus',
    'qwen3.5-plus',
    'qwen3.5-flash',
    'qwen-max',
    'qwen-plus',
    'qwen-flash',
    'qwen-turbo',
    'qwen3-coder-plus',
    'qwen3-coder-flash',
    'qwen3-vl-plus',
  ],
} as const satisfies Partial<OpenAICompatibleOptions>;

const ANY_HOST = 'https://[a-z0-9-]+(?:\\.[a-z0-9-]+)*\\.aliyuncs\\.com';

export const qwen: Provider = createOpenAICompatible({
  ...QWEN_WAYS,
  id: 'qwen',
  name: 'Alibaba Cloud Model Studio',
  speaksToo: {
    'anthropic-messages': messagesBeside(ANY_HOST),
    ...rerankBeside(ANY_HOST),
    // Not of the coding plan's: https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-openai-responses
    'openai-responses': beside(new RegExp(`^(${ANY_HOST}/compatible-mode/v1)$`, 'i'), '$1/responses'),
  },
  authorize: authorizeMessagesToo,
  forwardHeaders: [...QWEN_WAYS.forwardHeaders, 'anthropic-version'],
  variables: ['DASHSCOPE_API_KEY', 'QWEN_API_KEY'],
  baseUrl: {
    singapore: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    beijing: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    virginia: 'https://dashscope-us.aliyuncs.com/compatible-mode/v1',
    'hong-kong': 'https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1',
    'coding-plan': 'https://coding-intl.dashscope.aliyuncs.com/v1',
    'coding-plan-beijing': 'https://coding.dashscope.aliyuncs.com/v1',
    'token-plan': 'https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1',
    'token-plan-beijing': 'https://token-plan.cn-beijing.maas.aliyuncs.com/compatible-mode/v1',
  },
  addressForms: ['https://{workspace}.{region}.maas.aliyuncs.com/compatible-mode/v1'],
  quirks: [
    noDeveloper('proma-ai/Proma#1496, haru/redmine_ai_helper#242'),
    foldsSystem('QwenLM/Qwen#2244'),
    {
      what: 'Between dialects a wish for thinking is `enable_thinking` with `thinking_budget`, where the model has the switch.',
      source: 'https://help.aliyun.com/zh/model-studio/deep-thinking',
    },
    {
      what: 'It refuses a `temperature` of 2: between dialects it stays just below.',
      source: 'https://help.aliyun.com/zh/model-studio/qwen-api-reference',
    },
    {
      what: 'Some models answer in streams alone: plain answers are asked for as streams and put together.',
      source: 'https://docs.qwencloud.com/resources/faq-text-generation',
    },
    {
      what: 'Limits of a minute hold per second too, and a rate must grow slowly: both are kept before a call is sent.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/rate-limiting-best-practices',
    },
    {
      what: 'An error inside a stream comes as an event with its status in a comment: it is read as one, and moves the call.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/error-code',
    },
    {
      what: 'Embeddings come as numbers alone: base64, which libraries ask for by themselves, is made of them here.',
      source: 'https://docs.qwencloud.com/api-reference/text-embedding/openai-embedding',
    },
    {
      what: 'Reranking has a place and a language for the models of now, and others for the older ones: both are spoken.',
      source: 'https://www.alibabacloud.com/help/en/model-studio/text-rerank-api',
    },
    {
      what: 'An answer that broke off goes on from its beginning, marked `partial`.',
      source: 'https://help.aliyun.com/zh/model-studio/partial-mode',
    },
  ],
  sources: [
    'https://www.alibabacloud.com/help/en/model-studio/base-url',
    'https://www.alibabacloud.com/help/en/model-studio/rate-limit',
    'https://help.aliyun.com/en/model-studio/more-tools',
  ],
});
