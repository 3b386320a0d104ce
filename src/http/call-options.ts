/** What a client may say about one call in `x-sluice-…` headers; anything it says wrong is a clear 400. */

import { type CallOptions, type ClientKey, PRIORITIES, type Priority } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';

type HeaderValues = Readonly<Record<string, string | string[] | undefined>>;

export function callOptionsOf(headers: HeaderValues, key: ClientKey): CallOptions {
  const maxWait = textOf(headers, 'x-sluice-max-wait');
  const onLimit = oneOf(headers, 'x-sluice-on-limit', ['queue', 'reject']);
  const fallback = oneOf(headers, 'x-sluice-fallback', ['on', 'off']);
  const priority = oneOf(headers, 'x-sluice-priority', PRIORITIES);
  return {
    ...(maxWait === undefined ? {} : { maxWaitMs: secondsToMs(maxWait) }),
    onLimit: onLimit ?? 'queue',
    priority: lowerOf(key.priority, priority ?? key.priority),
    fallback: key.fallback && fallback !== 'off',
  };
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
