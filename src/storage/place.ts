/** Where a database is: a file, or a server's address. Read from one text, and shown without its password. */

export type DatabasePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string };

export const PLACE_FORMS = [
  'postgres://user:password@host:5432/database',
  'sqlite:./data/sluice.db',
] as const;

/** Undefined for what is neither. The text is a secret: it may hold a password. */
export function placeOf(text: string): DatabasePlace | undefined {
  const sqlite = /^sqlite:(?:\/\/(?=\/))?(.+)$/s.exec(text);
  if (sqlite?.[1] !== undefined) return { kind: 'sqlite', path: sqlite[1] };
  if (!/^postgres(?:ql)?:\/\//.test(text)) return undefined;
  const url = URL.parse(text);
  // Without a name PostgreSQL would take the user's: an accident waiting for the wrong database.
  if (url === null || url.pathname.length < 2) return undefined;
  return { kind: 'postgres', url: text };
}

/** For logs and messages. */
export function shownPlace(place: DatabasePlace): string {
  if (place.kind === 'sqlite') return place.path;
  const url = URL.parse(place.url);
  if (url === null) return 'postgres://…';
  return `postgres://${url.username === '' ? '' : `${url.username}@`}${url.host}${url.pathname}`;
}
