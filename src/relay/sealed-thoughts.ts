/**
 * Thoughts that the client itself carries to its next call, sealed, and so without anything being kept here. They come
 * back with the signatures of the provider that had them; another one is shown their words alone.
 */

import { isJsonObject, parseJson } from '../base/json.ts';
import type { ChatMessage, Thought } from '../domain/chat.ts';
import type { Seals } from '../state/seals.ts';

/** Whose thoughts, and for whom. */
export type Sealing = {
  readonly seals: Seals;
  /** Id of the client's key. */
  readonly key: string;
  /** Id of the provider. */
  readonly provider: string;
};

type Sealed = { readonly provider: string; readonly thoughts: readonly Thought[] };

export const sealerOf =
  ({ seals, key, provider }: Sealing) =>
  (thoughts: readonly Thought[]): string =>
    seals.seal(JSON.stringify({ provider, thoughts } satisfies Sealed), key);

/** Messages with the thoughts that their seals hold; `dropped` is told of those that nobody here can read, or may use. */
export const unsealed = (
  messages: readonly ChatMessage[],
  sealing: Sealing,
  dropped: Set<string>,
): readonly ChatMessage[] =>
  messages.map((message) => (message.seals === undefined ? message : opened(message, sealing, dropped)));

const NAME = 'encrypted_content';

function opened(message: ChatMessage, { seals, key, provider }: Sealing, dropped: Set<string>): ChatMessage {
  const { seals: carried = [], ...rest } = message;
  const thoughts: Thought[] = [];
  let isForeign = false;
  for (const text of carried) {
    const sealed = readSealed(seals.open(text, key));
    if (sealed === undefined) isForeign = true;
    else {
      thoughts.push(...sealed.thoughts);
      isForeign ||= sealed.provider !== provider && sealed.thoughts.some(isSigned);
    }
  }
  if (isForeign) dropped.add(NAME);
  const words = thoughts.map(({ text }) => text).join('');
  const told = rest.reasoning === undefined && words !== '' ? { ...rest, reasoning: words } : rest;
  // Signed thoughts are shown all of them or none: of a turn that lacks some the provider knows nothing.
  if (isForeign || rest.thoughts !== undefined || !thoughts.some(isSigned)) return told;
  return { ...told, thoughts };
}

const isSigned = ({ signature }: Thought): boolean => signature !== undefined;

function readSealed(text: string | undefined): Sealed | undefined {
  const value = text === undefined ? undefined : parseJson(text);
  return isJsonObject(value) && Array.isArray(value['thoughts']) ? (value as Sealed) : undefined;
}
