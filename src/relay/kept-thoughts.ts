/**
 * Thoughts of a provider that the client cannot carry to its next call: they are kept on the shelf under what the client
 * does carry, the id of a tool's call, or the text of the turn and of what it answers, and put back where the same kind of
 * provider is asked again. Another one is never shown the seals of the first.
 */

import { hash } from 'node:crypto';
import { isJsonObject, parseJson } from '../base/json.ts';
import type { ChatEvent, ChatMessage, Thought, ToolCall } from '../domain/chat.ts';
import type { Shelf } from '../state/shelf.ts';

/** Whose thoughts, and for whom. */
export type Keeping = {
  readonly shelf: Shelf;
  /** Id of the client's key. */
  readonly key: string;
  /** Id of the provider. */
  readonly provider: string;
};

/** What is kept of one turn. */
type Turn = {
  readonly provider: string;
  readonly thoughts: readonly Thought[];
  /** Of calls that have one of their own, by their ids. */
  readonly seals?: Readonly<Record<string, string>>;
};

type Call = { id: string; arguments: string; seal: string | undefined };

/** Listens to one answer on its way to the client. */
export class ThoughtKeeper {
  readonly #keeping: Keeping;
  readonly #thoughts: Thought[] = [];
  readonly #calls = new Map<number, Call>();
  readonly #place: string;
  #open = '';
  #text = '';

  /** `place`: of the answer in its conversation. */
  constructor(keeping: Keeping, place: string) {
    this.#keeping = keeping;
    this.#place = place;
  }

  /** As the client gets it. */
  take(event: ChatEvent): void {
    if ('choice' in event && (event.choice ?? 0) > 0) return;
    if (event.type === 'reasoning') {
      this.#open += event.text;
      if (event.signature !== undefined) this.#close(event.signature, event.redacted);
    } else if (event.type === 'text') this.#text += event.text;
    else if (event.type === 'tool-call') {
      const call = this.#calls.get(event.index) ?? { id: '', arguments: '', seal: undefined };
      this.#calls.set(event.index, call);
      call.id ||= event.id ?? '';
      call.arguments += event.arguments;
      call.seal ??= sealOf(event);
    }
  }

  #close(signature: string | undefined, redacted: true | undefined): void {
    const text = this.#open;
    this.#open = '';
    this.#thoughts.push({ text, ...(signature && { signature }), ...(redacted && { redacted }) });
  }

  /** The answer is whole. */
  keep(): void {
    if (this.#open !== '') this.#close(undefined, undefined);
    const { shelf, key, provider } = this.#keeping;
    const calls = [...this.#calls.values()].filter(({ id }) => id !== '');
    const seals = Object.fromEntries(
      calls.flatMap(({ id, seal }) => (seal === undefined ? [] : [[id, seal]])),
    );
    if (this.#thoughts.length === 0 && Object.keys(seals).length === 0) return;
    const turn: Turn = {
      provider,
      thoughts: this.#thoughts,
      ...(Object.keys(seals).length === 0 ? {} : { seals }),
    };
    const [first] = calls;
    const at: At = { key, placeOf: () => this.#place };
    const name = first === undefined ? nameOfText(at, this.#text) : nameOfCall(at, first);
    if (name !== undefined) shelf.put(name, JSON.stringify(turn));
    for (const { id } of calls) if (isUnique(id)) shelf.put(nameOfOwner(key, id), provider);
  }
}

/** The provider whose thoughts belong to a tool's call; undefined where none are kept. */
export const ownerOf = (shelf: Shelf, key: string, callId: string): string | undefined =>
  shelf.get(nameOfOwner(key, callId));

/** Messages with the thoughts that the provider had in them; `dropped` is told of seals that are not its own. */
export const withThoughts = (
  messages: readonly ChatMessage[],
  keeping: Keeping,
  dropped: Set<string>,
): readonly ChatMessage[] => {
  const placeAt = placesIn(messages);
  return messages.map((message, i) => {
    const turn = message.role === 'assistant' ? turnOf(message, keeping, () => placeAt(i)) : undefined;
    return turn === undefined ? message : restored(message, { turn, keeping, dropped });
  });
};

type Found = { readonly turn: Turn; readonly keeping: Keeping; readonly dropped: Set<string> };

function restored(message: ChatMessage, { turn, keeping, dropped }: Found): ChatMessage {
  const { thoughts, seals = {} } = turn;
  const isSealed = thoughts.some(({ signature }) => signature !== undefined);
  if (turn.provider !== keeping.provider) {
    if (isSealed || Object.keys(seals).length > 0) dropped.add('thought_signature');
    return message;
  }
  const text = thoughts.map((thought) => thought.text).join('');
  return {
    ...message,
    ...(message.reasoning === undefined && text !== '' ? { reasoning: text } : {}),
    ...(isSealed ? { thoughts } : {}),
    ...(message.toolCalls === undefined
      ? {}
      : {
          toolCalls: message.toolCalls.map((call) => {
            const signature = Object.hasOwn(seals, call.id) ? seals[call.id] : undefined;
            return signature === undefined ? call : { ...call, signature };
          }),
        }),
  };
}

function turnOf(
  { toolCalls = [], parts }: ChatMessage,
  { shelf, key }: Keeping,
  placeOf: () => string,
): Turn | undefined {
  const at: At = { key, placeOf };
  const names =
    toolCalls.length > 0
      ? toolCalls.map((call) => nameOfCall(at, call))
      : [nameOfText(at, textIn({ parts }))];
  for (const name of names) {
    const text = name === undefined ? undefined : shelf.get(name);
    const turn = text === undefined ? undefined : parseJson(text);
    if (isJsonObject(turn)) return turn as Turn;
  }
  return undefined;
}

const textIn = ({ parts }: Pick<ChatMessage, 'parts'>): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('');

/** Whose a turn is, and where in which conversation it stands; asked for only where nothing else tells it apart. */
type At = { readonly key: string; readonly placeOf: () => string };

/**
 * A key may have many conversations, in which the same words are said: what was thought in one is no affair of another.
 * They differ in how they began and in what the turn answers; what else stands between is not always sent again.
 */
function placesIn(messages: readonly ChatMessage[]): (i: number) => string {
  const first = messages.findIndex(({ role }) => role === 'user');
  const saidAt = (i: number): string => {
    const message = messages[i];
    return message === undefined ? '' : textIn(message);
  };
  return (i) => hashOf(JSON.stringify([first < i ? saidAt(first) : '', saidAt(i - 1)]));
}

/** Of the turn that answers these. */
export const nextPlace = (messages: readonly ChatMessage[]): string => placesIn(messages)(messages.length);

/** Some number their calls within a conversation (`functions.look:0`): then their arguments tell them apart. */
const isUnique = (id: string): boolean => /^[\w-]{12,}$/.test(id);

function nameOfCall({ key, placeOf }: At, call: Pick<ToolCall, 'id' | 'arguments'>): string {
  if (isUnique(call.id)) return `${key}/thought/${call.id}`;
  // Clients may write the same arguments with other blanks, and none as an empty object.
  const written = call.arguments || '{}';
  const value = parseJson(written);
  const said = value === undefined ? written : JSON.stringify(value);
  return `${key}/thought/${call.id}/${hashOf(said)}/${placeOf()}`;
}

const nameOfText = ({ key, placeOf }: At, text: string): string | undefined =>
  text === '' ? undefined : `${key}/thought/of/${hashOf(text)}/${placeOf()}`;

const nameOfOwner = (key: string, callId: string): string => `${key}/owner/${callId}`;

const hashOf = (text: string): string => hash('sha256', text, 'base64url');

/** Where a provider seals its calls. */
const sealOf = (event: ChatEvent): string | undefined =>
  'signature' in event && typeof event.signature === 'string' ? event.signature : undefined;
