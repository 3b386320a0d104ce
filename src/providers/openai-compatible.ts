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
import { EVERY_TASK } from './task-paths.ts';
import { toldBy } from './told.ts';

export type OpenAICompatibleOptions = {
  readonly id: string;
  readonly name: string;
  readonly variables?: readonly string[];
  /** One address, or one per region, the default first. */
  readonly baseUrl?: string | Readonly<Record<string, string>>;
  /** Dialects beside the chat completions. */
  readonly speaksToo?: Provider['speaks'];
  readonly authorize?: Provider['authorize'];
  readonly outputField?: NonNullable<Provider['outputField']>;
  readonly continues?: NonNullable<Provider['continues']>;
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
    speaks: { 'openai-chat': '/chat/completions', ...options.speaksToo },
    forwardHeaders: options.forwardHeaders ?? [],
    ...(options.outputField === undefined ? {} : { outputField: options.outputField }),
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
    ...(options.serves === undefined ? {} : { serves: options.serves }),
  };
}

/** A local server without a secret is asked without one. */
export const authorizeByBearer: Provider['authorize'] = (headers, secret) => {
  if (secret !== '') headers['authorization'] = `Bearer ${secret}`;
};

export const openaiCompatible: Provider = createOpenAICompatible({
  id: 'openai-compatible',
  name: 'OpenAI-compatible server',
  speaksToo: EVERY_TASK,
});
