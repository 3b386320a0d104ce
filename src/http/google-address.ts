/**
 * Google's addresses at the door: `/v1beta/models/{model}:{action}` and the same below the other versions. Which dialect an
 * action is of stands in one table; whoever asks at such an address is answered in Gemini's words, errors included.
 */

import type { IncomingMessage } from 'node:http';
import type { Wire } from '../dialects/dialect.ts';
import { gemini } from '../dialects/gemini/gemini.ts';
import { geminiBatchEmbeddings, geminiEmbeddings } from '../dialects/tasks/gemini-embeddings.ts';

export const GOOGLE_PREFIXES = ['/v1beta', '/v1alpha', '/v1'] as const;

/** What calls an upstream. */
const ACTIONS: ReadonlyMap<string, Wire> = new Map<string, Wire>([
  ['generateContent', gemini],
  ['streamGenerateContent', gemini],
  ['embedContent', geminiEmbeddings],
  ['batchEmbedContents', geminiBatchEmbeddings],
]);

/** Ids may hold slashes and colons. */
const ADDRESS = /^\/v1(?:beta|alpha)?\/models\/.+:([A-Za-z]+)$/;

/** What is asked there; undefined: it is no such address. */
export const actionAt = (path: string): string | undefined => ADDRESS.exec(path)?.[1];

/** The dialect of the call that is made there. */
export function calledAt(path: string): Wire | undefined {
  const action = path.includes(':') ? actionAt(path) : undefined;
  return action === undefined ? undefined : ACTIONS.get(action);
}

/** Versions that only Google has, and what only Google does with a model. */
const GOOGLES_OWN =
  /^\/v1(?:beta|alpha)(?:\/|$)|^\/v1\/models\/.+:(?:generate|streamGenerate|count|embed|batch|asyncBatch|predict)\w*$/;

export const isGoogles = (path: string): boolean => GOOGLES_OWN.test(path);

/**
 * A key that stands in the address, wherever it is asked, is moved to the header where the others look for it: whoever reads
 * the address behind the door, to tell it, to log it or to pass it on to a provider, sees none.
 */
export function takeKey(request: IncomingMessage): void {
  const url = request.url ?? '';
  const start = url.indexOf('?');
  if (start < 0 || !url.includes('key=', start)) return;
  const query = new URLSearchParams(url.slice(start + 1));
  const key = query.get('key');
  if (key === null) return;
  query.delete('key');
  request.url = url.slice(0, start) + (query.size === 0 ? '' : `?${query}`);
  request.headers['x-goog-api-key'] ??= key;
}

/** A stream that is not asked for as events is a list. */
export const wantsList = (target: string): boolean => !/[?&]alt=sse(?:&|$)/.test(target);
