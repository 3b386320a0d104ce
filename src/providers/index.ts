/** Every provider, by id. */

import { anthropic } from './anthropic.ts';
import { deepseek } from './deepseek.ts';
import { gemini } from './gemini.ts';
import { groq } from './groq.ts';
import { mistral } from './mistral.ts';
import { moonshot } from './moonshot.ts';
import { openai } from './openai.ts';
import { openaiCompatible } from './openai-compatible.ts';
import { openrouter } from './openrouter.ts';
import type { Provider } from './provider.ts';
import { qwen } from './qwen.ts';
import { simulator } from './simulator.ts';
import { xai } from './xai.ts';
import { zhipu } from './zhipu.ts';

export const providers: readonly Provider[] = [
  qwen,
  openai,
  anthropic,
  gemini,
  deepseek,
  moonshot,
  zhipu,
  openrouter,
  groq,
  mistral,
  xai,
  openaiCompatible,
  simulator,
];

const BY_ID: ReadonlyMap<string, Provider> = new Map(providers.map((provider) => [provider.id, provider]));

export const providerOf = (id: string): Provider | undefined => BY_ID.get(id);
