/**
 * Content blocks of Anthropic's wire format and the neutral parts they are: text, and media in the form of OpenAI chat's
 * content parts. A block that has no such form travels as it is.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatPart } from '../../domain/chat.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';

/** A string, or an array of blocks; undefined when it is neither. */
export function readContent(content: unknown): JsonObject[] | undefined {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (content === null || content === undefined) return [];
  return Array.isArray(content) ? content.map((block: unknown) => objectOf(block) ?? {}) : undefined;
}

export function partOf(block: JsonObject): ChatPart {
  if (block['type'] === 'text' && typeof block['text'] === 'string') {
    const cacheControl = objectOf(block['cache_control']);
    return { type: 'text', text: block['text'], ...(cacheControl && { cacheControl }) };
  }
  return { type: 'media', value: mediaOf(block) ?? block };
}

function mediaOf(block: JsonObject): JsonObject | undefined {
  const source = objectOf(block['source']);
  const data = textOf(source?.['data']);
  const url =
    source?.['type'] === 'base64'
      ? `data:${textOf(source['media_type'])};base64,${data}`
      : source?.['type'] === 'url'
        ? textOf(source['url'])
        : '';
  if (block['type'] === 'image' && url !== '') return { type: 'image_url', image_url: { url } };
  if (block['type'] === 'document' && source?.['type'] === 'base64') {
    const title = textOf(block['title']);
    return { type: 'file', file: { filename: title === '' ? 'document.pdf' : title, file_data: url } };
  }
  return undefined;
}

export function blockOf(part: ChatPart): JsonObject {
  if (part.type === 'text')
    return {
      type: 'text',
      text: part.text,
      ...(part.cacheControl === undefined ? {} : { cache_control: part.cacheControl }),
    };
  const value = objectOf(part.value) ?? {};
  return imageBlock(value) ?? documentBlock(value) ?? value;
}

const sourceOf = (url: string): JsonObject => {
  const inside = /^data:([^;,]+);base64,/.exec(url);
  return inside === null
    ? { type: 'url', url }
    : { type: 'base64', media_type: inside[1], data: url.slice(inside[0].length) };
};

function imageBlock(value: JsonObject): JsonObject | undefined {
  const url = textOf(objectOf(value['image_url'])?.['url']);
  return value['type'] === 'image_url' && url !== '' ? { type: 'image', source: sourceOf(url) } : undefined;
}

function documentBlock(value: JsonObject): JsonObject | undefined {
  const file = objectOf(value['file']);
  const data = textOf(file?.['file_data']);
  if (value['type'] !== 'file' || !data.startsWith('data:')) return undefined;
  const source = documentSource(sourceOf(data));
  const title = textOf(file?.['filename']);
  return source && { type: 'document', source, ...(title === '' ? {} : { title }) };
}

const AS_TEXT = /^(?:text\/|application\/(?:json|xml|yaml)\b)/;

/** Bytes may only be those of a PDF; what is text goes as such: https://docs.claude.com/en/docs/build-with-claude/files */
function documentSource(source: JsonObject): JsonObject | undefined {
  const type = textOf(source['media_type']);
  if (type === '' || type === 'application/pdf') return source;
  if (!AS_TEXT.test(type)) return undefined;
  const data = Buffer.from(textOf(source['data']), 'base64').toString('utf8');
  return { type: 'text', media_type: 'text/plain', data };
}

/** One text is a string, as clients write it. */
export function contentOf(parts: readonly ChatPart[]): string | JsonObject[] {
  const [only] = parts;
  return parts.length === 1 && only?.type === 'text' && only.cacheControl === undefined
    ? only.text
    : parts.map(blockOf);
}

/** What a tool has told, with what stands beside it: that it failed is said, and the end of what is cached is marked. */
export function resultParts(result: JsonObject): ChatPart[] {
  const parts = (readContent(result['content']) ?? []).map(partOf);
  const first = parts[0];
  if (result['is_error'] === true && !(first?.type === 'text' && /^\W*error/i.test(first.text))) {
    if (first?.type === 'text') parts[0] = { ...first, text: `Error: ${first.text}` };
    else parts.unshift({ type: 'text', text: 'Error.' });
  }
  const cacheControl = objectOf(result['cache_control']);
  const last = parts.at(-1);
  if (cacheControl !== undefined && last?.type === 'text')
    parts[parts.length - 1] = { ...last, cacheControl };
  return parts;
}
