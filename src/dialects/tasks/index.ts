/** Every dialect of a task that is no chat, and which of them are relatives. */

import type { Task, TaskDialectId } from '../../domain/call.ts';
import type { Wire } from '../dialect.ts';
import { openaiCompletions } from '../openai-completions/openai-completions.ts';
import { openaiEmbeddings } from './embeddings.ts';
import { type Family, familyOf } from './family.ts';
import {
  openaiImageEdits,
  openaiImageVariations,
  openaiTranscriptions,
  openaiTranslations,
} from './forms.ts';
import { geminiBatchEmbeddings, geminiEmbeddings } from './gemini-embeddings.ts';
import { openaiImages, openaiModerations, openaiSpeech } from './media.ts';
import { dashscopeRerank, rerank } from './rerank.ts';

export const taskDialects = {
  'openai-completions': openaiCompletions,
  'openai-embeddings': openaiEmbeddings,
  'gemini-embeddings': geminiEmbeddings,
  'gemini-batch-embeddings': geminiBatchEmbeddings,
  rerank,
  'dashscope-rerank': dashscopeRerank,
  'openai-images': openaiImages,
  'openai-speech': openaiSpeech,
  'openai-moderations': openaiModerations,
  'openai-transcriptions': openaiTranscriptions,
  'openai-translations': openaiTranslations,
  'openai-image-edits': openaiImageEdits,
  'openai-image-variations': openaiImageVariations,
} as const satisfies Record<TaskDialectId, Wire>;

/** The first that a provider speaks is asked. */
const FAMILIES: Readonly<Partial<Record<Task, Family>>> = {
  embeddings: familyOf(
    [openaiEmbeddings, geminiBatchEmbeddings, geminiEmbeddings],
    ({ inputs }, { vectors }) => inputs.length === vectors.length,
  ),
  rerank: familyOf([rerank, dashscopeRerank]),
};

/** Undefined where a task has but one language, or can be asked of a chat. */
export const familyFor = (task: Task | undefined): Family | undefined =>
  task === undefined ? undefined : FAMILIES[task];
