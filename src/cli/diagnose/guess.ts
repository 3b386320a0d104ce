/**
 * Whose refusal is it? Guessed from marks that only one provider leaves: its host, its headers, the shape of its body,
 * its codes. A mark that others may leave as well (a model's name) makes it likely and no more.
 */

import type { HeaderMap } from '../../base/fetch.ts';
import { providers } from '../../providers/index.ts';
import type { Provider } from '../../providers/provider.ts';

export type Guess = { readonly provider: string; readonly sure: boolean; readonly why: string };

type Mark = {
  readonly provider: string;
  readonly pattern: RegExp;
  readonly why: string;
  /** Others may leave it as well. */
  readonly likely?: true;
};

const hostOf = (provider: Provider, region?: string): string => {
  const url = provider.baseUrl(region);
  return url === undefined ? '' : new URL(url).host;
};

const HOSTS: readonly (readonly [host: string, provider: string])[] = [
  ...providers
    .filter(({ id }) => id !== 'simulator')
    .flatMap((provider) =>
      (provider.regions.length === 0 ? [undefined] : provider.regions).map((region): [string, string] => [
        hostOf(provider, region),
        provider.id,
      ]),
    )
    .filter(([host]) => host !== ''),
  ['maas.aliyuncs.com', 'qwen'],
  ['coding.dashscope.aliyuncs.com', 'qwen'],
  ['help.aliyun.com', 'qwen'],
  ['www.alibabacloud.com/help', 'qwen'],
  ['openai.azure.com', 'openai-compatible'],
  ['api.moonshot.cn', 'moonshot'],
  ['platform.moonshot.', 'moonshot'],
  ['api.z.ai', 'zhipu'],
  ['open.bigmodel.cn', 'zhipu'],
  ['console.groq.com', 'groq'],
  ['console.x.ai', 'xai'],
  ['ai.google.dev', 'gemini'],
  ['aiplatform.googleapis.com', 'gemini'],
];

/** Documentation that OpenAI's imitators print as well. */
const LIKELY_HOSTS: readonly (readonly [host: string, provider: string])[] = [
  ['platform.openai.com', 'openai'],
  ['help.openai.com', 'openai'],
];

const HEADERS: readonly (readonly [name: RegExp, provider: string])[] = [
  [/^anthropic-(?:ratelimit|organization)/, 'anthropic'],
  [/^x-dashscope-/, 'qwen'],
  [/^req-(?:arrive|cost)-time$/, 'qwen'],
  [/^openai-(?:organization|processing-ms|project)$/, 'openai'],
  [/^x-groq-/, 'groq'],
  [/^(?:azureml-model-|apim-request-id|x-ms-region)/, 'openai-compatible'],
  [/^x-ds-trace-id$/, 'deepseek'],
];

const BODY: readonly Mark[] = [
  { provider: 'gemini', pattern: /type\.googleapis\.com/, why: "the details are Google's (`@type`)" },
  { provider: 'gemini', pattern: /"status":\s*"[A-Z]{4}[A-Z_]*"/, why: "the status word is Google's" },
  {
    provider: 'openai-compatible',
    pattern: /pricing tier\b.*|under Azure OpenAI API|DeploymentNotFound/,
    why: "the wording is Azure's",
  },
  {
    provider: 'qwen',
    pattern:
      /"(?:Throttling(?:\.\w+)?|limit_requests|limit_burst_rate|LimitRequests|AllocationQuota\.\w+|Arrearage|(?:Pre|Post)paidBillOverdue|CommodityNotPurchased|InvalidApiKey|DataInspectionFailed|data_inspection_failed|AccessDenied\.Unpurchased)"/,
    why: "the code is Model Studio's",
  },
  { provider: 'qwen', pattern: /:HTTP_STATUS\/\d/, why: 'only Model Studio tells the status in a comment' },
  {
    provider: 'moonshot',
    pattern: /"(?:rate_limit_reached_error|exceeded_current_quota_error)"|<ak-/,
    why: "the code is Moonshot's",
  },
  {
    provider: 'moonshot',
    pattern: /organization max (?:RPM|TPM|TPD|concurrency)|current token quota/i,
    why: "the wording is Moonshot's",
  },
  {
    provider: 'zhipu',
    pattern: /"code":\s*"?1[0-3]\d\d"?\s*[,}]/,
    why: "the code is a number of Zhipu's",
  },
  { provider: 'anthropic', pattern: /"type":\s*"error"/, why: "the envelope is Anthropic's" },
  { provider: 'anthropic', pattern: /"request_id":\s*"req_01/, why: "the request id is Anthropic's" },
  { provider: 'openrouter', pattern: /"provider_name"/, why: '`provider_name` stands in the details' },
  {
    provider: 'mistral',
    pattern: /service_tier_capacity_exceeded/,
    why: "the code is Mistral's",
  },
  { provider: 'deepseek', pattern: /"Insufficient Balance"/, why: "the wording is DeepSeek's" },
  {
    provider: 'qwen',
    pattern: /"request_id":\s*"[0-9a-f]{8}-[0-9a-f]{4}-/,
    why: "a `request_id` stands in the body, as Model Studio's does",
  },
];

/** A model may be served by others than its maker, and an SDK speaks to any server. */
const NAMES: readonly Mark[] = [
  { provider: 'qwen', pattern: /\bqw(?:en|q)[\w.-]*/i, why: 'a Qwen model', likely: true },
  { provider: 'qwen', pattern: /\bdashscope\b/i, why: '`dashscope`', likely: true },
  { provider: 'anthropic', pattern: /\bclaude-/i, why: 'a Claude model', likely: true },
  { provider: 'anthropic', pattern: /\banthropic\b/i, why: '`anthropic`', likely: true },
  {
    provider: 'gemini',
    pattern: /\bgemini-|\bgoogle[.-]genai\b/i,
    why: 'a Gemini model or SDK',
    likely: true,
  },
  { provider: 'openai', pattern: /\bgpt-[345o]|\bo[134]-/i, why: 'a GPT model', likely: true },
  { provider: 'deepseek', pattern: /\bdeepseek\b/i, why: '`deepseek`', likely: true },
  { provider: 'moonshot', pattern: /\b(?:kimi-|moonshot)/i, why: 'a Kimi model', likely: true },
  { provider: 'zhipu', pattern: /\bglm-\d/i, why: 'a GLM model', likely: true },
  { provider: 'groq', pattern: /\bgroq\b/i, why: '`groq`', likely: true },
  { provider: 'mistral', pattern: /\b(?:mistral|codestral)\b/i, why: 'a Mistral model', likely: true },
  { provider: 'xai', pattern: /\bgrok-\d/i, why: 'a Grok model', likely: true },
  { provider: 'openrouter', pattern: /\bopenrouter\b/i, why: '`openrouter`', likely: true },
];

/** What marks say, the surest first; each provider once. Several sure ones contradict each other: none is sure then. */
export function guessProviders(text: string, body: string, headers: HeaderMap): readonly Guess[] {
  const found: Guess[] = [
    ...hostGuesses(text, HOSTS, true),
    ...HEADERS.flatMap(([name, provider]) => {
      const header = Object.keys(headers).find((given) => name.test(given));
      return header === undefined ? [] : [{ provider, sure: true, why: `the header \`${header}\`` }];
    }),
    ...BODY.filter(({ pattern }) => pattern.test(body)).map(guessOf),
    ...hostGuesses(text, LIKELY_HOSTS, false),
    ...NAMES.filter(({ pattern }) => pattern.test(text)).map(guessOf),
  ];
  const first = new Map<string, Guess>();
  for (const guess of found) if (!first.has(guess.provider)) first.set(guess.provider, guess);
  return [...first.values()];
}

const guessOf = ({ provider, why, likely }: Mark): Guess => ({ provider, why, sure: likely !== true });

const hostGuesses = (text: string, hosts: readonly (readonly [string, string])[], sure: boolean): Guess[] => {
  const lower = text.toLowerCase();
  return hosts
    .filter(([host]) => lower.includes(host))
    .map(([host, provider]) => ({ provider, sure, why: `the address ${host}` }));
};
