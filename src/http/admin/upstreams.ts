/**
 * What the routes of accounts, models and channels need of the house, and what they share: how a change is checked by the
 * file's own checks before it is made, and how what is wrong is shown.
 */

import { z } from 'zod';
import type { JsonObject } from '../../base/json.ts';
import type { Config } from '../../config/config.ts';
import { type JsonSchema, jsonSchemaOf } from '../../config/json-schema.ts';
import type { Known } from '../../config/known.ts';
import type { StoredRows } from '../../config/stored/rows.ts';
import type { StoredConfig } from '../../config/stored/stored-config.ts';
import type { StoredKind, StoredProblem } from '../../config/stored/stored-problem.ts';
import type { Channel } from '../../domain/channel.ts';
import type { Explained } from '../../ledger/pricing.ts';
import type { Database } from '../../storage/database.ts';
import { bump } from '../../storage/revisions.ts';
import type { Sealing } from '../../storage/sealing.ts';
import type { Front } from '../front.ts';
import { cursorOf, placeOf } from './page.ts';
import { AdminProblem, type Page } from './route.ts';

/** Outcome of a small real call on one channel. */
export type ChannelTest = {
  readonly channel: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly ms: number;
};

export type UpstreamDoors = {
  readonly database: Database;
  readonly stored: StoredConfig;
  readonly known: Known;
  /** Undefined: there is no master key, and secrets cannot be kept. */
  readonly sealing: Sealing | undefined;
  front(): Pick<Front, 'snapshot' | 'liveLimits' | 'benches' | 'switchOn'>;
  /** A change was made: resolves when it is in force here. */
  notice(): Promise<void>;
  /** Asks every channel of this configuration for next to nothing; it costs a few tokens. */
  test(config: Config): Promise<readonly ChannelTest[]>;
  /** What a call on the channel costs, as a model of this name. */
  pricesOf(channel: Channel, served: string): Pick<Explained, 'list' | 'own' | 'costFactor'>;
};

export const READERS = ['owner', 'operator', 'viewer'] as const;
export const WRITERS = ['owner', 'operator'] as const;

export { bump };

export const problemSchema = z.strictObject({
  path: z.string().meta({ description: 'Within its settings; empty: the thing as a whole.' }),
  message: z.string(),
  out: z.boolean().meta({ description: 'Because of it, nothing of the thing is in force.' }),
});

export const problemsOn = (
  problems: readonly StoredProblem[],
  kind: StoredKind,
  id: string,
): z.output<typeof problemSchema>[] =>
  problems
    .filter((problem) => problem.kind === kind && problem.id === id)
    .map(({ path, message, out }) => ({ path, message, out }));

/** Throws 422 with all that would be wrong with this thing, were the rows these. */
export function requireRight(
  doors: Pick<UpstreamDoors, 'stored'>,
  rows: StoredRows,
  thing: { readonly kind: StoredKind; readonly id: string; readonly but?: (path: string) => boolean },
): void {
  const wrong = problemsOn(doors.stored.problemsOf(rows), thing.kind, thing.id).filter(
    ({ path }) => thing.but?.(path) !== true,
  );
  if (wrong.length === 0) return;
  const errors = wrong.map(({ path, message }) => ({ path: bodyPath(path), message }));
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new AdminProblem(422, `${first?.path}: ${first?.message}${more}.`, errors);
}

function bodyPath(path: string): string {
  if (path === 'provider' || path === 'id') return `body.${path}`;
  return path === '' ? 'body' : `body.settings${path.startsWith('[') ? '' : '.'}${path}`;
}

/** With another one in the place of that of the same name, or beside the others. */
export const withOne = <T>(all: readonly T[], one: T, idOf: (each: T) => string): readonly T[] => [
  ...all.filter((each) => idOf(each) !== idOf(one)),
  one,
];

/** Settings as the file would have them, as they are written: checked by the file's own schema afterwards. */
export function settingsSchema(schema: z.ZodType, without: readonly string[] = []) {
  const { $schema: _, ...said } = jsonSchemaOf(schema);
  const properties = Object.fromEntries(
    Object.entries(said.properties ?? {}).filter(([name]) => !without.includes(name)),
  );
  const { required: _required, ...rest } = said;
  return z.record(z.string(), z.unknown()).meta({ ...(rest as JsonSchema), properties });
}

/** RFC 7396: what is null goes, objects are merged, anything else takes the place of what was there. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    const was = merged.get(name);
    if (value === null) merged.delete(name);
    else merged.set(name, isPlain(value) ? mergePatch(isPlain(was) ? was : {}, value) : value);
  }
  return Object.fromEntries(merged);
}

const isPlain = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A page of a list that is in memory as a whole, by name. */
export function pageByName<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Page<T> {
  const after = placeOf(cursor)?.id;
  const rest = items
    .filter((item) => after === undefined || nameOf(item) > after)
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const data = rest.slice(0, limit);
  const last = data.at(-1);
  return {
    data,
    next: rest.length > limit && last !== undefined ? cursorOf({ at: 0, id: nameOf(last) }) : null,
  };
}

/** For what was changed between reading and writing, without the client having said a version. */
export const changedMeanwhile = (what: string): AdminProblem =>
  new AdminProblem(409, `${what} was changed by somebody else at the same moment: try again.`);
