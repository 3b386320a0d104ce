/**
 * Pages of a list that grows: a cursor says where the last page ended, as the sort values of its last row, so that what
 * comes in meanwhile moves nothing. A cursor is not secret and is read like any other input.
 */

import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../storage/tables.ts';
import { AdminProblem, type Page } from './route.ts';

export const MAX_PAGE = 500;

/** For the query of a list: `z.object({ …pageQuery, tenant: … })`. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50).meta({ description: 'Rows of a page.' }),
  cursor: z.string().max(1_000).optional().meta({ description: 'The `next` of the page before.' }),
};

/** What a list answers. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    next: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page; null: this is the last one.' }),
  });

/** Where a page ended: the moment and the id of its last row. */
export type Place = { readonly at: number; readonly id: string };

export const cursorOf = ({ at, id }: Place): string =>
  Buffer.from(JSON.stringify([at, id])).toString('base64url');

/** Throws 400 on what is no cursor of ours. */
export function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  try {
    const [at, id, ...more] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    if (Number.isSafeInteger(at) && typeof id === 'string' && !id.includes('\0') && more.length === 0)
      return { at: Number(at), id };
  } catch {
    // Answered below, as any other cursor that is none.
  }
  throw new AdminProblem(400, 'The cursor is none of this API: start again without one.', [
    { path: 'query.cursor', message: 'expected the `next` of an earlier page' },
  ]);
}

export type PageAsk = { readonly limit: number; readonly cursor?: string | undefined };

/** The rows behind a place, the newest first, and one more than the page has: whether there is more. */
export const newestRows = <Table extends keyof Tables, Row>(
  rows: SelectQueryBuilder<Tables, Table, Row>,
  {
    limit,
    place,
    at,
  }: { readonly limit: number; readonly place: Place | undefined; readonly at: TimeColumn },
) => {
  const moment = sql.ref(at);
  const older = place && sql<SqlBool>`(${moment}, id) < (${place.at}, ${place.id})`;
  return (older === undefined ? rows : rows.where(older))
    .orderBy(moment, 'desc')
    .orderBy(sql.ref('id'), 'desc')
    .limit(limit + 1)
    .execute();
};

type TimeColumn = 'created_ms' | 'at_ms';
type Made = { readonly id: string; readonly created_ms: number };

/** A page of what people have made, the newest first. */
export async function newestPage<Table extends keyof Tables, Row extends Made, Item>(
  rows: SelectQueryBuilder<Tables, Table, Row>,
  { limit, cursor }: PageAsk,
  item: (row: Row) => Item,
): Promise<Page<Item>> {
  const found = await newestRows(rows, { limit, place: placeOf(cursor), at: 'created_ms' });
  return pageFrom(found as Row[], limit, { item, place: ({ created_ms, id }) => ({ at: created_ms, id }) });
}

/** Of `limit + 1` rows, which is how a list learns whether there is more. */
export function pageFrom<Row, Item>(
  rows: readonly Row[],
  limit: number,
  of: { readonly item: (row: Row) => Item; readonly place: (row: Row) => Place },
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    data: shown.map(of.item),
    next: rows.length > limit && last !== undefined ? cursorOf(of.place(last)) : null,
  };
}
