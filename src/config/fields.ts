/**
 * The kinds of value a configuration is made of. A leaf reads unknown input into its final form (a duration becomes
 * milliseconds), says in one phrase what it expects, and describes itself to editors. Text is accepted wherever a
 * number or a switch is, because interpolated values arrive as text.
 */

import { z } from 'zod';
import { blockOf } from '../base/address-blocks.ts';
import type { Ramp } from '../domain/limits.ts';
import { PLACE_FORMS, placeOf } from '../storage/place.ts';
import { DURATION_PATTERN, durationText, readDuration } from './duration.ts';
import { readSize, SIZE_PATTERN } from './size.ts';

type LeafOptions<T> = {
  /** Completes "expected …". */
  readonly expected: string;
  /** Goes into the JSON schema; `title` is the type's name in the documents. */
  readonly json: { readonly title: string; readonly [key: string]: unknown };
  /** What the word is a name of, and the valid ones: for "unknown provider 'qwne', did you mean 'qwen'?". */
  readonly words?: { readonly noun: string; readonly list: readonly string[] };
  /** Undefined when the value is not one. */
  readonly read: (value: unknown) => T | undefined;
};

function leaf<T>({ expected, json, words, read }: LeafOptions<T>) {
  return z
    .unknown()
    .transform((value, context): T => {
      const result = read(value);
      if (result !== undefined) return result;
      context.issues.push({ code: 'custom', input: value, message: expected, params: { words } });
      return z.NEVER;
    })
    .meta(json);
}

/** In a JSON schema: the exact form, or anything that is still to be interpolated. */
const orInterpolated = (pattern: string): string => `^(${pattern})$|\\$\\{`;

/** A mapping with these keys and no others. Left empty in the file, it is an empty mapping. */
export const section = <T extends z.ZodRawShape>(shape: T) =>
  z.preprocess((value) => value ?? {}, z.strictObject(shape));

/** A mapping from names to entries. */
export const mapOf = <T extends z.ZodType>(entry: T) =>
  z.preprocess((value) => value ?? {}, z.record(z.string(), entry));

export const listOf = <T extends z.ZodType>(entry: T) => z.preprocess((value) => value ?? [], z.array(entry));

/** One line of text without spaces at its ends. */
export const text = (expected = 'text', pattern = /^\S(.*\S)?$/) =>
  leaf({
    expected,
    json: { title: 'text', type: 'string', minLength: 1 },
    read: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined),
  });

/** Ids become parts of channel names (`account/model`) and metric labels. */
export const identifier = () => text('a name of letters, digits, ".", "_" and "-"', /^[A-Za-z0-9][\w.-]*$/);

/** Never shown, neither in a message nor in an excerpt (`writeOnly` says so). Goes into a header: one visible word. */
export const secret = (minLength: number, expected: string) =>
  leaf({
    expected,
    json: { title: 'secret', type: 'string', minLength: 1, writeOnly: true },
    read: (value) =>
      typeof value === 'string' && value.length >= minLength && /^[\x21-\x7e]+$/.test(value)
        ? value
        : undefined,
  });

/** Of Standard Webhooks: the longest key its receivers have to take is 64 bytes. */
export const webhookSecret = () =>
  leaf({
    expected:
      'whsec_ and the base64 of 24 to 64 random bytes (echo "whsec_$(openssl rand -base64 32)" makes one)',
    json: { title: 'secret', type: 'string', minLength: 1, writeOnly: true },
    read: (value) => {
      if (typeof value !== 'string' || !value.startsWith('whsec_')) return undefined;
      const written = value.slice('whsec_'.length);
      const bytes = Buffer.from(written, 'base64');
      const isWhole = bytes.toString('base64') === written;
      return isWhole && bytes.length >= 24 && bytes.length <= 64 ? value : undefined;
    },
  });

/** Whoever knows the address of a webhook can often use it: never shown. As written, for a last slash may matter. */
export const webhookUrl = () =>
  leaf({
    expected: 'an address such as https://host/path, without a user or password',
    json: { title: 'URL', type: 'string', pattern: orInterpolated('https?://.+'), writeOnly: true },
    read: (value) => {
      if (typeof value !== 'string' || !/^https?:\/\/\S+$/.test(value) || !URL.canParse(value))
        return undefined;
      const { username, password } = new URL(value);
      return username === '' && password === '' ? value : undefined;
    },
  });

/** It may hold a password: never shown. */
export const databaseUrl = () =>
  leaf({
    expected: PLACE_FORMS.join(' or '),
    json: {
      title: 'URL',
      type: 'string',
      pattern: orInterpolated('(postgres(ql)?://|sqlite:).+'),
      writeOnly: true,
    },
    read: (value) => (typeof value === 'string' ? placeOf(value.trim()) : undefined),
  });

export const url = () =>
  leaf({
    expected: 'an address such as https://host/v1, without a user or password',
    json: { title: 'URL', type: 'string', pattern: orInterpolated('https?://.+') },
    read: (value) => {
      // A parser takes line breaks out and takes a backslash for a slash: what is checked would not be what is sent.
      if (typeof value !== 'string' || !/^https?:\/\/[^\s\\\p{Cc}]+$/u.test(value) || !URL.canParse(value))
        return undefined;
      const { username, password } = new URL(value);
      return username === '' && password === '' ? value.replace(/\/+$/, '') : undefined;
    },
  });

/** Whatever the file says: text, number, switch, list or mapping. */
export const anything = () => z.unknown().meta({ title: 'any value' });

/** One of a few words. */
export const word = <const W extends string>(noun: string, list: readonly W[]) =>
  leaf<W>({
    expected: `one of ${list.join(', ')}`,
    json: { title: list.join(' | '), anyOf: [{ enum: [...list] }, { type: 'string', pattern: '\\$\\{' }] },
    words: { noun, list },
    read: (value) => list.find((candidate) => candidate === value),
  });

/** A name another room defines; any text where the names are not known. */
export const name = (noun: string, list: readonly string[] | undefined) =>
  list === undefined ? text(`the name of a ${noun}`) : word(noun, list);

type NumberOptions = { readonly min?: number; readonly max?: number };

export function wholeNumber({ min = 0, max = Number.MAX_SAFE_INTEGER }: NumberOptions = {}) {
  const upper = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`;
  return leaf({
    expected: `a whole number${upper === '' ? `, at least ${min}` : ` from ${min}${upper}`}`,
    json: {
      title: 'whole number',
      type: ['integer', 'string'],
      minimum: min,
      ...(upper === '' ? {} : { maximum: max }),
      pattern: orInterpolated('\\d+'),
    },
    read: (value) => {
      const number = numberOf(value);
      return Number.isSafeInteger(number) && number >= min && number <= max ? number : undefined;
    },
  });
}

export const positiveNumber = () =>
  leaf({
    expected: 'a number above 0',
    json: {
      title: 'number',
      type: ['number', 'string'],
      exclusiveMinimum: 0,
      pattern: orInterpolated(NUMBER),
    },
    read: readPositive,
  });

type DecimalOptions = { readonly expected: string; readonly accepts: (written: string) => boolean };

/** Decimal text, kept to the digit. A number is taken as it is written: YAML makes one of 0.88. */
export const decimal = ({ expected, accepts }: DecimalOptions) =>
  leaf({
    expected,
    json: { title: 'decimal', type: ['number', 'string'], minimum: 0, pattern: orInterpolated(NUMBER) },
    read: (value) => {
      const written = typeof value === 'number' ? String(value) : value;
      const isDecimal = typeof written === 'string' && /^\d{1,12}(\.\d{1,9})?$/.test(written);
      return isDecimal && accepts(written) ? written : undefined;
    },
  });

/** Of money, of at most nine places. */
export const amount = () =>
  decimal({ expected: 'an amount such as 1.25, of at most nine places', accepts: () => true });

/** A limit, or `off` where a published one should not count. */
export const limit = () =>
  leaf<number | 'off'>({
    expected: 'a number above 0, or off',
    json: {
      title: 'number | off',
      type: ['number', 'string'],
      exclusiveMinimum: 0,
      pattern: orInterpolated(`off|${NUMBER}`),
    },
    read: (value) => (value === 'off' ? 'off' : readPositive(value)),
  });

/** A moment as ISO 8601 writes it, in epoch ms; a date alone is its beginning in UTC. */
export const moment = () =>
  leaf({
    expected: 'a date such as 2027-01-31, or a time such as 2027-01-31T18:00:00Z',
    json: { title: 'date or time', type: 'string', pattern: orInterpolated(MOMENT) },
    read: (value) => {
      if (typeof value !== 'string' || !MOMENT_TEXT.test(value)) return undefined;
      const atMs = Date.parse(value);
      // The 31st of February is read as a day in March.
      const isDay = new Date(`${value.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(value.slice(8, 10));
      return Number.isNaN(atMs) || !isDay ? undefined : atMs;
    },
  });

/** An address of the network, or a block of them. */
export const addressBlock = () =>
  leaf({
    expected: 'an address or a block of them, such as 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32',
    json: { title: 'address', type: 'string', minLength: 1 },
    read: (value) => (typeof value === 'string' && blockOf(value) !== undefined ? value : undefined),
  });

export const flag = () =>
  leaf({
    expected: 'true or false',
    json: { title: 'true | false', type: ['boolean', 'string'], pattern: orInterpolated('true|false') },
    read: (value) => {
      if (value === true || value === 'true') return true;
      return value === false || value === 'false' ? false : undefined;
    },
  });

/** Milliseconds. `minMs` 0 where no time at all makes sense. */
export const duration = (minMs = 1) =>
  leaf({
    expected: `a duration such as 50s, 300ms, 5m or 1h${minMs > 0 ? ', above 0' : ''}`,
    json: {
      title: 'duration',
      type: ['number', 'string'],
      minimum: 0,
      pattern: orInterpolated(DURATION_PATTERN),
    },
    read: (value) => {
      const durationMs = readDuration(value);
      return durationMs !== undefined && durationMs >= minMs ? durationMs : undefined;
    },
  });

/** Milliseconds, or `off`. */
export const durationOrOff = (minMs: number) =>
  leaf<number | 'off'>({
    expected: `off, or a duration of at least ${durationText(minMs)}`,
    json: {
      title: 'off | duration',
      type: ['number', 'string'],
      minimum: minMs / 1_000,
      pattern: orInterpolated(`off|${DURATION_PATTERN}`),
    },
    read: (value) => {
      if (value === 'off') return 'off';
      const durationMs = readDuration(value);
      return durationMs !== undefined && durationMs >= minMs ? durationMs : undefined;
    },
  });

type SwitchedDurationOptions = { readonly onMs: number; readonly minMs: number; readonly maxMs: number };

/** Milliseconds within bounds, `on` for the usual ones, or `off`. */
export const switchedDuration = ({ onMs, minMs, maxMs }: SwitchedDurationOptions) =>
  leaf<number | 'off'>({
    expected: `off, on, or a duration from ${durationText(minMs)} to ${durationText(maxMs)}`,
    json: {
      title: 'off | on | duration',
      type: ['number', 'string'],
      minimum: minMs / 1_000,
      maximum: maxMs / 1_000,
      pattern: orInterpolated(`off|on|${DURATION_PATTERN}`),
    },
    read: (value) => {
      if (value === 'off') return 'off';
      const durationMs = value === 'on' ? onMs : readDuration(value);
      return durationMs !== undefined && durationMs >= minMs && durationMs <= maxMs ? durationMs : undefined;
    },
  });

/** What becomes of an answer whose client has left: ms that it is read on, 0 for `cancel`. */
export const clientGone = () =>
  leaf({
    expected: 'cancel, or a drain such as drain(30s)',
    json: {
      title: 'cancel | drain(duration)',
      type: 'string',
      pattern: orInterpolated(`cancel|drain\\(${DURATION_PATTERN}\\)`),
    },
    read: (value) => {
      if (value === 'cancel') return 0;
      const inside = typeof value === 'string' ? /^drain\((.+)\)$/.exec(value.trim())?.[1] : undefined;
      return inside === undefined ? undefined : readDuration(inside);
    },
  });

/** Bytes. */
export const size = () =>
  leaf({
    expected: 'a size such as 32mb or 512kb',
    json: { title: 'size', type: ['integer', 'string'], minimum: 1, pattern: orInterpolated(SIZE_PATTERN) },
    read: readSize,
  });

/** How fast the rate may grow: `off`, or both numbers. */
export const ramp = () =>
  z.union([
    word('ramp', ['off']),
    z.strictObject({
      floor: share().describe('Rate that is always allowed, as a share (0-1) of the request rate limit.'),
      growth: positiveNumber().describe('Highest factor by which the rate may exceed its recent average.'),
    }),
  ]) satisfies z.ZodType<'off' | Ramp>;

const share = () =>
  leaf({
    expected: 'a share from 0 to 1',
    json: {
      title: 'share',
      type: ['number', 'string'],
      minimum: 0,
      maximum: 1,
      pattern: orInterpolated(NUMBER),
    },
    read: (value) => {
      const number = numberOf(value);
      return number >= 0 && number <= 1 ? number : undefined;
    },
  });

const MOMENT = '\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,3})?)?(Z|[+-]\\d\\d:\\d\\d))?';
const MOMENT_TEXT = new RegExp(`^${MOMENT}$`);

const NUMBER = '\\d+(\\.\\d+)?';
const NUMBER_TEXT = new RegExp(`^${NUMBER}$`);

/** NaN when it is none. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && NUMBER_TEXT.test(value.trim()) ? Number(value) : Number.NaN;
}

function readPositive(value: unknown): number | undefined {
  const number = numberOf(value);
  return Number.isFinite(number) && number > 0 ? number : undefined;
}
