/** Ids that people copy from an error into a search: unguessable, without a meaning. */

import { randomUUID } from 'node:crypto';

export const newRequestId = (): string => `req_${randomUUID().replaceAll('-', '')}`;
