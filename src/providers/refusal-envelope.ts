/**
 * Finds the object that names the error in whatever a refusal was wrapped in: a frame of a stream, a list, a string,
 * an HTML page, a relay's envelope around the provider's own. Total: what is none of these is an empty envelope.
 */

import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';

export type Envelope = {
  /** The object that names the error. */
  readonly error: JsonObject;
  /** The object around it; the error itself when there is none. */
  readonly outer: JsonObject;
  /** What a relay has put around both: may tell a status, and is believed in nothing else. */
  readonly wrapping: readonly JsonObject[];
  /** Told by a stream's frame beside its data. */
  readonly frameStatus: number | undefined;
  /** The body was no JSON in any wrapping. */
  readonly isText: boolean;
};

const EMPTY: JsonObject = {};
export const objectOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : EMPTY);

/** Relays of relays exist; more than these in a row do not. */
const DEEPEST = 4;

export function openEnvelope(body: string): Envelope {
  const text = body.replace(/^[\s\uFEFF]+/, '');
  const whole = parseJson(text) ?? inPage(text) ?? cutShort(text);
  if (whole !== undefined) return { ...unwrap(whole, DEEPEST), frameStatus: undefined, isText: false };
  const { data, status } = frameOf(text);
  return { ...unwrap(data, DEEPEST), frameStatus: status, isText: data === undefined };
}

/** A frame of a stream has JSON after `data:`, and Model Studio tells the status in a comment. */
function frameOf(text: string): { data: unknown; status: number | undefined } {
  const data: string[] = [];
  let status: number | undefined;
  for (const line of text.split(/\r?\n/, 32)) {
    if (line.startsWith('data:')) data.push(line.slice(5));
    const told = /^:\s*HTTP_STATUS\/(\d{3})/.exec(line);
    if (told !== null) status = Number(told[1]);
  }
  const single = data.map(parseJson).find((value) => value !== undefined);
  return { data: single ?? parseJson(data.join('\n')), status };
}

/** Longer than what is read of a refusal, it lost its end. */
const CUT_FROM = 60_000;
const TELLING = /"(code|type|status|message)"\s*:\s*("(?:[^"\\]|\\.){0,2000}"|\d{1,6})/g;

/** What can still be read at the beginning of an object that was cut: quotes within its texts are escaped. */
function cutShort(text: string): unknown {
  if (text.length < CUT_FROM || !text.startsWith('{')) return undefined;
  const found: Record<string, unknown> = {};
  for (const [, name = '', value = ''] of text.slice(0, 4_096).matchAll(TELLING))
    found[name] ??= parseJson(value);
  return Object.keys(found).length === 0 ? undefined : found;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&quot;': '"',
  '&#34;': '"',
  '&#39;': "'",
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
};

/** Some gateways answer with a page that shows the provider's JSON. */
function inPage(text: string): unknown {
  if (!text.startsWith('<')) return undefined;
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start < 0 || end < start) return undefined;
  const shown = text.slice(start, end + 1);
  const value = parseJson(shown) ?? parseJson(shown.replace(/&(?:quot|#34|#39|lt|gt|amp);/g, entity));
  return isJsonObject(value) ? value : undefined;
}

const entity = (name: string): string => ENTITIES[name] ?? name;

type Unwrapped = Pick<Envelope, 'error' | 'outer' | 'wrapping'>;

function unwrap(data: unknown, depth: number): Unwrapped {
  const first: unknown = Array.isArray(data) ? data[0] : data;
  if (typeof first === 'string') return said(first, { outer: EMPTY, depth });
  const outer = objectOf(first);
  const inner = outer['error'];
  if (typeof inner === 'string') return said(inner, { outer, depth });
  if (!isJsonObject(inner))
    return within({ error: tencent(outer) ?? minimax(outer) ?? outer, outer, wrapping: [] }, depth);
  // A relay in front may have wrapped the provider's envelope once more.
  if (isJsonObject(inner['error']) && depth > 0) return wrappedIn([outer], unwrap(inner, depth - 1));
  return within({ error: inner, outer, wrapping: [] }, depth);
}

const tencent = (outer: JsonObject): JsonObject | undefined => {
  const error = objectOf(outer['Response'])['Error'] ?? outer['ErrorMsg'];
  return isJsonObject(error) ? { code: error['Code'], message: error['Message'] ?? error['Msg'] } : undefined;
};

/** Under a 200, beside choices that are null: https://platform.minimax.io/docs/api-reference/errorcode */
const minimax = ({ base_resp: told }: JsonObject): JsonObject | undefined =>
  isJsonObject(told) ? { code: String(told['status_code']), message: told['status_msg'] } : undefined;

/** `error` as a string: JSON written as one, `code: message`, a code, or just text. */
function said(text: string, { outer, depth }: { outer: JsonObject; depth: number }): Unwrapped {
  const value = depth > 0 ? jsonIn(text) : undefined;
  if (value !== undefined) {
    const deeper = unwrap(value, depth - 1);
    return deeper.outer === deeper.error ? { ...deeper, outer } : wrappedIn([outer], deeper);
  }
  const [, code, message] = /^(\w[\w.-]{2,79})(?::\s+(\S[\s\S]*))?$/.exec(text) ?? [];
  const isNamed = code !== undefined && (message !== undefined || isCode(code));
  const error = isNamed ? { code, message: message ?? code } : { message: text };
  return isNamed ? within({ error, outer, wrapping: [] }, depth) : { error, outer, wrapping: [] };
}

/** A word alone is a code if it looks like one: an underline, a dot or a capital inside, or a long number. */
const isCode = (word: string): boolean => /[a-z]_[a-z]|[A-Za-z]\.[A-Z]|[a-z][A-Z]|^\d{4,6}$/.test(word);

/** A relay that puts the provider's whole answer into its own message. */
function within(found: Unwrapped, depth: number): Unwrapped {
  const { message } = found.error;
  const value = typeof message === 'string' && depth > 0 ? jsonIn(message) : undefined;
  if (value === undefined) return found;
  const deeper = unwrap(value, depth - 1);
  return names(deeper.error) ? wrappedIn([found.outer, found.error], deeper) : found;
}

const wrappedIn = (around: readonly JsonObject[], inner: Unwrapped): Unwrapped => ({
  ...inner,
  wrapping: [...around, ...inner.wrapping],
});

const names = (error: JsonObject): boolean =>
  ['message', 'code', 'type'].some((field) => typeof error[field] === 'string');

/** Only a text that begins with JSON is JSON: what stands inside a sentence may be the client's own words. */
function jsonIn(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  const value = parseJson(text.slice(0, end + 1));
  return typeof value === 'object' && value !== null ? value : undefined;
}
