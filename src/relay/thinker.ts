/**
 * Whose sealed thoughts a request goes on from: those of one provider mean nothing to another, and in the middle of a
 * turn of tools most refuse to go on without them. A preference for whoever thought them, searched in the bytes and not
 * parsed; asked only where there is a choice between kinds of providers.
 */

import { asBuffer } from '../base/fetch.ts';
import type { Shelf } from '../state/shelf.ts';
import { ownerOf } from './kept-thoughts.ts';

export type Thinker = {
  /** Id of a provider. */
  readonly provider: string;
  /** The request carries its seals; else they are on the shelf. */
  readonly inBody: boolean;
  /** In the middle of a turn of tools. */
  readonly inLoop: boolean;
};

/** Inside a text the quotes are escaped. */
const RESULT_IDS = ['"tool_use_id"', '"tool_call_id"', '"call_id"'].map((name) => Buffer.from(name));
const ASSISTANT = Buffer.from('"assistant"');
/** With something in it. Of Anthropic, of Gemini in two spellings, of OpenAI. */
const SEAL =
  /"(?:signature|thoughtSignature|thought_signature|encrypted_content)"\s*:\s*"[^"]|"redacted_thinking"/;

/** `served`: the provider that answered the conversation before, as far as is known. */
export function thinkerOf(
  body: Uint8Array,
  {
    shelf,
    key,
    served,
  }: { readonly shelf: Shelf; readonly key: string; readonly served: string | undefined },
): Thinker | undefined {
  const bytes = asBuffer(body);
  const result = lastResult(bytes);
  const inLoop = result !== undefined && result.at > bytes.lastIndexOf(ASSISTANT);
  const owner = inLoop ? ownerOf(shelf, key, result.id) : undefined;
  if (owner !== undefined) return { provider: owner, inBody: false, inLoop };
  if (served === undefined || !SEAL.test(bytes.toString('latin1'))) return undefined;
  return { provider: served, inBody: true, inLoop };
}

const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;
const LONGEST_ID = 256;

/** The last text that stands as the id of a tool's call whose result is told. */
function lastResult(bytes: Buffer): { readonly id: string; readonly at: number } | undefined {
  let last: { readonly id: string; readonly at: number } | undefined;
  for (const name of RESULT_IDS) {
    const at = bytes.lastIndexOf(name);
    if (at < 0 || (last !== undefined && at < last.at)) continue;
    let start = at + name.length;
    while (bytes[start] === COLON || bytes[start] === SPACE) start++;
    const end = bytes.indexOf(QUOTE, start + 1);
    if (bytes[start] !== QUOTE || end < 0 || end - start > LONGEST_ID) continue;
    last = { id: bytes.toString('utf8', start + 1, end), at };
  }
  return last;
}
