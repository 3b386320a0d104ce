/**
 * Answers of the Responses dialect that clients may refer to in later calls: by the id of the answer, or by those of its
 * items. Each is kept on the shelf with its own input and the id of the answer before it, so that a long conversation is
 * kept once. A key only ever finds its own.
 */

import { asBuffer } from '../base/fetch.ts';
import { isJsonObject, type JsonObject, parseJson, topLevelFields } from '../base/json.ts';
import { readSseEvent, SseSplitter } from '../base/sse.ts';
import type { Call } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import type { Shelf } from '../state/shelf.ts';

export type KeptAnswer = {
  /** Id of the account that gave it. */
  readonly account: string;
  /** The account has it, too, under this id. */
  readonly native: boolean;
  readonly previous?: string;
  readonly input: readonly JsonObject[];
  readonly response: JsonObject;
};

export type AnswerShelf = {
  answer(id: string): KeptAnswer | undefined;
  /** The answers up to this one, the first one first. Throws `previous_response_not_found`. */
  chain(id: string): readonly KeptAnswer[];
  /** An item of an answer, and whose it is. */
  item(id: string): { readonly item: JsonObject; readonly answer: KeptAnswer } | undefined;
  /** As it is now, in the place of what was kept. */
  renew(id: string, response: JsonObject): void;
  /** False: there is none. */
  remove(id: string): boolean;
};

/** Longer, and it is not a conversation any more. */
const LONGEST_CHAIN = 10_000;

/** Of one key. */
export function answersOf(shelf: Shelf, key: string): AnswerShelf {
  /** Many items of one answer are asked for at once. */
  let last: { readonly id: string; readonly answer: KeptAnswer | undefined } | undefined;
  const answer = (id: string): KeptAnswer | undefined => {
    if (last?.id !== id) last = { id, answer: read(id) };
    return last.answer;
  };
  const read = (id: string): KeptAnswer | undefined => {
    const text = shelf.get(nameOf(key, id));
    const kept = text === undefined ? undefined : (parseJson(text) as KeptAnswer | undefined);
    // A large input is not looked at before it is kept.
    return kept && { ...kept, input: kept.input.filter(isJsonObject) };
  };
  return {
    answer,
    chain(id) {
      const chain: KeptAnswer[] = [];
      for (let next: string | undefined = id; next !== undefined; ) {
        const found: KeptAnswer | undefined = chain.length < LONGEST_CHAIN ? answer(next) : undefined;
        if (found === undefined) throw notThere(id, next);
        if (found.response['status'] === 'queued' || found.response['status'] === 'in_progress')
          throw underWay(next);
        chain.push(found);
        next = found.previous;
      }
      return chain.reverse();
    },
    item(id) {
      const owner = shelf.get(nameOfItem(key, id));
      const found = owner === undefined ? undefined : answer(owner);
      const item = found === undefined ? undefined : outputOf(found).find((each) => each['id'] === id);
      return found === undefined || item === undefined ? undefined : { item, answer: found };
    },
    renew(id, response) {
      const found = answer(id);
      last = undefined;
      if (found === undefined) return;
      const { input, ...rest } = found;
      put(shelf, key, {
        ...rest,
        response,
        texts: { input: JSON.stringify(input), response: JSON.stringify(response) },
      });
    },
    remove(id) {
      const found = answer(id);
      last = undefined;
      if (found === undefined) return false;
      for (const item of outputOf(found)) shelf.remove(nameOfItem(key, String(item['id'])));
      return shelf.remove(nameOf(key, id));
    },
  };
}

const nameOf = (key: string, id: string): string => `${key}/answer/${id}`;
const nameOfItem = (key: string, id: string): string => `${key}/item/${id}`;

export const outputOf = ({ response }: Pick<KeptAnswer, 'response'>): readonly JsonObject[] =>
  Array.isArray(response['output']) ? response['output'].filter(isJsonObject) : [];

const underWay = (id: string): Failure =>
  new Failure('invalid_request', {
    message: `previous_response_id: '${id}' was still under way when it was last asked for: ask for it until it has ended`,
    param: 'previous_response_id',
  });

type Written = Omit<KeptAnswer, 'input'> & {
  /** The large ones as they were written: inputs of many turns are not written again with each of them. */
  readonly texts: { readonly input: string; readonly response: string };
};

function put(shelf: Shelf, key: string, { response, texts, ...rest }: Written): void {
  const id = String(response['id']);
  const small = JSON.stringify(rest).slice(0, -1);
  shelf.put(nameOf(key, id), `${small},"input":${texts.input},"response":${texts.response}}`);
  for (const item of outputOf({ response }))
    if (typeof item['id'] === 'string') shelf.put(nameOfItem(key, item['id']), id);
}

function notThere(id: string, missing: string): Failure {
  const why =
    id === missing
      ? 'it was never stored, was given to another key, or is no longer kept'
      : `the answer before it, '${missing}', is no longer kept`;
  return new Failure('previous_response_not_found', {
    message: `Previous response with id '${id}' not found: ${why}. Send the whole input instead.`,
    param: 'previous_response_id',
  });
}

export type Answered = {
  readonly call: Call;
  readonly account: string;
  /** The provider speaks the dialect. */
  readonly isNative: boolean;
  /** What the client gets: a plain answer, or the frames with the end of a stream. */
  readonly bytes: Uint8Array;
};

const ENDS = ['"response.completed"', '"response.incomplete"'].map((type) => Buffer.from(type));

/** Nothing is kept of what the client does not want stored, nor of an answer that did not end well. */
export function keepAnswer(shelf: Shelf, { call, account, isNative, bytes }: Answered): void {
  const fields = topLevelFields(asBuffer(call.body));
  const body = asBuffer(call.body);
  const textAt = (name: string): string | undefined => {
    const span = fields?.get(name);
    return span === undefined ? undefined : body.toString('utf8', span.start, span.end);
  };
  if (textAt('store') === 'false') return;
  const text = responseIn(asBuffer(bytes));
  if (text === undefined) return;
  const response = parseJson(text);
  if (!isJsonObject(response) || typeof response['id'] !== 'string') return;
  // Many who speak the dialect keep nothing, and say so.
  const native = isNative && response['store'] === true;
  if (!(native ? KEPT : ENDED).has(response['status'])) return;
  const { recalled, key } = call;
  put(shelf, key.id, {
    account,
    native,
    ...(recalled?.previous === undefined ? {} : { previous: recalled.previous }),
    response,
    texts: { input: recalled?.input ?? asItems(textAt('input')), response: text },
  });
}

const ENDED: ReadonlySet<unknown> = new Set(['completed', 'incomplete']);
/** Of one in the background its maker can be asked how far it is. */
const KEPT: ReadonlySet<unknown> = new Set([...ENDED, 'queued', 'in_progress']);

/** An input as the list of items that it is; JSON. */
export function asItems(input: string | undefined): string {
  if (input === undefined || input === 'null') return '[]';
  return input.startsWith('"') ? `[{"type":"message","role":"user","content":${input}}]` : input;
}

/** The response that a plain answer is, or that the end of a stream holds; JSON. */
function responseIn(bytes: Buffer): string | undefined {
  if (bytes[0] === 0x7b) return bytes.toString('utf8');
  if (!ENDS.some((end) => bytes.includes(end))) return undefined;
  for (const frame of new SseSplitter().push(bytes)) {
    if (!ENDS.some((end) => frame.includes(end))) continue;
    const data = Buffer.from(readSseEvent(frame).data ?? '');
    const span = topLevelFields(data)?.get('response');
    if (span !== undefined) return data.toString('utf8', span.start, span.end);
  }
  return undefined;
}
