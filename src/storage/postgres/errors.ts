/** PostgreSQL's errors by what follows from them: https://www.postgresql.org/docs/current/errcodes-appendix.html */

import { DatabaseError, type DatabaseErrorKind } from '../database-error.ts';

const KINDS: Readonly<Record<string, DatabaseErrorKind>> = {
  '40001': 'met', // serialization failure
  '40P01': 'met', // deadlock
  '55P03': 'met', // a lock was not to be had in time
  '23505': 'unique',
  '57014': 'away', // ended by its time limit
  '25P03': 'away', // idle for too long in a transaction
  '25006': 'away', // read-only: a standby
};

/** Classes: connections, resources, the operator's doing, the system's. */
const CLASSES: Readonly<Record<string, DatabaseErrorKind>> = {
  '08': 'away',
  '23': 'constraint',
  '53': 'away',
  '57': 'away',
  '58': 'away',
};

/** Its message, without the detail: that holds values. What has no code did not come from the server. */
export function postgresError(error: unknown, otherwise: DatabaseErrorKind = 'wrong'): DatabaseError {
  if (error instanceof DatabaseError) return error;
  const message = messageOf(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code))
    return new DatabaseError('away', `PostgreSQL does not answer: ${message}`, code);
  return new DatabaseError(KINDS[code] ?? CLASSES[code.slice(0, 2)] ?? otherwise, message, code);
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((each) => messageOf(each)).join('; ');
  return error instanceof Error ? error.message : String(error);
}
