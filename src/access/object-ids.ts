/**
 * Ids of files, batches and other objects, as clients get them: the provider's own id, readable, and behind it a short
 * mark of the account that has the object and a signature over id, account and client key. So an id finds its account
 * without a database, nobody can make one up, and the id of one key is worth nothing to another.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';

export type ObjectOwner = {
  /** Id of the account that has the object. */
  readonly account: string;
  /** Id of the client key that it was made with. */
  readonly key: string;
};

export type ObjectIds = {
  /** `file-abc` as `file-abc.sl_9fK2aQ_m3…`; too long an id, and one that is none, stays as it is. */
  sign(id: string, owner: ObjectOwner): string;
  /**
   * The provider's id and the account. Undefined for what was never signed here for this key, or whose account is not
   * among those that are configured now.
   */
  open(
    signed: string,
    asked: { readonly key: string; readonly accounts: readonly string[] },
  ): { readonly id: string; readonly account: string } | undefined;
};

/** What is to be seen of a signed id, for a look before a search. */
export const SIGNED_MARK = '.sl_';

const TAG_LENGTH = 6;
const SIGNATURE_LENGTH = 16;
const SIGNED = new RegExp(`^(.+)\\.sl_([\\w-]{${TAG_LENGTH}})_([\\w-]{${SIGNATURE_LENGTH}})$`);

/** Ids are short words; in a URL nothing of them needs an escape. */
const PLAIN_ID = /^[A-Za-z0-9][\w.:~-]*$/;

/** Of a signed id: some clients keep them in columns of this size. */
export const LONGEST_ID = 200;
const LONGEST_OWN_ID = LONGEST_ID - SIGNED_MARK.length - TAG_LENGTH - 1 - SIGNATURE_LENGTH;

/** Has it the form of a signed id, whoever made it? */
export const looksSigned = (text: string): boolean => text.length <= LONGEST_ID && SIGNED.test(text);

/**
 * `secretOf`: asked for at the first id, not before. At least 32 bytes; another one, and all ids that were given are void.
 */
export function createObjectIds(secretOf: () => Uint8Array): ObjectIds {
  let known: Uint8Array | undefined;
  const macOf = (said: readonly string[], length: number): string => {
    known ??= secretOf();
    return createHmac('sha256', known).update(JSON.stringify(said)).digest('base64url').slice(0, length);
  };
  const tagOf = (account: string): string => macOf(['account', account], TAG_LENGTH);
  const signatureOf = (id: string, { account, key }: ObjectOwner): string =>
    macOf(['object', id, account, key], SIGNATURE_LENGTH);

  return {
    sign(id, owner) {
      if (id.length > LONGEST_OWN_ID || !PLAIN_ID.test(id)) return id;
      return `${id}${SIGNED_MARK}${tagOf(owner.account)}_${signatureOf(id, owner)}`;
    },
    open(signed, { key, accounts }) {
      const [, id, tag, signature] = (signed.length <= LONGEST_ID ? SIGNED.exec(signed) : null) ?? [];
      if (id === undefined || signature === undefined) return undefined;
      // Two accounts with the same short mark: the signature tells them apart.
      const account = accounts.find(
        (each) => tagOf(each) === tag && isSame(signatureOf(id, { account: each, key }), signature),
      );
      return account === undefined ? undefined : { id, account };
    },
  };
}

const isSame = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b));
