/**
 * Texts that clients carry between their calls without being able to read them: encrypted and signed, each for the key
 * that it was given to. What another made, or was given to another, is not opened.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** How they begin, so that they can be told from those of providers. */
export const SEAL_MARK = 'slr1_';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export type Seals = {
  /** `owner`: id of the client key. */
  seal(text: string, owner: string): string;
  /** Undefined for what was not sealed here for this owner. */
  open(sealed: string, owner: string): string | undefined;
};

const KEY_BYTES = 32;

/**
 * With another secret nothing that was sealed before is opened. It may serve other ends, too, and is asked for when something
 * is sealed or opened, not before.
 */
export function createSeals(kept: () => Uint8Array = () => randomBytes(KEY_BYTES)): Seals {
  let known: Uint8Array | undefined;
  const secretOf = (): Uint8Array => {
    known ??= new Uint8Array(hkdfSync('sha256', kept(), '', 'sluice sealed thoughts', KEY_BYTES));
    return known;
  };
  return {
    seal(text, owner) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, secretOf(), nonce);
      cipher.setAAD(Buffer.from(owner));
      const said = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return SEAL_MARK + said.toString('base64url');
    },
    open(sealed, owner) {
      if (!sealed.startsWith(SEAL_MARK)) return undefined;
      const bytes = Buffer.from(sealed.slice(SEAL_MARK.length), 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv(CIPHER, secretOf(), bytes.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(owner));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      try {
        const said = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([said, decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}
