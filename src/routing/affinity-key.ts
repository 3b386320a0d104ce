/**
 * Which conversation a call belongs to, so that its turns can prefer the account that has its prompt in the cache. Most
 * clients say it somewhere; of the others the beginning is hashed, which stays the same byte for byte as turns are
 * appended. On the way of every call: the body is searched, not parsed. A name found at the wrong depth costs a cache
 * hit, never an answer.
 */

import { hash } from 'node:crypto';
import { asBuffer } from '../base/fetch.ts';

type HeaderValues = Readonly<Record<string, string | string[] | undefined>>;

/** Of opencode, Claude Code and Codex. */
const HEADERS = ['x-session-affinity', 'x-session-id', 'x-claude-code-session-id', 'session-id'] as const;

/** Every JSON writer sets the colon at once, and inside a text the quotes are escaped. */
const TURNS = ['messages', 'input', 'contents'].map((name) => Buffer.from(`"${name}":`));
const CACHE_KEY = ['"prompt_cache_key":'];
/** Of Claude Code and DeepSeek, of Qwen Code, of OpenAI. */
const FIELDS = ['"user_id":', '"sessionId":', '"user":', '"safety_identifier":'];

/** Unique per client key, so that two tenants never share one; undefined where nothing tells calls apart. */
export function affinityKeyOf(headers: HeaderValues, body: Uint8Array, keyId: string): string | undefined {
  const bytes = asBuffer(body);
  const turns = turnsStart(bytes);
  const fields = fieldsAround(bytes, turns);
  const told =
    textUnder(CACHE_KEY, fields) ??
    headerText(headers) ??
    textUnder(FIELDS, fields) ??
    beginning(bytes, turns);
  return told === undefined ? undefined : `${keyId}/${told.length > LONGEST_TEXT ? hashOf(told) : told}`;
}

/** A longer text is hashed: it would only lie in memory. */
const LONGEST_TEXT = 128;

const hashOf = (text: string): string => hash('sha1', text, 'base64');

function headerText(headers: HeaderValues): string | undefined {
  for (const name of HEADERS) {
    const value = headers[name];
    const text = typeof value === 'object' ? value[0] : value;
    if (text !== undefined && text !== '') return text;
  }
  return undefined;
}

/** Index after the name of the turns; -1 when there are none. */
function turnsStart(bytes: Buffer): number {
  for (const field of TURNS) {
    const at = bytes.indexOf(field);
    if (at >= 0) return at + field.length;
  }
  return -1;
}

const AROUND_BYTES = 1_024;

/**
 * Where the small fields stand: before the turns and at the very end. As text, a character for a byte, since a short
 * string is searched several times as fast as a buffer.
 */
function fieldsAround(bytes: Buffer, turns: number): string {
  const before = Math.min(Math.max(turns, 0), AROUND_BYTES);
  const after = Math.max(before, bytes.length - AROUND_BYTES);
  return bytes.toString('latin1', 0, before) + bytes.toString('latin1', after);
}

/** Tools may describe a property of the same name: an object, and no text. */
const MOST_PLACES = 8;

/** The text, as it stands in the JSON, under the first of the names that has one. */
function textUnder(names: readonly string[], fields: string): string | undefined {
  for (const name of names) {
    let at = fields.indexOf(name);
    for (let place = 0; at >= 0 && place < MOST_PLACES; place++) {
      let start = at + name.length;
      while (fields.charCodeAt(start) === SPACE) start++;
      const end = fields.charCodeAt(start) === QUOTE ? stringEnd(fields, start + 1) : -1;
      if (end > start + 1) return fields.slice(start + 1, end);
      at = fields.indexOf(name, start);
    }
  }
  return undefined;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Index of the closing quote of the string whose first character is at `from`; -1 when it is cut. */
function stringEnd(text: string, from: number): number {
  let quote = text.indexOf('"', from);
  while (quote >= 0) {
    let slashes = 0;
    while (quote - 1 - slashes >= from && text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote;
    quote = text.indexOf('"', quote + 1);
  }
  return -1;
}

const USER = '"user"';
/** How much is hashed of the first turn of the user. */
const USER_BYTES = 512;
/** Some writers put the role after the content. */
const BEFORE_ROLE_BYTES = 256;

/** The beginning of the turns up to the end of the user's first one, without what is between when that comes late. */
function beginning(bytes: Buffer, turns: number): string | undefined {
  if (turns < 0) return undefined;
  const first = bytes.toString('latin1', turns, turns + 2 * USER_BYTES);
  const near = first.indexOf(USER);
  if (near >= 0 && near < USER_BYTES) return hashOf(first.slice(0, objectEnd(first, near)));
  const role = bytes.indexOf(USER, turns + USER_BYTES);
  if (role < 0) {
    const inside = first.indexOf('{') + 1;
    return inside === 0 ? undefined : hashOf(first.slice(0, objectEnd(first, inside)));
  }
  const late = bytes.toString('latin1', role - BEFORE_ROLE_BYTES, role + USER_BYTES);
  return hashOf(first.slice(0, USER_BYTES) + late.slice(0, objectEnd(late, BEFORE_ROLE_BYTES)));
}

/** Where the object that `from` is inside of ends, or the text: what follows is another turn's. */
function objectEnd(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      const end = stringEnd(text, i + 1);
      if (end < 0) return text.length;
      i = end;
    } else if (code === OPEN_BRACE) depth++;
    else if (code === CLOSE_BRACE && depth-- === 0) return i;
  }
  return text.length;
}
