/**
 * Alibaba Cloud Model Studio (DashScope, Bailian). One account is one Alibaba main account in one region; secrets of
 * one region answer 401 in another.
 * Sources: https://help.aliyun.com/model-studio/base-url ,
 * https://www.alibabacloud.com/help/en/model-studio/rate-limiting-best-practices
 */

import { QWEN_RULES } from './classify-qwen.ts';
import { createOpenAICompatible, type OpenAICompatibleOptions } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { qwenLimits } from './qwen-limits.ts';
import { tasksAt } from './task-paths.ts';

const COMPATIBLE = '/compatible-mode/v1';

/**
 * What has a path of its own beside the compatible one, on every host of Model Studio's, a workspace's included: Anthropic's
 * messages (https://www.alibabacloud.com/help/en/model-studio/anthropic-api-messages) and reranking, in two languages
 * (https://www.alibabacloud.com/help/en/model-studio/text-rerank-api). Of images and speech there is no path like OpenAI's.
 */
export function besideCompatible(hosts: RegExp): Provider['speaks'] {
  const at =
    (path: string) =>
    (baseUrl: string): string | undefined => {
      const origin = baseUrl.slice(0, -COMPATIBLE.length);
      return baseUrl.endsWith(COMPATIBLE) && hosts.test(origin) ? origin + path : undefined;
    };
  return {
    'anthropic-messages': at('/apps/anthropic/v1/messages'),
    rerank: at('/compatible-api/v1/reranks'),
    'dashscope-rerank': at('/api/v1/services/rerank/text-rerank/text-rerank'),
  };
}

/** Reranked by its other path: https://www.alibabacloud.com/help/en/model-studio/text-rerank-api */
const NATIVE_RERANK = /^gte-|-vl-/;
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
  // https://help.aliyun.com/zh/model-studio/partial-mode
  continues: { 'openai-chat': { mark: 'partial' } },
  rules: QWEN_RULES,
  limits: qwenLimits,
  // "Only float is supported": https://docs.qwencloud.com/api-reference/text-embedding/openai-embedding
  floatsOnly: true,
  serves(dialect, upstreamModel) {
    if (dialect === 'rerank') return !NATIVE_RERANK.test(upstreamModel);
    if (dialect === 'dashscope-rerank') return NATIVE_RERANK.test(upstreamModel);
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

export const qwen: Provider = createOpenAICompatible({
  ...QWEN_WAYS,
  id: 'qwen',
  name: 'Alibaba Cloud Model Studio',
  speaksToo: {
    ...tasksAt('openai-embeddings', 'openai-completions'),
    ...besideCompatible(/^https:\/\/[a-z0-9.-]+\.aliyuncs\.com$/i),
  },
  variables: ['DASHSCOPE_API_KEY'],
  baseUrl: {
    singapore: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    beijing: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    virginia: 'https://dashscope-us.aliyuncs.com/compatible-mode/v1',
    'hong-kong': 'https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1',
  },
});
