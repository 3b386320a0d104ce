/**
 * Texts that clients carry between their calls without being able to read them: encrypted and signed, each for the key
 * that it was given to. What another made, or was given to another, is not opened.
 */

import { randomBytes } from 'node:crypto';
import { keyFor, openText, sealText } from '../base/sealed-text.ts';

/** How they begin, so that they can be told from those of providers. */
export const SEAL_MARK = 'slr1_';

export type Seals = {
  /** `owner`: id of the client key. */
  seal(text: string, owner: string): string;
  /** Undefined for what was not sealed here for this owner. */
  open(sealed: string, owner: string): string | undefined;
};

const SECRET_BYTES = 32;

/**
 * With another secret nothing that was sealed before is opened. It may serve other ends, too, and is asked for when something
 * is sealed or opened, not before.
 */
export function createSeals(kept: () => Uint8Array = () => randomBytes(SECRET_BYTES)): Seals {
  let known: Uint8Array | undefined;
  const key = (): Uint8Array => {
    known ??= keyFor(kept(), 'sluice sealed thoughts');
    return known;
  };
  return {
    seal: (text, owner) => SEAL_MARK + sealText(key(), text, owner),
    open: (sealed, owner) =>
      sealed.startsWith(SEAL_MARK) ? openText(key(), sealed.slice(SEAL_MARK.length), owner) : undefined,
  };
}
