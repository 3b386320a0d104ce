/** Pictures, speech and moderation as OpenAI has them: https://platform.openai.com/docs/api-reference */

import { createTask } from './task-dialect.ts';

export const openaiImages = createTask({
  id: 'openai-images',
  task: 'images',
  path: '/images/generations',
  needs: { prompt: 'text' },
  // Zhipu and most others: `data`; SiliconFlow says both.
  answers: ['data', 'images'],
  maxOutputTokens: Infinity,
  streamsBy: ['stream', true],
});

export const openaiSpeech = createTask({
  id: 'openai-speech',
  task: 'speech',
  path: '/audio/speech',
  needs: { input: 'text' },
  answers: [],
  // Sound is counted in no tokens, but for the few models that say so in their stream.
  maxOutputTokens: 0,
  streamsBy: ['stream_format', 'sse'],
  opaque: /^(?:audio|video)\/|^application\/(?:octet-stream|ogg)\b/,
});

export const openaiModerations = createTask({
  id: 'openai-moderations',
  task: 'moderations',
  path: '/moderations',
  needs: { input: 'text or list' },
  answers: ['results'],
  maxOutputTokens: 0,
});
