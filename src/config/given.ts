/** A mapping as the rest of the house wants it: what is not given is not there, rather than undefined. */

export type Given<T> = { -readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Without the entries that are undefined. */
export const given = <T extends object>(values: T): Given<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Given<T>;
