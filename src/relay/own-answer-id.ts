/** Under which id a client of the Responses dialect knows an answer that came in another one, and how to tell it. */

import type { Call } from '../domain/call.ts';

/** OpenAI numbers in hexadecimal: these letters are in none of its ids. */
const OWN = 'sl';

/** The id of the call is nobody else's. */
export const ownAnswerId = ({ dialect, id }: Pick<Call, 'dialect' | 'id'>): string | undefined =>
  dialect === 'openai-responses' ? `resp_${OWN}${id.replace(/^req_/, '')}` : undefined;

/** Of an item that no provider made. */
export const isOwnItem = (id: string): boolean => OWN_ITEM.test(id);

const OWN_ITEM = new RegExp(`^[a-z]+_${OWN}`);

/** How such an id begins in a body that may hold a thought that is ours. */
export const OWN_THOUGHT = `"rs_${OWN}`;
