/**
 * Groq. Source: https://console.groq.com/docs/errors , https://console.groq.com/docs/rate-limits
 */

import { OPENAI_RULES } from './classify-openai.ts';
import { createOpenAICompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import { tasksAt } from './task-paths.ts';
import { toldPerDay } from './told.ts';

export const groq: Provider = createOpenAICompatible({
  id: 'groq',
  name: 'Groq',
  variables: ['GROQ_API_KEY'],
  baseUrl: 'https://api.groq.com/openai/v1',
  // https://console.groq.com/docs/text-to-speech
  speaksToo: tasksAt('openai-speech', 'openai-transcriptions', 'openai-translations'),
  rules: [[{ status: 498 }, 'overload', { say: 'the flex tier is at its capacity' }], ...OPENAI_RULES],
  // Its x-ratelimit-…-requests are of the day, its …-tokens of the minute: https://console.groq.com/docs/rate-limits
  readTold: toldPerDay,
  models: ['llama-3.3-70b-versatile', 'llama-3.1-8b-instant', 'openai/gpt-oss-120b', 'openai/gpt-oss-20b'],
});
