/**
 * Parts of Gemini's wire format and the neutral parts they are: text, and media in the form of OpenAI chat's content parts.
 * What has no such form travels as it is.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatPart } from '../../domain/chat.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { fieldOf } from './wire.ts';

export function partOf(part: JsonObject): ChatPart {
  if (typeof part['text'] === 'string') return { type: 'text', text: part['text'] };
  return { type: 'media', value: inlineMedia(part) ?? linkedMedia(part) ?? part };
}

/** Formats of sound that OpenAI chat has a name for. */
const SOUNDS: ReadonlyMap<string, string> = new Map([
  ...['audio/wav', 'audio/x-wav', 'audio/wave'].map((type): [string, string] => [type, 'wav']),
  ...['audio/mp3', 'audio/mpeg'].map((type): [string, string] => [type, 'mp3']),
]);

function inlineMedia(part: JsonObject): JsonObject | undefined {
  const inline = objectOf(fieldOf(part, 'inlineData'));
  const type = textOf(fieldOf(inline, 'mimeType'));
  const data = textOf(inline?.['data']);
  if (inline === undefined || type === '' || data === '') return undefined;
  const url = `data:${type};base64,${data}`;
  const format = SOUNDS.get(type);
  if (type.startsWith('image/')) return { type: 'image_url', image_url: { url } };
  if (format !== undefined) return { type: 'input_audio', input_audio: { data, format } };
  if (type.startsWith('video/')) return { type: 'video_url', video_url: { url } };
  const name = textOf(fieldOf(inline, 'displayName'));
  const fallback = type === 'application/pdf' ? 'document.pdf' : 'document';
  return { type: 'file', file: { filename: name === '' ? fallback : name, file_data: url } };
}

/** Files that only Google can fetch. */
const OWN_FILES = /^https:\/\/generativelanguage\.googleapis\.com\//;

function linkedMedia(part: JsonObject): JsonObject | undefined {
  const linked = objectOf(fieldOf(part, 'fileData'));
  const url = textOf(fieldOf(linked, 'fileUri'));
  if (!/^https?:\/\//.test(url) || OWN_FILES.test(url)) return undefined;
  return textOf(fieldOf(linked, 'mimeType')).startsWith('image/')
    ? { type: 'image_url', image_url: { url } }
    : undefined;
}

/** Undefined: there is no such part here. */
export function wirePartOf(part: ChatPart): JsonObject | undefined {
  if (part.type === 'text') return { text: part.text };
  const value = objectOf(part.value) ?? {};
  switch (value['type']) {
    case 'image_url':
      return linked(textOf(objectOf(value['image_url'])?.['url'] ?? value['image_url']), 'image/jpeg');
    case 'video_url':
      return linked(textOf(objectOf(value['video_url'])?.['url'] ?? value['video_url']), 'video/mp4');
    case 'input_audio': {
      const { data, format } = objectOf(value['input_audio']) ?? {};
      const sound = textOf(data);
      return sound === ''
        ? undefined
        : { inlineData: { mimeType: `audio/${textOf(format) || 'wav'}`, data: sound } };
    }
    case 'file': {
      const data = textOf(objectOf(value['file'])?.['file_data']);
      return data.startsWith('data:') ? linked(data, '') : undefined;
    }
    case undefined:
      return value;
    default:
      return undefined;
  }
}

const ENDINGS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  webm: 'video/webm',
  mov: 'video/mov',
};

/** Bytes in the URL are sent as bytes; what it links to is fetched by Google, who wants to know what it is. */
function linked(url: string, usual: string): JsonObject | undefined {
  if (url === '') return undefined;
  const inside = /^data:([^;,]+)(?:;[^;,]*)*;base64,/.exec(url);
  if (inside !== null) return { inlineData: { mimeType: inside[1], data: url.slice(inside[0].length) } };
  const ending = /\.(\w{3,4})(?:[?#]|$)/.exec(url)?.[1]?.toLowerCase() ?? '';
  return { fileData: { mimeType: ENDINGS[ending] ?? usual, fileUri: url } };
}
