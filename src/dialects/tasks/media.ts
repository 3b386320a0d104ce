/** Pictures, speech and moderation as OpenAI has them: https://platform.openai.com/docs/api-reference */

import { type JsonObject, parseJson } from '../../base/json.ts';
import { writeSseEvent } from '../../base/sse.ts';
import type { Wire } from '../dialect.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { createTask } from './task-dialect.ts';

const written = (event: JsonObject): Buffer => writeSseEvent(JSON.stringify(event), String(event['type']));

export const openaiImages: Wire = createTask({
  id: 'openai-images',
  task: 'images',
  path: '/images/generations',
  needs: { prompt: 'text' },
  // Some say `images`, or both: https://docs.siliconflow.cn/en/api-reference/images/images-generations
  answers: ['data', 'images'],
  maxOutputTokens: Infinity,
  streamsBy: ['stream', true],
  asEvents: pictureEvents('image_generation.completed'),
});

export const openaiSpeech: Wire = createTask({
  id: 'openai-speech',
  task: 'speech',
  path: '/audio/speech',
  needs: { input: 'text' },
  answers: [],
  // Sound is counted in no tokens, but for the few models that say so in their stream.
  maxOutputTokens: 0,
  streamsBy: ['stream_format', 'sse'],
  opaque: /^(?:audio|video)\/|^application\/(?:octet-stream|ogg)\b/,
  asEvents: (sound) =>
    Buffer.concat([
      written({ type: 'speech.audio.delta', audio: sound.toString('base64') }),
      written({ type: 'speech.audio.done' }),
    ]),
});

export const openaiModerations: Wire = createTask({
  id: 'openai-moderations',
  task: 'moderations',
  path: '/moderations',
  needs: { input: 'text or list' },
  answers: ['results'],
  maxOutputTokens: 0,
});

/** Every picture is one event; what they took stands in the last. */
export function pictureEvents(type: string): (answer: Buffer) => Buffer {
  return (answer) => {
    const { data, images, created, usage, ...rest } = objectOf(parseJson(answer.toString('utf8'))) ?? {};
    const list = Array.isArray(data) ? data : Array.isArray(images) ? images : [];
    return Buffer.concat(
      list.map((picture: unknown, i) =>
        written({
          type,
          ...rest,
          ...objectOf(picture),
          ...(created === undefined ? {} : { created_at: created }),
          ...(usage === undefined || i < list.length - 1 ? {} : { usage }),
        }),
      ),
    );
  };
}

/** A transcript of one piece, be it JSON or a text: some models have no other, whatever they are asked for. */
export function transcriptEvents(answer: Buffer): Buffer {
  const said = answer.toString('utf8');
  const told = objectOf(parseJson(said)) ?? { text: said };
  const text = textOf(told['text']);
  return Buffer.concat([
    written({ type: 'transcript.text.delta', delta: text }),
    written({ ...told, type: 'transcript.text.done', text }),
  ]);
}
