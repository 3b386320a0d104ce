/** Every provider, by id. */

import { anthropic } from './anthropic.ts';
import { anthropicCompatible } from './anthropic-compatible.ts';
import { azure } from './azure.ts';
import { bedrock } from './bedrock.ts';
import { cerebras } from './cerebras.ts';
import { cohere } from './cohere.ts';
import { deepseek } from './deepseek.ts';
import { fireworks } from './fireworks.ts';
import { gemini } from './gemini.ts';
import { geminiCompatible } from './gemini-compatible.ts';
import { groq } from './groq.ts';
import { hunyuan } from './hunyuan.ts';
import { lmStudio } from './lm-studio.ts';
import { minimax } from './minimax.ts';
import { mistral } from './mistral.ts';
import { moonshot } from './moonshot.ts';
import { nvidia } from './nvidia.ts';
import { ollama } from './ollama.ts';
import { openai } from './openai.ts';
import { openaiCompatible } from './openai-compatible.ts';
import { openrouter } from './openrouter.ts';
import { perplexity } from './perplexity.ts';
import type { Provider } from './provider.ts';
import { qianfan } from './qianfan.ts';
import { qwen } from './qwen.ts';
import { siliconflow } from './siliconflow.ts';
import { simulator } from './simulator.ts';
import { stepfun } from './stepfun.ts';
import { together } from './together.ts';
import { vertex } from './vertex.ts';
import { vllm } from './vllm.ts';
import { volcengine } from './volcengine.ts';
import { xai } from './xai.ts';
import { zhipu } from './zhipu.ts';

export const providers: readonly Provider[] = [
  qwen,
  openai,
  azure,
  anthropic,
  gemini,
  vertex,
  deepseek,
  moonshot,
  zhipu,
  minimax,
  volcengine,
  qianfan,
  hunyuan,
  siliconflow,
  stepfun,
  xai,
  mistral,
  groq,
  together,
  fireworks,
  cerebras,
  perplexity,
  cohere,
  nvidia,
  openrouter,
  bedrock,
  ollama,
  vllm,
  lmStudio,
  openaiCompatible,
  anthropicCompatible,
  geminiCompatible,
  simulator,
];

const BY_ID: ReadonlyMap<string, Provider> = new Map(providers.map((provider) => [provider.id, provider]));

export const providerOf = (id: string): Provider | undefined => BY_ID.get(id);
