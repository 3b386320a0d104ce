/**
 * Files and stores that a call names in its body: their ids are opened, and the call is bound to the account that has them.
 * Where several keys share the relay, an id that was not given to this one is refused, however it is written; where none is
 * named, and that is nearly always, the body is only searched.
 */

import { SIGNED_MARK } from '../access/object-ids.ts';
import type { ClientKey } from '../domain/call.ts';
import { isObjectReference, withOpenedIds } from '../relay/objects/object-fields.ts';
import type { Front } from './front.ts';
import { IdOpener } from './id-opener.ts';

export type Named = { readonly body: Buffer; readonly account?: string };

const MARK = Buffer.from(SIGNED_MARK);
/** As they are usually written; by a backslash they could be written otherwise. */
const REFERENCES = ['file_id', 'vector_store_id', 'fileid://', '\\u00'].map((text) => Buffer.from(text));

/** Throws `object_not_found`, or `invalid_request` for objects of two accounts. */
export function namedObjects(front: Front, key: ClientKey, body: Buffer): Named {
  const isShared = front.access().size > 1;
  const mayName = body.includes(MARK) || (isShared && REFERENCES.some((text) => body.includes(text)));
  if (!mayName) return { body };
  const ids = new IdOpener(front.objectIds, { key: key.id, accounts: front.passage.accounts() });
  const opened = withOpenedIds(body, {
    signed: (text) => ids.signed(text),
    raw: (text, field) => {
      if (isShared && isObjectReference(field)) ids.raw(text, field);
    },
  });
  // What is no JSON is told by whoever reads it.
  return { body: opened ?? body, ...(ids.account === undefined ? {} : { account: ids.account }) };
}
