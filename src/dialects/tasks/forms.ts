/**
 * Tasks whose question has files in it, as OpenAI has them. Only the short fields of the form are read; the form itself is
 * sent from where it lies.
 * Sources: https://platform.openai.com/docs/api-reference/audio/createTranscription ,
 * https://platform.openai.com/docs/api-reference/images/createEdit
 */

import { pictureEvents, transcriptEvents } from './media.ts';
import { createTask } from './task-dialect.ts';

/** `response_format` text, srt and vtt: providers call them by different names, but never JSON, and a page is none. */
const TEXTS = /^(?:text\/(?!event-stream|html)|application\/(?:x-subrip|octet-stream)\b)/;

const TRANSCRIPTION = {
  task: 'transcription',
  needs: {},
  answers: ['text', 'segments'],
  maxOutputTokens: Infinity,
  opaque: TEXTS,
  form: true,
} as const;

export const openaiTranscriptions = createTask({
  ...TRANSCRIPTION,
  id: 'openai-transcriptions',
  path: '/audio/transcriptions',
  streamsBy: ['stream', true],
  asEvents: transcriptEvents,
});

export const openaiTranslations = createTask({
  ...TRANSCRIPTION,
  id: 'openai-translations',
  path: '/audio/translations',
});

const PICTURE = {
  task: 'images',
  answers: ['data', 'images'],
  maxOutputTokens: Infinity,
  form: true,
} as const;

export const openaiImageEdits = createTask({
  ...PICTURE,
  id: 'openai-image-edits',
  path: '/images/edits',
  needs: { prompt: 'text' },
  streamsBy: ['stream', true],
  asEvents: pictureEvents('image_edit.completed'),
});

export const openaiImageVariations = createTask({
  ...PICTURE,
  id: 'openai-image-variations',
  path: '/images/variations',
  needs: {},
});
