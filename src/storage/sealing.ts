/**
 * Secrets at rest: sealed by the master key, which is kept outside the database, so that a copy of the database is worth
 * nothing. Each says by which key it was sealed, so that a wrong one is told from a damaged secret, and those of an old
 * key can be read and sealed anew. A secret is bound to a context and opens nowhere else.
 */

import { createHash } from 'node:crypto';
import { keyFor, openText, sealText } from '../base/sealed-text.ts';

/** The form of what is stored: `s1.<key id>.<base64url>`. */
const VERSION = 's1';
const SEALED = /^s1\.([0-9a-f]{8})\.([\w-]+)$/;

export type Opened =
  /** `old`: by another key than the present one; it should be sealed anew. */
  { readonly text: string; readonly old: boolean } | { readonly problem: string };

export type Sealing = {
  /** Names the present key, and tells nothing of it. */
  readonly keyId: string;
  seal(text: string, context: string): string;
  open(sealed: string, context: string): Opened;
};

type Key = { readonly id: string; readonly bytes: Uint8Array };

function keyOf(master: string): Key {
  const bytes = keyFor(master, 'sluice account secrets');
  const id = createHash('sha256').update('id').update(bytes).digest('hex').slice(0, 8);
  return { id, bytes };
}

/** `old`: former master keys, still good for reading. */
export function createSealing(master: string, old: readonly string[] = []): Sealing {
  const present = keyOf(master);
  const keys = new Map([...old.map(keyOf), present].map((key) => [key.id, key]));
  return {
    keyId: present.id,
    seal: (text, context) => `${VERSION}.${present.id}.${sealText(present.bytes, text, context)}`,
    open(sealed, context) {
      const [, id = '', body = ''] = SEALED.exec(sealed) ?? [];
      if (id === '') return { problem: 'it is not in a form that this version knows' };
      const key = keys.get(id);
      if (key === undefined)
        return {
          problem:
            `it was sealed by another master key (${id}; the present one is ${present.id}): set SLUICE_MASTER_KEY to ` +
            'that one, or add it to SLUICE_MASTER_KEY_OLD',
        };
      const text = openText(key.bytes, body, context);
      if (text === undefined)
        return {
          problem: 'it was damaged, or sealed for another account or address: remove it and add it again',
        };
      return { text, old: key !== present };
    },
  };
}

/** Former keys as one variable holds them, apart by commas or spaces; one that has such a sign in it is taken whole, too. */
export function formerKeys(written: string | undefined): readonly string[] {
  const whole = written?.trim() ?? '';
  return whole === '' ? [] : [...new Set([whole, ...whole.split(/[\s,]+/)])].filter((key) => key !== '');
}
