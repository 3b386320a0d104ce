/**
 * Input tokens from bytes and character classes, without a tokenizer: one pass, no allocation, good to some ten
 * percent, and corrected per model by what providers return (`calibrate.ts`).
 */

import { asBuffer } from '../base/fetch.ts';

/** Tokens per character, by the first byte's class; figures for the BPE vocabularies of the large models. */
const ASCII_TOKENS = 0.25;
const TWO_BYTE_TOKENS = 0.45;
const THREE_BYTE_TOKENS = 0.7;
const FOUR_BYTE_TOKENS = 1.6;

/** A run of base64 longer than this is media, not text: it costs what a picture costs, whatever its size. */
const MEDIA_RUN_BYTES = 2_000;
const MEDIA_TOKENS = 1_000;
/** The longest header of a data URL: `data:application/vnd.openxmlformats-….document;base64,` and some room. */
const MEDIA_HEADER_BYTES = 128;

const QUOTE = 0x22;

/** Tokens of a request body (a wire body in JSON, its punctuation included). At least 1. */
export function estimateTokens(body: Uint8Array): number {
  const bytes = asBuffer(body);
  let tokens = 0;
  let ascii = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x80) {
      ascii++;
      if (byte === QUOTE) {
        const end = mediaEnd(bytes, i + 1);
        if (end > 0) {
          tokens += MEDIA_TOKENS;
          i = end;
        }
      }
    } else if (byte >= 0xf0) tokens += FOUR_BYTE_TOKENS;
    else if (byte >= 0xe0) tokens += THREE_BYTE_TOKENS;
    else if (byte >= 0xc0) tokens += TWO_BYTE_TOKENS;
  }
  return Math.max(1, Math.ceil(tokens + ascii * ASCII_TOKENS));
}

/** The end of a string that is media (a data URL or bare base64), else 0. Looks further only at strings without spaces. */
function mediaEnd(bytes: Buffer, start: number): number {
  if (start + MEDIA_RUN_BYTES >= bytes.length) return 0;
  // Four probes tell nearly every text from media.
  if (!isBase64(bytes[start + MEDIA_HEADER_BYTES] ?? 0) || !isBase64(bytes[start + 400] ?? 0)) return 0;
  if (!isBase64(bytes[start + 1_200] ?? 0) || !isBase64(bytes[start + MEDIA_RUN_BYTES - 1] ?? 0)) return 0;
  const end = bytes.indexOf(QUOTE, start);
  if (end - start < MEDIA_RUN_BYTES) return 0;
  for (let i = start + MEDIA_HEADER_BYTES; i < end; i++) if (!isBase64(bytes[i] ?? 0)) return 0;
  return end;
}

/** The backslash too: some JSON writers escape the slash. */
const isBase64 = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2b ||
  byte === 0x2f ||
  byte === 0x3d ||
  byte === 0x5c ||
  byte === 0x2d ||
  byte === 0x5f;

/** Tokens of a piece of text, for what was delivered when the upstream told no usage. */
export function estimateTextTokens(text: string): number {
  let tokens = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) tokens += ASCII_TOKENS;
    else if (code < 0x800) tokens += TWO_BYTE_TOKENS;
    else if (code >= 0xd800 && code < 0xe000) tokens += FOUR_BYTE_TOKENS / 2;
    else tokens += THREE_BYTE_TOKENS;
  }
  return tokens;
}
