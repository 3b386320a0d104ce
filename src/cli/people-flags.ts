/** What the commands of keys, tenants and projects understand alike: lists, amounts, notes, and `off` for nothing. */

import { InvalidArgumentError } from 'commander';
import type { JsonObject } from '../base/json.ts';
import { readDuration } from '../config/duration.ts';
import { BUDGET_PERIODS } from '../domain/tenancy.ts';

/** Takes a setting away. It is not null before the body is made: the parser of the command line has another use for that. */
export const OFF = 'off';
export type Off = typeof OFF;

/** As the body says it. */
export const unlessOff = <T>(value: T | Off | undefined): T | null | undefined =>
  value === OFF ? null : value;

export const readList = (text: string): readonly string[] | Off =>
  text === OFF
    ? OFF
    : text
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== '');

export function readLimit(text: string): number | Off {
  if (text === OFF) return OFF;
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError(`Expected a number above 0, or ${OFF}.`);
  return value;
}

export function readNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}

export function readSwitch(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('Expected on or off.');
  return text === 'on';
}

/** `day=5`, several times. */
export function readBudget(text: string, before: JsonObject = {}): JsonObject {
  const [period = '', amount = ''] = text.split('=');
  if (!BUDGET_PERIODS.some((each) => each === period) || !/^(\d{1,10}(\.\d{1,9})?|off)$/.test(amount))
    throw new InvalidArgumentError(
      `Expected ${BUDGET_PERIODS.join(', ')}, "=" and dollars or ${OFF}, as in day=5 or month=off.`,
    );
  return { ...before, [period]: amount === OFF ? null : amount };
}

/** `owner=web`, several times. */
export function readNote(text: string, before: JsonObject = {}): JsonObject {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected a name, "=" and a value, as in owner=web.');
  const value = text.slice(at + 1);
  return { ...before, [text.slice(0, at)]: value === OFF ? null : value };
}

/** A moment as ISO 8601 writes it, a date, or a time from now on: `90d`, `12h`. */
export function readMoment(text: string, nowMs: number): string | null {
  if (text === OFF) return null;
  const durationMs = readDuration(text);
  const atMs = durationMs === undefined ? Date.parse(text) : nowMs + durationMs;
  if (Number.isNaN(atMs))
    throw new Error(
      `--expires: expected a date such as 2027-01-31, a time from now on such as 90d, or ${OFF}`,
    );
  return new Date(atMs).toISOString();
}

/** What was, with what is said now; what is null is left out. */
export const mixed = (before: unknown, said: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries({ ...(typeof before === 'object' && before !== null ? before : {}), ...said }).filter(
      ([, value]) => value !== null && value !== undefined,
    ),
  );

/** Budgets in one cell. */
export function budgetsText(budgets: unknown): string {
  const entries = Object.entries(Object(budgets) as object).filter(([, value]) => value !== undefined);
  return entries.map(([period, amount]) => `$${String(amount)}/${period}`).join(' ');
}

export const jsonOf = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A thing as lines of name and value, without what says nothing. */
export function linesOf(thing: JsonObject): string {
  const rows = Object.entries(thing).flatMap(([name, value]) => {
    const text = wordsOf(value);
    return text === '' ? [] : [[name, text] as const];
  });
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}\n`).join('');
}

function wordsOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(wordsOf).join(', ');
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .filter(([, each]) => each !== null)
    .map(([name, each]) => `${name} ${wordsOf(each)}`)
    .join(', ');
}
