/**
 * What of the input may be printed again: without secrets, addresses, and anything that a terminal would obey. The
 * secrets with which the input itself asked are known by their place.
 */

import { redact } from '../../providers/refusal-text.ts';

const SENT =
  /(?:authorization|proxy-authorization|(?:x-(?:goog-)?)?api-key|cookie)["']?\s*[:=]\s*["']?(?:bearer |basic )?([^\s"',;]{6,})|[?&](?:key|api_key|token)=([^\s&"']{6,})/gi;

/** Long ones of the shape `id.secret`, which have no other mark. */
const DOTTED = /\b[0-9a-f]{24,}\.[A-Za-z0-9]{8,}\b/g;

export type Shown = (text: string, limit?: number) => string;

export function createShown(input: string): Shown {
  const sent = new Set<string>();
  for (const [, header, query] of input.matchAll(SENT)) sent.add(header ?? query ?? '');
  return (text, limit = 300) => {
    let clean = text.slice(0, 4 * limit);
    for (const secret of sent) clean = clean.replaceAll(secret, '[redacted]');
    clean = redact(clean.replace(DOTTED, '[redacted]'))
      .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
      .trim();
    return clean.length > limit ? `${clean.slice(0, limit - 1)}…` : clean;
  };
}
