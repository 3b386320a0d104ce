/** What a client may say about one call in `x-sluice-…` headers; anything it says wrong is a clear 400. */

import { type CallOptions, type ClientKey, PRIORITIES, type Priority } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';

type HeaderValues = Readonly<Record<string, string | string[] | undefined>>;

export function callOptionsOf(headers: HeaderValues, key: ClientKey): CallOptions {
  const maxWait = textOf(headers, 'x-sluice-max-wait');
  const onLimit = oneOf(headers, 'x-sluice-on-limit', ['queue', 'reject']);
  const fallback = oneOf(headers, 'x-sluice-fallback', ['on', 'off']);
  const priority = oneOf(headers, 'x-sluice-priority', PRIORITIES);
  const tags = tagsOf(headers);
  return {
    ...(maxWait === undefined ? {} : { maxWaitMs: secondsToMs(maxWait) }),
    onLimit: onLimit ?? 'queue',
    priority: lowerOf(key.priority, priority ?? key.priority),
    fallback: key.fallback && fallback !== 'off',
    ...(tags === undefined ? {} : { tags }),
  };
}

/** The second is what clients of LiteLLM send: https://docs.litellm.ai/docs/proxy/cost_tracking */
const TAG_HEADERS = ['x-sluice-tags', 'x-litellm-tags'] as const;
const MOST_TAGS = 10;
const TAG = /^[!-~]{1,64}$/;

/** What reports tell calls apart by; each once. */
function tagsOf(headers: HeaderValues): readonly string[] | undefined {
  const name = TAG_HEADERS.find((each) => textOf(headers, each) !== undefined);
  const text = name && textOf(headers, name);
  if (name === undefined || text === undefined) return undefined;
  const tags = [...new Set(text.split(',').map((tag) => tag.trim()))].filter((tag) => tag !== '');
  if (tags.length > MOST_TAGS) throw wrong(name, `expected at most ${MOST_TAGS} tags, got ${tags.length}`);
  const bad = tags.find((tag) => !TAG.test(tag));
  if (bad !== undefined)
    throw wrong(
      name,
      `expected words of at most 64 visible characters, separated by commas, got '${bad.slice(0, 40)}'`,
    );
  return tags.length === 0 ? undefined : tags;
}

/** Nobody jumps the line by a header: above its key's own priority a call does not get. */
const lowerOf = (a: Priority, b: Priority): Priority =>
  PRIORITIES.indexOf(a) > PRIORITIES.indexOf(b) ? a : b;

function textOf(headers: HeaderValues, name: string): string | undefined {
  const value = headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

function oneOf<T extends string>(headers: HeaderValues, name: string, words: readonly T[]): T | undefined {
  const text = textOf(headers, name)?.toLowerCase();
  if (text === undefined) return undefined;
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw wrong(name, `expected ${words.join(' or ')}, got '${text.slice(0, 40)}'`);
  return word;
}

/** Longest wait that a client may ask for: a day. */
const MAX_SECONDS = 86_400;

function secondsToMs(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > MAX_SECONDS)
    throw wrong('x-sluice-max-wait', `expected seconds from 0 to ${MAX_SECONDS}, got '${text.slice(0, 40)}'`);
  return seconds * 1_000;
}

const wrong = (name: string, message: string): Failure =>
  new Failure('invalid_request', { message: `Header ${name}: ${message}.`, param: name });
