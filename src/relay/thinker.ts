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
/** Ends of names of Anthropic (`signature`) and Gemini in two spellings, of OpenAI, and of Anthropic's hidden thoughts. */
const SEALS = ['ignature":', 'encrypted_content":'].map((name) => Buffer.from(name));
const HIDDEN = Buffer.from('"redacted_thinking"');

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
  const inOurs = result !== undefined && result.at > bytes.lastIndexOf(ASSISTANT);
  const googles = inOurs ? undefined : lastOfGoogle(bytes);
  const inLoop = inOurs || googles !== undefined;
  const id = inOurs ? result.id : googles;
  const owner = id === undefined ? undefined : ownerOf(shelf, key, id);
  if (owner !== undefined) return { provider: owner, inBody: false, inLoop };
  if (served === undefined || !hasSeal(bytes)) return undefined;
  return { provider: served, inBody: true, inLoop };
}

/** Every JSON writer sets the colon at once. */
function hasSeal(bytes: Buffer): boolean {
  if (bytes.includes(HIDDEN)) return true;
  for (const name of SEALS)
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + name.length)) {
      let start = at + name.length;
      while (bytes[start] === SPACE) start++;
      // In a text the quotes would be escaped, and an empty seal is none.
      if (bytes[start] === QUOTE && bytes[start + 1] !== QUOTE && bytes[at + name.length - 3] !== BACKSLASH)
        return true;
    }
  return false;
}

const GOOGLE_RESULTS = ['"functionResponse"', '"function_response"'].map((name) => Buffer.from(name));
const BY_MODEL = /"role"\s*:\s*"model"/;

/** The id of the last function's result, empty where it has none, when the model has said nothing since. */
function lastOfGoogle(bytes: Buffer): string | undefined {
  const at = Math.max(...GOOGLE_RESULTS.map((name) => bytes.lastIndexOf(name)));
  if (at < 0) return undefined;
  const since = bytes.toString('latin1', at);
  return BY_MODEL.test(since) ? undefined : (/^[^{]*\{[^{}]*"id"\s*:\s*"([^"]*)"/.exec(since)?.[1] ?? '');
}

const BACKSLASH = 0x5c;
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
