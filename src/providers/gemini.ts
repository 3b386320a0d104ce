/**
 * Google's Gemini, through its OpenAI-compatible endpoint.
 * Source: https://ai.google.dev/gemini-api/docs/openai
 */

import { GEMINI_RULES } from './classify-gemini.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { tasksAt } from './task-paths.ts';

export const gemini: Provider = createOpenAICompatible({
  id: 'gemini',
  name: 'Google Gemini',
  variables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  // https://ai.google.dev/gemini-api/docs/openai
  speaksToo: tasksAt('openai-embeddings', 'openai-images'),
  rules: GEMINI_RULES,
  models: ['gemini-3-pro-preview', 'gemini-2.5-pro', 'gemini-2.5-flash', 'gemini-2.5-flash-lite'],
});
