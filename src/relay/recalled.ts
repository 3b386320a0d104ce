/**
 * A call of the Responses dialect with what it only refers to in its place: the answers before it, and items of them. The
 * account that has all of that itself may hear the client's own bytes, for it has kept more than anybody was told, such as
 * hidden thoughts; every other one, of whichever dialect, is told the whole conversation. So no answer ties a
 * conversation to an account, and nothing that is unknown gets lost without a word.
 */

import { asBuffer } from '../base/fetch.ts';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import type { Call, ClientKey, Recalled } from '../domain/call.ts';
import type { Account } from '../domain/channel.ts';
import { SEAL_MARK } from '../state/seals.ts';
import type { Shelf } from '../state/shelf.ts';
import { type AnswerShelf, answersOf, outputOf } from './kept-answers.ts';
import { isOwnItem, OWN_THOUGHT } from './own-answer-id.ts';

/** In most calls stands none of these. */
const SIGNS = ['"previous_response_id"', '"item_reference"', OWN_THOUGHT, `"${SEAL_MARK}`].map((sign) =>
  Buffer.from(sign),
);

type Referring = Pick<Call, 'dialect' | 'body' | 'recalled'> & { readonly key: Pick<ClientKey, 'id'> };

/** Throws `previous_response_not_found`. */
export function recalledCall<T extends Referring>(call: T, shelf: Shelf): T {
  if (call.dialect !== 'openai-responses') return call;
  const bytes = asBuffer(call.body);
  if (!SIGNS.some((sign) => bytes.includes(sign))) return call;
  const fields = parseJson(bytes.toString('utf8'));
  // Without references they are bytes like any other.
  return isJsonObject(fields) ? recall(call, fields, answersOf(shelf, call.key.id)) : call;
}

function recall<T extends Referring>(call: T, fields: JsonObject, answers: AnswerShelf): T {
  const { previous_response_id: previous, input, ...rest } = fields;
  const chain = typeof previous === 'string' ? answers.chain(previous) : [];
  const makers = new Set(chain.slice(-1).map((answer) => (answer.native ? answer.account : '')));
  const lost = new Set<string>();
  const known = new Set<JsonObject>();
  const said = itemsOf(input).flatMap((item) => {
    if (item['type'] !== 'item_reference' && !isBareReference(item)) {
      // Only Sluice understands it.
      if (isOwnThought(item)) makers.add('');
      return [item];
    }
    const found = answers.item(String(item['id']));
    makers.add(found?.answer.native === true ? found.answer.account : '');
    if (found === undefined) lost.add('item_reference');
    else known.add(found.item);
    return found === undefined ? [] : [found.item];
  });
  if (chain.length === 0 && makers.size === 0) return call;
  const before = chain.flatMap((answer) => [...answer.input, ...outputOf(answer)]);
  for (const item of before) known.add(item);
  const written = (items: readonly JsonObject[]): Buffer =>
    Buffer.from(JSON.stringify({ ...rest, input: items }));
  const [maker] = makers;
  const abroad = itemsAbroad(
    lost.size === 0 ? [...before, ...said] : withoutOrphans([...before, ...said]),
    known,
  );
  return {
    ...call,
    body: written([...before, ...said]),
    recalled: {
      ...(typeof previous === 'string' ? { previous } : {}),
      input: JSON.stringify(said),
      lost: [...lost],
      ...(makers.size === 1 && maker ? { maker: { account: maker, body: call.body } } : {}),
      abroad: { body: written(abroad.items), lost: [...new Set([...lost, ...abroad.lost])] },
    },
  };
}

/** A reference need not say that it is one. */
const isBareReference = (item: JsonObject): boolean =>
  typeof item['id'] === 'string' && Object.keys(item).length === 1;

const isOwnThought = (item: JsonObject): boolean =>
  item['type'] === 'reasoning' &&
  (isOwnItem(String(item['id'])) || String(item['encrypted_content']).startsWith(SEAL_MARK));

function itemsOf(input: unknown): readonly JsonObject[] {
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }];
  return Array.isArray(input) ? input.filter(isJsonObject) : [];
}

/** What every account of the dialect understands without having made it. */
const UNDERSTOOD = /^(message|(function|custom_tool|shell|local_shell|apply_patch)_call(_output)?)$/;

/**
 * `known`: items that came from answers, and so from an account or another dialect; what the client itself says is its
 * own affair, apart from thoughts that no provider had.
 */
function itemsAbroad(
  items: readonly JsonObject[],
  known: ReadonlySet<JsonObject>,
): { readonly items: JsonObject[]; readonly lost: readonly string[] } {
  const lost = new Set<string>();
  const told = items.flatMap((item) => {
    if (!known.has(item) && !isOwnThought(item)) return [item];
    const type = String(item['type'] ?? 'message');
    if (!UNDERSTOOD.test(type)) {
      lost.add(type);
      return [];
    }
    // Its maker knows it by its id, another one looks for it in vain.
    const { id: _id, ...rest } = item;
    return [rest];
  });
  return { items: told, lost: [...lost] };
}

/** What a tool told whose call is not there any more is told by the user: as it stands, the whole input would be refused. */
function withoutOrphans(items: readonly JsonObject[]): readonly JsonObject[] {
  const calls = new Set(
    items.flatMap((item) => (IS_RESULT.test(String(item['type'])) ? [] : [item['call_id']])),
  );
  return items.map((item) => {
    if (!IS_RESULT.test(String(item['type'])) || calls.has(item['call_id'])) return item;
    const { output } = item;
    const content =
      typeof output === 'string' || Array.isArray(output) ? output : JSON.stringify(output ?? '');
    return { type: 'message', role: 'user', content };
  });
}

const IS_RESULT = /_call_output$/;

export type Spoken = { readonly body: Uint8Array; readonly dropped?: readonly string[] };

/** The body for an account that speaks the client's own dialect. */
export function spokenTo({ body, recalled }: Call, { id }: Account): Spoken {
  if (recalled === undefined) return { body };
  return bodyFor(recalled, id);
}

const bodyFor = ({ maker, abroad }: Recalled, account: string): Spoken =>
  maker?.account === account ? { body: maker.body } : { body: abroad.body, dropped: abroad.lost };
