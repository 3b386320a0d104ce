/**
 * What a key may be kept to: chats, one of the tasks, one dialect of either, the objects of accounts, or what is shown of
 * the relay itself. The list of models is open to every key.
 */

import type { ClientKey, DialectId, Task } from './call.ts';
import { DEFAULT_TENANT } from './tenancy.ts';

/** Where a request comes in. */
export type Endpoint = DialectId | 'objects' | 'live';

const GROUPS = {
  'openai-chat': 'chat',
  'openai-responses': 'chat',
  'anthropic-messages': 'chat',
  gemini: 'chat',
  'openai-completions': 'completions',
  'openai-embeddings': 'embeddings',
  'gemini-embeddings': 'embeddings',
  'gemini-batch-embeddings': 'embeddings',
  rerank: 'rerank',
  'dashscope-rerank': 'rerank',
  'openai-images': 'images',
  'openai-image-edits': 'images',
  'openai-image-variations': 'images',
  'openai-speech': 'speech',
  'openai-moderations': 'moderations',
  'openai-transcriptions': 'transcription',
  'openai-translations': 'transcription',
  objects: 'objects',
  live: 'live',
} as const satisfies Record<Endpoint, Task | 'chat' | 'objects' | 'live'>;

/** The words that `endpoints` of a key may hold: groups first. */
export const ENDPOINT_WORDS: readonly string[] = [
  ...new Set([...Object.values(GROUPS), ...Object.keys(GROUPS)]),
];

export const reachesEndpoint = (
  { endpoints, tenant = DEFAULT_TENANT }: Pick<ClientKey, 'endpoints' | 'tenant'>,
  endpoint: Endpoint,
): boolean => {
  // What is shown of the relay itself tells of everybody's traffic: other tenants must have been let in by name.
  if (endpoints === undefined) return endpoint !== 'live' || tenant === DEFAULT_TENANT;
  return endpoints.includes(endpoint) || endpoints.includes(GROUPS[endpoint]);
};
