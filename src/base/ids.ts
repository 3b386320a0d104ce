/** Ids that people copy from an error into a search: unguessable, without a meaning, one word. */

import { randomUUID } from 'node:crypto';

export function newRequestId(): string {
  const id = randomUUID();
  return `req_${id.slice(0, 8)}${id.slice(9, 13)}${id.slice(14, 18)}${id.slice(19, 23)}${id.slice(24)}`;
}
