/**
 * Which providers have what is no chat, in OpenAI's or Cohere's languages, below the address of everything else. The table
 * only says whom to ask: which of its models can do it, the provider answers. Places of their own stand in its file.
 */

import type { TaskDialectId } from '../domain/call.ts';

/** https://platform.openai.com/docs/api-reference ; of reranking: https://docs.cohere.com/reference/rerank */
const PLACES = {
  completions: ['openai-completions', '/completions'],
  embeddings: ['openai-embeddings', '/embeddings'],
  rerank: ['rerank', '/rerank'],
  images: ['openai-images', '/images/generations'],
  'image-edits': ['openai-image-edits', '/images/edits'],
  'image-variations': ['openai-image-variations', '/images/variations'],
  speech: ['openai-speech', '/audio/speech'],
  transcriptions: ['openai-transcriptions', '/audio/transcriptions'],
  translations: ['openai-translations', '/audio/translations'],
  moderations: ['openai-moderations', '/moderations'],
} as const satisfies Record<string, readonly [TaskDialectId, string]>;

type Place = keyof typeof PLACES;

/** Of servers of which nothing is known but that they are like OpenAI's; what they lack they answer with 404. */
const ALL = Object.keys(PLACES) as Place[];

const TASKS: Readonly<Record<string, readonly Place[]>> = {
  'openai-compatible': ALL,
  // Only some of it is Model Studio's: the rest is there for trying.
  simulator: ALL,
  // https://platform.openai.com/docs/api-reference
  openai: [
    ...(['completions', 'embeddings', 'moderations', 'speech', 'transcriptions', 'translations'] as const),
    ...(['images', 'image-edits', 'image-variations'] as const),
  ],
  // https://help.aliyun.com/zh/model-studio/completions , https://docs.qwencloud.com/api-reference/text-embedding/openai-embedding
  qwen: ['completions', 'embeddings'],
  // https://docs.mistral.ai/api/endpoint/embeddings , https://docs.mistral.ai/api/endpoint/classifiers ,
  // https://docs.mistral.ai/api/endpoint/audio/transcriptions
  mistral: ['embeddings', 'moderations', 'transcriptions'],
  // https://docs.bigmodel.cn/openapi/openapi-en.json , https://docs.z.ai/api-reference/audio/audio-transcriptions
  zhipu: ['embeddings', 'rerank', 'images', 'speech', 'moderations', 'transcriptions'],
  // https://openrouter.ai/docs/api_reference/embeddings
  openrouter: ['completions', 'embeddings', 'rerank'],
  // https://docs.together.ai/reference
  together: ['completions', 'embeddings', 'rerank', 'images', 'speech', 'transcriptions', 'translations'],
  // https://docs.fireworks.ai/api-reference
  fireworks: ['completions', 'embeddings', 'rerank'],
  // https://docs.siliconflow.cn/en/api-reference
  siliconflow: ['embeddings', 'rerank', 'images', 'speech', 'transcriptions'],
  // https://docs.cohere.com/docs/compatibility-api
  cohere: ['embeddings'],
  // https://console.groq.com/docs/text-to-speech , https://console.groq.com/docs/speech-to-text
  groq: ['speech', 'transcriptions', 'translations'],
  // https://docs.x.ai/docs/guides/image-generations
  xai: ['images'],
  // https://docs.api.nvidia.com/nim/reference
  nvidia: ['embeddings'],
  // https://docs.ollama.com/api/openai-compatibility
  ollama: ['completions', 'embeddings'],
  // https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
  vllm: ['completions', 'embeddings', 'rerank', 'transcriptions', 'translations'],
  // https://lmstudio.ai/docs/developer/openai-compat
  'lm-studio': ['completions', 'embeddings'],
  // https://www.volcengine.com/docs/82379/1521766 , https://www.volcengine.com/docs/82379/1541523
  volcengine: ['embeddings', 'images'],
  // https://cloud.baidu.com/doc/qianfan-api/s/Fm7u3ropn
  qianfan: ['embeddings', 'rerank', 'images'],
  // https://cloud.tencent.com/document/product/1729/111007
  hunyuan: ['embeddings'],
  // https://platform.stepfun.ai/docs/en/api-reference
  stepfun: ['images', 'speech'],
  // https://inference-docs.cerebras.ai/api-reference/completions
  cerebras: ['completions'],
};

/** By the provider's id. */
export const tasksOf = (provider: string): Readonly<Partial<Record<TaskDialectId, string>>> =>
  Object.hasOwn(TASKS, provider)
    ? Object.fromEntries((TASKS[provider] ?? []).map((place) => PLACES[place]))
    : {};
