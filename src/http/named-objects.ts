/**
 * Files and stores that a call names in its body: their ids are opened, and the call is bound to the account that has them.
 * Where several keys share the relay, an id that was not given to this one is refused, however it is written; where none is
 * named, and that is nearly always, the body is only searched.
 */

import { SIGNED_MARK } from '../access/object-ids.ts';
import type { ClientKey, DialectId } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { isObjectReference, withOpenedIds } from '../relay/objects/object-fields.ts';
import type { Front } from './front.ts';
import { IdOpener } from './id-opener.ts';

export type Named = { readonly body: Buffer; readonly account?: string };

/** Throws `object_not_found`, or `invalid_request` for objects of two accounts. */
export function namedObjects(
  front: Front,
  { key, dialect }: { readonly key: ClientKey; readonly dialect: DialectId },
  body: Buffer,
): Named {
  const isShared = front.access().size > 1;
  if (!body.includes(SIGNED_MARK, 0, 'latin1') && !(isShared && mayName(body, dialect))) return { body };
  const ids = new IdOpener(front.objectIds, { key: key.id, accounts: front.passage.accounts() });
  const opened = withOpenedIds(body, {
    signed: (text) => ids.signed(text),
    raw: (text, field, path) => {
      if (isShared && isObjectReference(field, path)) ids.raw(text, field);
    },
  });
  // It cannot be told what somebody else would read in it.
  if (opened === undefined) throw new Failure('invalid_request', { message: 'The body is not valid JSON.' });
  return { body: opened, ...(ids.account === undefined ? {} : { account: ids.account }) };
}

/**
 * Short searches for what is rare in any text, and a look at what stands beside it: a fraction of what reading would cost.
 * True too often costs time, false wrongly would show one key's file to another.
 */
export function mayName(body: Buffer, dialect: DialectId): boolean {
  return (
    // file_id, vector_store_ids
    anyAt(
      body,
      '_id',
      (at) => body[at - 1] === LETTER_E && (body[at - 2] === LETTER_L || body[at - 2] === LETTER_R),
    ) ||
    // conversation, container, container_id: a chat completion has none
    (dialect !== 'openai-chat' &&
      (body.includes('"conversation"', 0, 'latin1') || body.includes('"container', 0, 'latin1'))) ||
    // fileid://, and its slashes may have a backslash each
    anyAt(body, ':/', (at) => body[at - 1] === LETTER_D) ||
    anyAt(body, ':\\/', (at) => body[at - 1] === LETTER_D) ||
    // A letter as an escape, of which nobody but a mocker writes any.
    anyAt(body, '\\u00', (at) => isLetterEscape(body[at + 4] ?? 0, body[at + 5] ?? 0))
  );
}

const [LETTER_D, LETTER_E, LETTER_L, LETTER_R] = [0x64, 0x65, 0x6c, 0x72] as const;

/** `\u0040` to `\u007f`, the slash and the colon: by the two digits behind `\u00`. */
const isLetterEscape = (first: number, second: number): boolean =>
  (first >= 0x34 && first <= 0x37) ||
  (first === 0x32 && (second | 0x20) === 0x66) ||
  (first === 0x33 && (second | 0x20) === 0x61);

function anyAt(body: Buffer, text: string, holds: (at: number) => boolean): boolean {
  for (let at = body.indexOf(text, 0, 'latin1'); at >= 0; at = body.indexOf(text, at + text.length, 'latin1'))
    if (holds(at)) return true;
  return false;
}
