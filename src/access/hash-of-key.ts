/** How keys are kept and looked up: by this alone. They are 256 random bits, so that nothing slower is needed. */

import { hash } from 'node:crypto';

export const hashOfKey = (key: string): string => hash('sha256', key, 'hex');
