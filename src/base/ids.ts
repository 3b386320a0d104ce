/** Ids that people copy from an error into a search: unguessable, without a meaning, one word. */

import { randomUUID } from 'node:crypto';

export const newRequestId = (): string => newId('req_');
export const newAlertId = (): string => newId('alert_');
export const newAuditId = (): string => newId('audit_');
export const newKeyId = (): string => newId('key_');
export const newAdminId = (): string => newId('admin_');
export const newSecretId = (): string => newId('secret_');

function newId(prefix: string): string {
  const id = randomUUID();
  return `${prefix}${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`;
}
