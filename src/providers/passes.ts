/**
 * What providers have beside their models: files, batches and other objects, by their paths below the base URL. They are
 * passed through as they are, always to the account that has the object.
 */

import type { DialectId } from '../domain/call.ts';

/** By the dialect whose headers and errors hold there. */
export type Passes = Readonly<Partial<Record<DialectId, readonly string[]>>>;

const FILES_AND_BATCHES: Passes = { 'openai-chat': ['/files', '/batches'] };

const PASSES: Readonly<Record<string, Passes>> = {
  // Not the administration (`/organization`), which no client of a relay may reach:
  // https://platform.openai.com/docs/api-reference
  openai: {
    'openai-chat': [
      ...['/files', '/batches', '/uploads', '/fine_tuning', '/vector_stores', '/assistants', '/threads'],
      ...['/containers', '/evals', '/conversations', '/videos'],
    ],
  },
  // https://docs.claude.com/en/api/creating-message-batches , https://docs.claude.com/en/api/files-create
  anthropic: { 'anthropic-messages': ['/messages/batches', '/files'] },
  // What such a server has is for the configuration to say.
  'anthropic-compatible': { 'anthropic-messages': [] },
  // https://help.aliyun.com/zh/model-studio/batch-interfaces-compatible-with-openai
  qwen: FILES_AND_BATCHES,
  simulator: FILES_AND_BATCHES,
  // https://console.groq.com/docs/api-reference
  groq: FILES_AND_BATCHES,
  // https://platform.moonshot.ai/docs/api/files , https://platform.kimi.ai/docs/api/batch-create
  moonshot: FILES_AND_BATCHES,
  // https://docs.bigmodel.cn/cn/guide/tools/batch
  zhipu: FILES_AND_BATCHES,
  // https://docs.siliconflow.cn/cn/api-reference/batch/create-batch
  siliconflow: FILES_AND_BATCHES,
  // Its batches are jobs: https://docs.mistral.ai/api/
  mistral: { 'openai-chat': ['/files', '/batch', '/fine_tuning'] },
};

const NOTHING: Passes = {};

/** By the id of a provider; nothing for one that has no such things, or of which nobody knows. */
export const passesOf = (provider: string): Passes => PASSES[provider] ?? NOTHING;
