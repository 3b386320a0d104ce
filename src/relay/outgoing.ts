/**
 * In which dialect a channel is asked, where, and with what body. The client's own where the provider speaks it: its
 * bytes go on as they are. Else the one that says most of what both know: the request is read and written anew, and what
 * gets lost on the way is named.
 */

import type { Crossing, Dialect, Heard, Wire } from '../dialects/dialect.ts';
import { dialectOf, dialects, heardOf, wireOf } from '../dialects/index.ts';
import { familyFor } from '../dialects/tasks/index.ts';
import type { AnswerTerms } from '../domain/answer-terms.ts';
import type { Call, ChatDialectId, DialectId, RequestHead } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import { addressOf, type Provider } from '../providers/provider.ts';
import type { Seals } from '../state/seals.ts';
import type { Shelf } from '../state/shelf.ts';
import { inItsWay, portable } from './chat-ways.ts';
import { type Keeping, nextPlace, ThoughtKeeper, withThoughts } from './kept-thoughts.ts';
import { withToolsOffered } from './offered-tools.ts';
import { ownAnswerId } from './own-answer-id.ts';
import { BETA, type Hearer, type InOwnDialect, inOwnDialect, NO_HEADERS } from './own-dialect.ts';
import { sealerOf, unsealed } from './sealed-thoughts.ts';
import { crossedToKin, fitted } from './task-crossing.ts';
import { needsFunctions } from './text-tools.ts';
import { withTakenNames } from './tool-names.ts';
import { type Rewriting, Translation } from './translation.ts';
import { orderedTurns } from './turn-order.ts';

export type Outgoing = InOwnDialect & {
  readonly dialect: Wire;
  readonly url: string;
  readonly head: RequestHead;
  /** Undefined where client and provider speak the same. */
  readonly translation?: Rewriting;
};

/** The dialects in which a stranger's call is asked, the best first; others are asked last. */
const PREFERRED = [
  'openai-chat',
  'anthropic-messages',
  'openai-responses',
  'gemini',
] as const satisfies ChatDialectId[];
const IN_ORDER = [...new Set([...PREFERRED, ...Object.values(dialects).map(({ id }) => id)])].map(dialectOf);

const orderFor = ({ strangersIn }: Provider): readonly Dialect[] =>
  strangersIn === undefined ? IN_ORDER : [dialectOf(strangersIn), ...IN_ORDER];

/** Who is asked, and where it is kept what a client cannot carry. */
export type Asked = Hearer & { readonly shelf: Shelf; readonly seals: Seals };

/** Throws `invalid_request` where the body has no meaning that could be written anew, or `no_access`. */
export function outgoingOf(call: Call, asked: Asked): Outgoing {
  const { provider, channel } = asked;
  const own = wireOf(call.dialect);
  const url = addressIn(own.id, asked);
  if (url !== undefined && !needsFunctions(call, provider))
    return { dialect: own, url, head: call.head, ...inOwnDialect(fitted(call, provider), asked) };
  const heard = heardOf(call.dialect);
  if (heard !== undefined) return crossed(call, heard, asked);
  for (const kin of familyFor(own.task)?.members ?? []) {
    const other = addressIn(kin.id, asked);
    if (other !== undefined)
      return { ...crossedToKin(call, kin, channel.upstreamModel), url: other, headers: NO_HEADERS };
  }
  throw unspoken(provider);
}

const addressIn = (
  dialect: DialectId,
  { provider, channel }: Pick<Asked, 'provider' | 'channel'>,
): string | undefined =>
  provider.serves?.(dialect, channel.upstreamModel) === false
    ? undefined
    : addressOf(provider, dialect, channel.account.baseUrl);

/** Can a call in this dialect be brought to the channel at all? */
export function reaches(dialect: DialectId, provider: Provider, channel: Channel): boolean {
  const kin = familyFor(wireOf(dialect).task)?.members ?? [];
  const others = heardOf(dialect) === undefined ? kin : [...kin, ...IN_ORDER];
  return [wireOf(dialect), ...others].some(({ id }) => addressIn(id, { provider, channel }) !== undefined);
}

function crossed(call: Call, heard: Heard, asked: Asked): Outgoing {
  const { provider, channel, shelf, seals } = asked;
  for (const dialect of orderFor(provider)) {
    const other = addressIn(dialect.id, asked);
    if (other === undefined) continue;
    const keeping = { shelf, seals, key: call.key.id, provider: provider.id };
    const { upstreamModel, facts } = channel;
    const aim = { provider, upstreamModel, keeping, mostOutput: facts?.maxOutput ?? Infinity };
    const { body, place, ...rest } = carried(call, { from: heard, to: dialect }, aim);
    return {
      dialect,
      url: other,
      head: dialect.readHead(body),
      body,
      headers: NO_HEADERS,
      dropped: call.headers[BETA] === undefined ? rest.dropped : [...rest.dropped, BETA],
      translation: new Translation({
        from: dialect,
        to: heard,
        wantsUsage: call.head.wantsUsage,
        keeper: new ThoughtKeeper(keeping, place),
        answerId: ownAnswerId(call),
        ...rest,
      }),
    };
  }
  throw unspoken(provider);
}

const unspoken = ({ name }: Provider): Failure =>
  new Failure('no_access', { message: `${name} speaks no dialect that is known here.` });

type Aim = {
  readonly provider: Provider;
  readonly upstreamModel: string;
  /** Tokens. Who is asked for more than it can give may refuse. */
  readonly mostOutput: number;
  readonly keeping: Keeping & { readonly seals: Seals };
};

type Carried = Omit<Crossing, 'request'> & {
  readonly body: Buffer;
  /** Of the answer in its conversation. */
  readonly place: string;
  readonly names?: ReadonlyMap<string, string>;
};

function carried(
  call: Call,
  { from, to }: { readonly from: Heard; readonly to: Dialect },
  aim: Aim,
): Carried {
  const { body } = call;
  const out: Crossing = from.readCrossing?.(body) ?? { request: from.readRequest(body), dropped: [] };
  const lost = new Set<string>();
  const target = { provider: aim.provider, dialect: to.id, dropped: lost };
  const asked = portable(
    {
      ...bounded(withToolsOffered(out.request, lost), aim.mostOutput, () =>
        lost.add(OUTPUT_FIELDS[from.id] ?? 'max_tokens'),
      ),
      // What a dialect can say may depend on who hears it.
      model: aim.upstreamModel,
      messages: orderedTurns(
        unsealed(withThoughts(out.request.messages, aim.keeping, lost), aim.keeping, lost),
        lost,
      ),
    },
    target,
  );
  const fit: Crossing = to.fitCrossing?.(asked) ?? { request: asked, dropped: [] };
  const { request, names } = withTakenNames(aimed(inItsWay(fit.request, target), aim, to.id), to.id);
  const dropped = [...new Set([...(call.recalled?.lost ?? []), ...out.dropped, ...lost, ...fit.dropped])];
  if (isSilent(out.request.messages, request.messages, dropped)) throw nothingLeft(from.id, dropped);
  return {
    body: to.writeRequest({ ...request, wantsUsage: request.stream }),
    place: nextPlace(out.request.messages),
    dropped,
    ...(out.terms && { terms: termsOf(out.terms, call, aim) }),
    ...(names && { names }),
  };
}

const termsOf = (terms: AnswerTerms, { recalled }: Call, { keeping }: Aim): AnswerTerms => ({
  ...terms,
  ...(terms.wantsSeals && { seal: sealerOf(keeping) }),
  ...(recalled?.previous === undefined || terms.repeated === undefined
    ? {}
    : { repeated: { ...terms.repeated, previous_response_id: recalled.previous } }),
});

type Turns = ChatRequest['messages'];

/** Nothing is left of all turns, or of the one that asks for an answer. */
function isSilent(asked: Turns, written: Turns, dropped: readonly string[]): boolean {
  const last = asked.at(-1);
  const said = written.at(-1);
  if (last === undefined || said === undefined) return true;
  return dropped.length > 0 && last.role === 'user' && (said.role !== 'user' || said.parts.length === 0);
}

/** An answer to nothing would be paid, and mistaken for one. The names are the client's own. */
function nothingLeft(dialect: DialectId, dropped: readonly string[]): Failure {
  const param = TURNS[dialect] ?? 'messages';
  const why =
    dropped.length === 0 ? 'every turn is empty' : `it has no place for ${dropped.slice(0, 5).join(', ')}`;
  return new Failure('invalid_request', {
    message: `${param}: the provider of this model is left with nothing to answer: ${why}. Say it in words, or ask another model.`,
    param,
    // Where turns are empty by themselves, nobody else has more of them.
    ...(dropped.length === 0 ? {} : { scope: 'channel' }),
  });
}

const TURNS: Readonly<Partial<Record<DialectId, string>>> = {
  'openai-responses': 'input',
  gemini: 'contents',
};

/** By the names that clients know. */
const OUTPUT_FIELDS: Readonly<Partial<Record<DialectId, string>>> = {
  'openai-responses': 'max_output_tokens',
  gemini: 'generationConfig.maxOutputTokens',
};

/** Clients ask for as much as the model gives whose name they know. */
function bounded(request: ChatRequest, most: number, tell: () => void): ChatRequest {
  if ((request.maxOutputTokens ?? 0) <= most) return request;
  tell();
  return { ...request, maxOutputTokens: most };
}

/** With the provider's own name of the model, and the bound where the provider looks for it. */
function aimed(
  request: ChatRequest,
  { provider, upstreamModel: model }: Pick<Aim, 'provider' | 'upstreamModel'>,
  dialect: ChatDialectId,
): ChatRequest {
  const { maxOutputTokens, extra, ...rest } = request;
  const { outputField } = provider;
  if (maxOutputTokens === undefined || outputField === undefined || dialect !== 'openai-chat')
    return { ...request, model };
  return { ...rest, model, extra: { ...extra, [outputField]: maxOutputTokens } };
}
