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

const COMPATIBLE = '/compatible-mode/v1';

/**
 * Anthropic's messages have a path of their own beside the compatible one, on every host of Model Studio's, a
 * workspace's included: https://www.alibabacloud.com/help/en/model-studio/anthropic-api-messages
 */
export const messagesBeside =
  (hosts: RegExp) =>
  (baseUrl: string): string | undefined => {
    const origin = baseUrl.slice(0, -COMPATIBLE.length);
    return baseUrl.endsWith(COMPATIBLE) && hosts.test(origin)
      ? `${origin}/apps/anthropic/v1/messages`
      : undefined;
  };

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
    // https://help.aliyun.com/zh/model-studio/deep-thinking ; those that only think, or never do, refuse the switch.
    thinks: 'enable_thinking',
    thinkers: /^(?!qwen-max|qwen2|qwen-mt|qwq|qvq)(?!.*(?:coder|instruct|thinking|-ocr))/,
    // https://help.aliyun.com/zh/model-studio/context-cache , https://help.aliyun.com/zh/model-studio/qwen-api-reference
    knows: ['top_k', 'repetition_penalty', 'cache_control'],
    // "[0, 2)": https://help.aliyun.com/zh/model-studio/qwen-api-reference
    temperatureBelow: 2,
  },
  // "expected `user` or `assistant`": https://github.com/QwenLM/Qwen/issues/2244
  foldsSystem: true,
  // https://help.aliyun.com/zh/model-studio/partial-mode
  continues: { 'openai-chat': { mark: 'partial' } },
  rules: QWEN_RULES,
  limits: qwenLimits,
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
  speaksToo: { 'anthropic-messages': messagesBeside(/^https:\/\/[a-z0-9.-]+\.aliyuncs\.com$/i) },
  variables: ['DASHSCOPE_API_KEY'],
  baseUrl: {
    singapore: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    beijing: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    virginia: 'https://dashscope-us.aliyuncs.com/compatible-mode/v1',
    'hong-kong': 'https://cn-hongkong.dashscope.aliyuncs.com/compatible-mode/v1',
  },
});
