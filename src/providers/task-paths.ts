/**
 * Where providers have what is no chat, below the address of everything else: the places are OpenAI's, which nearly all of
 * them took over, and a provider only says which of them it has. Models decide in the end: the table tells what to ask.
 * Source: https://platform.openai.com/docs/api-reference ; of `rerank`, https://docs.cohere.com/reference/rerank
 */

import type { TaskDialectId } from '../domain/call.ts';

const PLACES = {
  'openai-completions': '/completions',
  'openai-embeddings': '/embeddings',
  rerank: '/rerank',
  'openai-images': '/images/generations',
  'openai-speech': '/audio/speech',
  'openai-moderations': '/moderations',
  'openai-transcriptions': '/audio/transcriptions',
  'openai-translations': '/audio/translations',
  'openai-image-edits': '/images/edits',
  'openai-image-variations': '/images/variations',
} as const satisfies Partial<Record<TaskDialectId, string>>;

type Placed = keyof typeof PLACES;

/** For `speaksToo`. */
export const tasksAt = (...ids: readonly Placed[]): Readonly<Partial<Record<TaskDialectId, string>>> =>
  Object.fromEntries(ids.map((id) => [id, PLACES[id]]));

/** What servers have of which nothing is known but that they are like OpenAI's; what they lack they answer with 404. */
export const EVERY_TASK = tasksAt(
  'openai-embeddings',
  'rerank',
  'openai-images',
  'openai-speech',
  'openai-moderations',
  'openai-completions',
  'openai-transcriptions',
  'openai-translations',
  'openai-image-edits',
  'openai-image-variations',
);
