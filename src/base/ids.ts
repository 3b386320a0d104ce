/** Ids that people copy from an error into a search: unguessable, without a meaning, one word. */

import { randomUUID } from 'node:crypto';

export const newRequestId = (): string => newId('req_');
export const newAlertId = (): string => newId('alert_');
export const newAuditId = (): string => newId('audit_');
export const newKeyId = (): string => newShortId('key_');
export const newAdminId = (): string => newShortId('admin_');
export const newSecretId = (): string => newShortId('secret_');

function newId(prefix: string): string {
  const id = randomUUID();
  return `${prefix}${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`;
}

/** For what people name in commands, and of which there are few: the database sees to it that no two are the same. */
const newShortId = (prefix: string): string => newId(prefix).slice(0, prefix.length + SHORT);
const SHORT = 12;
