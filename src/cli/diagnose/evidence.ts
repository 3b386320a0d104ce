/**
 * Finds the refusals in whatever somebody has at hand: an error body, a line of a log, an answer as curl shows it, an
 * event of a stream. Finds only what was said and judges nothing: that is the classifier's.
 */

import type { HeaderMap } from '../../base/fetch.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { createLiteralReader } from './literal.ts';
import { type OwnCall, ownCallOf, ownCallOfPretty } from './own-log.ts';
import { statusToldIn } from './status-told.ts';
import { dataOf, eventsOf, isEventStream, namesError, shownAnswers } from './transcript.ts';

export type Evidence = {
  readonly form: 'answer' | 'stream' | 'log' | 'body' | 'text';
  /** Undefined when nothing tells it. */
  readonly status: number | undefined;
  readonly headers: HeaderMap;
  readonly body: string;
  /** What stands around it, from which its provider may be guessed. */
  readonly context: string;
};

export type Found = {
  readonly evidence: readonly Evidence[];
  readonly calls: readonly OwnCall[];
  /** Status of an answer that was no refusal. */
  readonly served: number | undefined;
};

/** As much of a body as the relay reads. */
const BODY_LIMIT = 64 * 1024;
/** What is looked at on either side of an error for signs of its provider. */
const CONTEXT_LIMIT = 2_000;
const MOST = 1_000;
const DEEPEST = 8;
const NO_HEADERS: HeaderMap = {};

export function findEvidence(text: string): Found {
  const answers = shownAnswers(text);
  if (answers.length > 0) {
    const refused = answers.flatMap(({ status, headers, body }): Evidence[] => {
      if (status >= 300) return [evidenceOf('answer', { status, headers, body, context: text })];
      if (isEventStream(body)) return fromEvents(body, { headers, context: text });
      const inside = parseJson(body);
      return isEnvelope(inside)
        ? [evidenceOf('answer', { status: undefined, headers, body, context: text })]
        : [];
    });
    const last = refused.filter(({ status }) => (status ?? 0) >= 400 || status === undefined);
    return {
      evidence: last.length > 0 ? last : refused.slice(-1),
      calls: [],
      served: answers.at(-1)?.status,
    };
  }
  if (isEventStream(text)) {
    const evidence = fromEvents(text, { headers: NO_HEADERS, context: text });
    if (evidence.length > 0) return { evidence, calls: [], served: undefined };
  }
  return fromLog(text);
}

function evidenceOf(form: Evidence['form'], rest: Omit<Evidence, 'form'>): Evidence {
  return { form, ...rest, body: rest.body.slice(0, BODY_LIMIT) };
}

function fromEvents(stream: string, around: { headers: HeaderMap; context: string }): Evidence[] {
  return eventsOf(stream)
    .filter((event) => namesError(event) || isEnvelope(parseJson(dataOf(event))))
    .map((body) => evidenceOf('stream', { status: undefined, body, ...around }));
}

/** Objects that are errors wherever they stand in the text; where there are none, lines that tell a status. */
function fromLog(text: string): Found {
  const evidence: Evidence[] = [];
  const calls: OwnCall[] = [];
  const reader = createLiteralReader(text);
  const whole = reader.read(text.search(/\S/));
  const isWhole = whole !== undefined && text.slice(whole.end).trim() === '';
  for (let at = text.search(/[{[]/); at >= 0 && at < text.length && evidence.length + calls.length < MOST; ) {
    const literal = text[at] === '{' || at === 0 ? reader.read(at) : undefined;
    if (literal !== undefined) {
      const own = isJsonObject(literal.value) ? ownCallOf(literal.value) : undefined;
      if (own !== undefined) calls.push(own);
      else evidence.push(...errorsIn(text, { at, ...literal, isWhole }));
    }
    const next = text.slice(literal?.end ?? at + 1).search(/[{[]/);
    at = next < 0 ? -1 : (literal?.end ?? at + 1) + next;
  }
  if (calls.length === 0 && evidence.length === 0) {
    for (const line of text.split('\n', MOST)) {
      const own = ownCallOfPretty(line);
      if (own !== undefined) calls.push(own);
    }
    if (calls.length === 0) evidence.push(...fromWords(text));
  }
  return { evidence, calls, served: undefined };
}

type Place = {
  readonly at: number;
  readonly value: unknown;
  readonly end: number;
  /** The text is this object and nothing else. */
  readonly isWhole: boolean;
};

function errorsIn(text: string, { at, value, end, isWhole }: Place): Evidence[] {
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  const before = text.slice(Math.max(lineStart, at - 400), at);
  const context = contextOf(text, { lineStart, end, isLong: text.slice(at, end).includes('\n') });
  const form = isWhole ? 'body' : 'log';
  const found = envelopeIn(value, { status: statusToldIn(before)?.status, headers: NO_HEADERS, depth: 0 });
  if (found !== undefined) {
    const { status, headers, body } = found;
    // A body that came alone stays as it came, byte for byte.
    const same = isWhole && body === value;
    return [evidenceOf(form, { status, headers, body: same ? text : textOfBody(body), context })];
  }
  return isWhole ? [evidenceOf('body', { status: undefined, headers: NO_HEADERS, body: text, context })] : [];
}

/** The line; of an object over several lines also what was printed before it, such as the error's own message. */
function contextOf(text: string, place: { lineStart: number; end: number; isLong: boolean }): string {
  const lineEnd = text.indexOf('\n', place.end);
  const end = Math.min(lineEnd < 0 ? text.length : lineEnd, place.end + CONTEXT_LIMIT);
  const start = place.isLong ? place.lineStart - CONTEXT_LIMIT : place.lineStart;
  return text.slice(Math.max(0, start, end - 4 * CONTEXT_LIMIT), end);
}

const textOfBody = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

type Around = { readonly status: number | undefined; readonly headers: HeaderMap; readonly depth: number };
type Envelope = { readonly body: unknown; readonly status: number | undefined; readonly headers: HeaderMap };

/** What a whole answer may stand under in the object of an SDK's error. */
const INNER = ['response', 'cause', 'data', 'body', 'err'] as const;

/** The error's own object, however deep a logger has put it. */
function envelopeIn(value: unknown, around: Around): Envelope | undefined {
  if (around.depth > DEEPEST) return undefined;
  if (typeof value === 'string') return inString(value, around);
  if (Array.isArray(value)) {
    if (isEnvelope(value)) return { body: value, status: around.status, headers: around.headers };
    return firstOf(value.slice(0, 16), around);
  }
  if (!isJsonObject(value)) return undefined;
  const inside: Around = {
    status: statusOf(value) ?? around.status,
    headers: headersOf(value['headers']) ?? around.headers,
    depth: around.depth + 1,
  };
  if (isEnvelope(value)) {
    const error = value['error'];
    const places = isJsonObject(error) ? [value, error] : [value];
    const deeper = firstOf(
      places
        .flatMap((place) => INNER.map((name) => place[name]))
        .filter((inner) => typeof inner === 'object'),
      inside,
    );
    if (deeper !== undefined) return deeper;
    const told = typeof error === 'string' ? inString(error, inside) : undefined;
    return told ?? { body: value, status: inside.status, headers: inside.headers };
  }
  const deeper = firstOf(Object.values(value).slice(0, 64), inside);
  if (deeper !== undefined) return deeper;
  return isFlat(value) ? { body: value, status: inside.status, headers: inside.headers } : undefined;
}

/** Objects before texts: a message often only repeats what the object beside it says in full. */
function firstOf(values: readonly unknown[], around: Around): Envelope | undefined {
  for (const value of values.toSorted(
    (a, b) => Number(typeof a === 'string') - Number(typeof b === 'string'),
  )) {
    const found = envelopeIn(value, around);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A body that was logged as text, or a message of an SDK with the body at its end. */
function inString(text: string, around: Around): Envelope | undefined {
  const status = statusToldIn(text.slice(0, 400));
  const open = text.indexOf('{');
  const literal = open < 0 ? undefined : createLiteralReader(text).read(open);
  const inner =
    literal === undefined
      ? undefined
      : envelopeIn(literal.value, {
          ...around,
          status: statusToldIn(text.slice(Math.max(0, open - 400), open))?.status ?? around.status,
          depth: around.depth + 1,
        });
  // Only where a status is told: every other text may be anything.
  if (inner !== undefined || status === undefined || literal !== undefined) return inner;
  return { body: wordsAfter(text, status), status: status.status, headers: around.headers };
}

const isTold = (error: unknown): boolean =>
  isJsonObject(error) && ['message', 'code', 'type', 'status', 'error'].some((name) => name in error);

function isEnvelope(value: unknown): boolean {
  if (Array.isArray(value)) return isJsonObject(value[0]) && isTold(value[0]['error']);
  if (!isJsonObject(value)) return false;
  const { error } = value;
  return isTold(error) || (typeof error === 'string' && error !== '');
}

/** Model Studio's native body, Mistral's, and their like. */
const isFlat = (value: JsonObject): boolean =>
  typeof value['message'] === 'string' &&
  !('level' in value || 'stack' in value) &&
  ['code', 'type', 'status'].some((name) => typeof value[name] === 'string' && value[name] !== '');

function statusOf(value: JsonObject): number | undefined {
  for (const name of ['status', 'statusCode', 'status_code', 'http_status', 'upstream_status']) {
    const status = Number(value[name]);
    if (Number.isInteger(status) && status >= 300 && status <= 599) return status;
  }
  return undefined;
}

function headersOf(value: unknown): HeaderMap | undefined {
  if (!isJsonObject(value)) return undefined;
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return texts.length === 0
    ? undefined
    : Object.fromEntries(texts.map(([name, text]) => [name.toLowerCase(), text]));
}

/** The standard's own words for a status say no more than the status. */
const PHRASE =
  /^(?:Too Many Requests|Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)\b/i;

const wordsAfter = (text: string, { end }: { readonly end: number }): string =>
  text
    .slice(end)
    .replace(/^[\s:,-]+/, '')
    .replace(PHRASE, '')
    .replace(/^[\s:,-]+/, '')
    .replace(/^message:\s*/i, '');

/** `RateLimitError: 429 You exceeded …`: the lines that tell a status, or all of it when none does. */
function fromWords(text: string): Evidence[] {
  if (text.trimStart().startsWith('<')) {
    const status = statusToldIn(text.slice(0, 2_000))?.status;
    return [evidenceOf('body', { status, headers: NO_HEADERS, body: text.trim(), context: text })];
  }
  const lines = text.split('\n', MOST).flatMap((line): Evidence[] => {
    const told = statusToldIn(line.slice(0, 400));
    if (told === undefined) return [];
    return [
      evidenceOf('log', {
        status: told.status,
        headers: NO_HEADERS,
        body: wordsAfter(line, told),
        context: line,
      }),
    ];
  });
  if (lines.length > 0) return lines;
  return [evidenceOf('text', { status: undefined, headers: NO_HEADERS, body: text.trim(), context: text })];
}
