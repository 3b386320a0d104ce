/**
 * What can go wrong with a database, by what follows from it: whichever database it is, and whatever its own codes are.
 * Messages name statements and columns, never values.
 */

/**
 * `away`: it does not answer, or not in time; what was asked may or may not have happened. `met`: another transaction
 * was in the way, nothing happened, the same may be tried again. `unique`: there is such a row already. `constraint`:
 * the row is not allowed. `wrong`: everything else, a fault of the program.
 */
export type DatabaseErrorKind = 'away' | 'met' | 'unique' | 'constraint' | 'wrong';

export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly kind: DatabaseErrorKind;
  /** The database's own: SQLSTATE, or SQLite's extended result code. */
  readonly code: string | undefined;

  constructor(kind: DatabaseErrorKind, message: string, code?: string) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

export const isDatabaseError = (error: unknown, kind: DatabaseErrorKind): error is DatabaseError =>
  error instanceof DatabaseError && error.kind === kind;
