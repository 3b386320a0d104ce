/**
 * Reads the relay's own log: a line of a call has the verdicts in it, under their kinds, so that nothing need be
 * judged again.
 */

import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { FAILURES, type FailureKind } from '../../domain/failure.ts';
import { createLiteralReader } from './literal.ts';

export type OwnVerdict = {
  readonly kind: FailureKind;
  /** The channels it was met on; empty for the end of the call itself. */
  readonly channels: readonly string[];
  readonly count: number;
  /** The upstream's status behind it. */
  readonly status: number | undefined;
  /** Our own words of then. */
  readonly detail: string | undefined;
};

export type OwnCall = {
  readonly id: string;
  readonly model: string;
  readonly end: string | undefined;
  readonly status: number | undefined;
  readonly attempts: number;
  readonly verdicts: readonly OwnVerdict[];
};

const isKind = (value: unknown): value is FailureKind =>
  typeof value === 'string' && Object.hasOwn(FAILURES, value);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/** Undefined when the object is no line of a call. */
export function ownCallOf(line: JsonObject): OwnCall | undefined {
  const id = textOf(line['call']);
  const model = textOf(line['model']);
  if (id === undefined || model === undefined || !('end' in line || 'attempts' in line)) return undefined;
  const attempts = Array.isArray(line['attempts']) ? line['attempts'].filter(isJsonObject) : [];
  const verdicts = new Map<FailureKind, OwnVerdict>();
  const meet = (kind: unknown, of: Omit<OwnVerdict, 'kind' | 'count'>): void => {
    if (!isKind(kind)) return;
    const before = verdicts.get(kind);
    verdicts.set(kind, {
      kind,
      channels: [...new Set([...(before?.channels ?? []), ...of.channels])],
      count: (before?.count ?? 0) + 1,
      status: before?.status ?? of.status,
      detail: before?.detail ?? of.detail,
    });
  };
  for (const attempt of attempts)
    meet(attempt['failure'], {
      channels: [textOf(attempt['channel']) ?? ''].filter((channel) => channel !== ''),
      status: numberOf(attempt['status']),
      detail: textOf(attempt['detail']),
    });
  const failure = line['failure'];
  if (isKind(failure) && !verdicts.has(failure))
    meet(failure, { channels: [], status: undefined, detail: undefined });
  return {
    id,
    model,
    end: textOf(line['end']),
    status: numberOf(line['status']),
    attempts: Math.max(attempts.length, 1),
    verdicts: [...verdicts.values()],
  };
}

/** The line as a terminal shows it: `12:00:00 warn  call call=req_1 model=m … attempts=[{…}]`. */
export function ownCallOfPretty(line: string): OwnCall | undefined {
  const start = /\bcall (?=call=\S)/.exec(line);
  if (start === null) return undefined;
  const fields: Record<string, unknown> = {};
  const reader = createLiteralReader(line);
  const name = /([a-zA-Z]+)=/y;
  for (let at = start.index + 5; at < line.length; at++) {
    name.lastIndex = at;
    const found = name.exec(line);
    if (found === null) continue;
    const from = name.lastIndex;
    const literal = /[[{]/.test(line[from] ?? '') ? reader.read(from) : undefined;
    const word = /^\S*/.exec(line.slice(from, from + 200))?.[0] ?? '';
    fields[found[1] ?? ''] = literal?.value ?? (/^\d+(\.\d+)?$/.test(word) ? Number(word) : word);
    at = literal?.end ?? from + word.length;
  }
  return ownCallOf(fields);
}
