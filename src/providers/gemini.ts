/**
 * Google's Gemini: its own dialect, and an endpoint for the clients of OpenAI chat beside it. Whoever speaks neither is
 * carried over into its own, which alone has thoughts with their seals, and all that its models can.
 * Sources: https://ai.google.dev/api , https://ai.google.dev/gemini-api/docs/openai
 */

import { GEMINI_RULES } from './classify-gemini.ts';
import {
  authorizeByBearer,
  createOpenAICompatible,
  type OpenAICompatibleOptions,
} from './openai-compatible.ts';
import type { Provider } from './provider.ts';

/** The base URL may be that of either endpoint. */
const COMPATIBLE = /\/openai$/;
const rootOf = (baseUrl: string): string => baseUrl.replace(COMPATIBLE, '');

/** Shared by all who answer in Gemini's dialect at a base URL like Google's. */
export const GEMINI_WAYS = {
  speaksToo: {
    'openai-chat': (baseUrl: string) => `${rootOf(baseUrl)}/openai/chat/completions`,
    gemini: (baseUrl: string) => `${rootOf(baseUrl)}/models`,
    // https://ai.google.dev/api/embeddings
    'gemini-embeddings': (baseUrl: string) => `${rootOf(baseUrl)}/models`,
    'gemini-batch-embeddings': (baseUrl: string) => `${rootOf(baseUrl)}/models`,
    // https://ai.google.dev/gemini-api/docs/openai
    'openai-embeddings': (baseUrl: string) => `${rootOf(baseUrl)}/openai/embeddings`,
    'openai-images': (baseUrl: string) => `${rootOf(baseUrl)}/openai/images/generations`,
  },
  strangersIn: 'gemini',
  authorize(headers, secret, dialect) {
    if (dialect?.startsWith('gemini') !== true) authorizeByBearer(headers, secret);
    else if (secret !== '') headers['x-goog-api-key'] = secret;
  },
  rules: GEMINI_RULES,
} as const satisfies Partial<OpenAICompatibleOptions>;

export const gemini: Provider = createOpenAICompatible({
  ...GEMINI_WAYS,
  id: 'gemini',
  name: 'Google Gemini',
  variables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  models: [
    'gemini-3.1-pro-preview',
    'gemini-3.8-flash',
    'gemini-3.5-flash',
    'gemini-3.5-flash-lite',
    'gemini-2.5-pro',
    'gemini-2.5-flash',
    'gemini-2.5-flash-lite',
  ],
  sources: ['https://ai.google.dev/api', 'https://ai.google.dev/gemini-api/docs/openai'],
});
