/** Recorded answers of providers, one file each in `fixtures/`, and the ways in which gateways rewrite such answers. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Failure } from '../domain/failure.ts';
import { providerOf } from './index.ts';

export type Recorded = {
  readonly provider: string;
  readonly status: number;
  readonly phase?: 'head' | 'stream';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly expect: Readonly<Record<string, unknown>> & { readonly kind: string };
  /** The row of `ACCEPTED` that it is an example of. */
  readonly row?: number;
  readonly source: string;
};

/** 2026-10-01T00:00:00Z */
export const NOW_MS = 1_790_812_800_000;

const FOLDER = new URL('./fixtures/', import.meta.url);
export const corpus = readdirSync(FOLDER).map((file): [string, Recorded] => [
  file.replace('.json', ''),
  JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')),
]);

export function classify(recorded: Omit<Recorded, 'expect' | 'source'>, body = recorded.body): Failure {
  const provider = providerOf(recorded.provider);
  assert.ok(provider !== undefined, recorded.provider);
  return provider.classify({
    status: recorded.status,
    headers: recorded.headers ?? {},
    body: textOf(body),
    phase: recorded.phase ?? 'head',
    nowMs: NOW_MS,
  });
}

const SUFFIX = ' For details, see: https://www.alibabacloud.com/help/en/model-studio/error-code';

const textOf = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The same refusal as a gateway might have rewritten it. */
export const VARIANTS: Readonly<Record<string, (body: unknown) => unknown>> = {
  'with its keys in another order': (body) => rebuilt(body, { reverse: true }),
  'without a request id': (body) => rebuilt(body, { drop: /request_?id/i }),
  'with a longer text': (body) => rebuilt(body, { suffix: SUFFIX }),
  'after a byte order mark and blanks': (body) => `\uFEFF \r\n\t${textOf(body)}`,
  'with its error as a string of JSON': (body) =>
    isObject(body) && isObject(body['error']) ? { ...body, error: JSON.stringify(body['error']) } : undefined,
  'as the text of a relay’s error': (body) =>
    isObject(body) ? { error: { message: JSON.stringify(body) } } : undefined,
  'as the text of two relays’ errors': (body) =>
    isObject(body)
      ? {
          error: {
            message: JSON.stringify({ error: { message: JSON.stringify(body), type: 'upstream_error' } }),
          },
        }
      : undefined,
  'shown on a page': (body) =>
    isObject(body)
      ? `<!DOCTYPE html>\n<html><head><title>Error</title></head><body><pre>${escaped(textOf(body))}</pre></body></html>`
      : undefined,
  'with its error as `code: message`': (body) => {
    const line = lineOf(body);
    return line === undefined ? undefined : { error: line };
  },
};

/** Only where the error says nothing but one code, of one word, and a message is anything left of it in one line. */
function lineOf(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const { message, code, type, param, ...rest } = isObject(body['error']) ? body['error'] : body;
  const names = new Set(
    [code, type].filter((name) => name !== null && name !== undefined && name !== 'error'),
  );
  const [name] = names;
  const more = Object.keys(rest).filter((field) => !/^(?:id|request_?id|error)$/i.test(field));
  const isOneWord = typeof name === 'string' && /^[\w.-]+$/.test(name) && !/^\d{3}$/.test(name);
  const isAll = names.size === 1 && isOneWord && more.length === 0 && !param && typeof message === 'string';
  return isAll ? `${name}: ${message}` : undefined;
}

function rebuilt(value: unknown, how: { reverse?: boolean; drop?: RegExp; suffix?: string }): unknown {
  if (Array.isArray(value)) return value.map((item) => rebuilt(item, how));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name]) => how.drop?.test(name) !== true)
    .map(([name, item]): [string, unknown] => [
      name,
      name === 'message' && typeof item === 'string' ? item + (how.suffix ?? '') : rebuilt(item, how),
    ]);
  return Object.fromEntries(how.reverse === true ? entries.reverse() : entries);
}
