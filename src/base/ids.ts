/** Ids that people copy from an error into a search: unguessable, one word. */

import { randomUUID, randomUUIDv7 } from 'node:crypto';

/**
 * These begin with their time: rows of calls that came together lie together in a database, where random ids would
 * touch another page each. 74 bits are chance.
 */
export const newRequestId = (): string => joined('req_', randomUUIDv7());
export const newAlertId = (): string => newId('alert_');
export const newAuditId = (): string => newId('audit_');
export const newKeyId = (): string => newShortId('key_');
export const newAdminId = (): string => newShortId('admin_');
export const newSecretId = (): string => newShortId('secret_');

const newId = (prefix: string): string => joined(prefix, randomUUID());

function joined(prefix: string, id: string): string {
  return `${prefix}${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`;
}

/** For what people name in commands, and of which there are few: the database sees to it that no two are the same. */
const newShortId = (prefix: string): string => newId(prefix).slice(0, prefix.length + SHORT);
const SHORT = 12;
