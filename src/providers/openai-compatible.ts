/**
 * Any server that speaks OpenAI's chat completions. The factory holds what such providers share, so that a provider
 * is its address, its variables and its rules; `openaiCompatible` itself is for servers without a file of their own
 * and needs a base URL.
 */

import { createClassifier } from './classify.ts';
import { OPENAI_RULES } from './classify-openai.ts';
import { QWEN_RULES_ABROAD } from './classify-qwen.ts';
import type { Provider, PublishedLimits } from './provider.ts';
import type { Rule } from './refusal-rule.ts';
import { tasksOf } from './task-paths.ts';
import { toldBy } from './told.ts';

export type OpenAICompatibleOptions = {
  readonly id: string;
  readonly name: string;
  readonly variables?: readonly string[];
  /** One address, or one per region, the default first. */
  readonly baseUrl?: string | Readonly<Record<string, string>>;
  /** Dialects beside the chat completions, and beside what stands in the table of tasks. */
  readonly speaksToo?: Provider['speaks'];
  readonly strangersIn?: NonNullable<Provider['strangersIn']>;
  readonly authorize?: Provider['authorize'];
  readonly outputField?: NonNullable<Provider['outputField']>;
  readonly continues?: NonNullable<Provider['continues']>;
  readonly chatWays?: NonNullable<Provider['chatWays']>;
  readonly foldsSystem?: true;
  readonly forwardHeaders?: readonly string[];
  readonly waitHeader?: string;
  /** Its own rules; the common ones follow. When not given, OpenAI's are a guess. */
  readonly rules?: readonly Rule[];
  /** Where its headers mean something else than the usual. */
  readonly readTold?: Provider['readTold'];
  readonly limits?: (model: string, region?: string) => PublishedLimits | undefined;
  readonly streamsPlain?: boolean;
  readonly enforcesSeconds?: boolean;
  readonly prepaid?: boolean;
  readonly models?: readonly string[];
  readonly floatsOnly?: true;
  readonly quirks?: Provider['quirks'];
  readonly addressForms?: readonly string[];
  readonly regionVariables?: readonly string[];
  readonly regionByVariable?: NonNullable<Provider['regionByVariable']>;
  readonly sources?: readonly string[];
  readonly serves?: NonNullable<Provider['serves']>;
};

export function createOpenAICompatible(options: OpenAICompatibleOptions): Provider {
  const { id, name, baseUrl } = options;
  const byRegion: Readonly<Record<string, string>> = typeof baseUrl === 'object' ? baseUrl : {};
  const regions = Object.keys(byRegion);
  const [defaultRegion = ''] = regions;
  return {
    id,
    name,
    variables: options.variables ?? [],
    regions,
    baseUrl: (region = defaultRegion) =>
      typeof baseUrl === 'string' ? baseUrl : Object.hasOwn(byRegion, region) ? byRegion[region] : undefined,
    speaks: { 'openai-chat': '/chat/completions', ...tasksOf(id), ...options.speaksToo },
    ...(options.strangersIn === undefined ? {} : { strangersIn: options.strangersIn }),
    forwardHeaders: options.forwardHeaders ?? [],
    ...(options.outputField === undefined ? {} : { outputField: options.outputField }),
    ...(options.chatWays === undefined ? {} : { chatWays: options.chatWays }),
    ...(options.foldsSystem === undefined ? {} : { foldsSystem: options.foldsSystem }),
    ...(options.continues === undefined ? {} : { continues: options.continues }),
    ...(options.waitHeader === undefined ? {} : { waitHeader: options.waitHeader }),
    authorize: options.authorize ?? authorizeByBearer,
    classify:
      options.rules === undefined
        ? createClassifier(id, QWEN_RULES_ABROAD, OPENAI_RULES)
        : createClassifier(id, options.rules),
    readTold: options.readTold ?? toldBy,
    limits: (model, region = defaultRegion) => options.limits?.(model, region),
    streamsPlain: options.streamsPlain ?? false,
    enforcesSeconds: options.enforcesSeconds ?? false,
    prepaid: options.prepaid ?? false,
    models: options.models ?? [],
    ...(options.floatsOnly === undefined ? {} : { floatsOnly: options.floatsOnly }),
    quirks: options.quirks ?? [],
    addressForms: options.addressForms ?? [],
    regionVariables: options.regionVariables ?? [],
    sources: options.sources ?? [],
    ...(options.regionByVariable === undefined ? {} : { regionByVariable: options.regionByVariable }),
    ...(options.serves === undefined ? {} : { serves: options.serves }),
  };
}

/** A local server without a secret is asked without one. */
export const authorizeByBearer: Provider['authorize'] = (headers, secret) => {
  if (secret !== '') headers['authorization'] = `Bearer ${secret}`;
};

/** Demanded with every message, for clients that name none: https://docs.claude.com/en/api/versioning */
export const MESSAGES_VERSION = '2023-06-01';

/** For those who take Anthropic's messages with the same header as everything else. */
export const authorizeMessagesToo: Provider['authorize'] = (headers, secret, dialect) => {
  authorizeByBearer(headers, secret);
  if (dialect === 'anthropic-messages') headers['anthropic-version'] ??= MESSAGES_VERSION;
};

/** For those who take Anthropic's messages with Anthropic's own header. */
export const authorizeMessagesByKey: Provider['authorize'] = (headers, secret, dialect) => {
  if (dialect !== 'anthropic-messages') return authorizeByBearer(headers, secret);
  if (secret !== '') headers['x-api-key'] = secret;
  headers['anthropic-version'] ??= MESSAGES_VERSION;
};

export const openaiCompatible: Provider = createOpenAICompatible({
  id: 'openai-compatible',
  name: 'OpenAI-compatible server',
  addressForms: ['https://host/v1'],
});
