/**
 * In which dialect a channel is asked, where, and with what body. The client's own where the provider speaks it: its
 * bytes go on as they are. Else the one that says most of what both know: the request is read and written anew, and what
 * gets lost on the way is named.
 */

import { withoutSystemTurns, withoutThoughts } from '../dialects/anthropic-messages/adapt.ts';
import type { Crossing, Dialect, Heard, Wire } from '../dialects/dialect.ts';
import { dialectOf, dialects, heardOf, wireOf } from '../dialects/index.ts';
import { familyFor } from '../dialects/tasks/index.ts';
import type { Call, ChatDialectId, DialectId, RequestHead } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import { betasFor } from '../providers/betas.ts';
import { addressOf, type Provider } from '../providers/provider.ts';
import type { Shelf } from '../state/shelf.ts';
import { inItsWay, portable } from './chat-ways.ts';
import { type Keeping, ThoughtKeeper, withThoughts } from './kept-thoughts.ts';
import { crossedToKin, fitted } from './task-crossing.ts';
import { type Rewriting, Translation } from './translation.ts';
import { UNDERSTANDS_WISHES } from './wished-channels.ts';

export type Outgoing = {
  readonly dialect: Wire;
  readonly url: string;
  readonly head: RequestHead;
  readonly body: Uint8Array;
  /** Beside what every call gets. */
  readonly headers: Readonly<Record<string, string>>;
  /** What of the request could not be taken along, by the client's names. */
  readonly dropped: readonly string[];
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
export type Asked = {
  readonly provider: Provider;
  readonly channel: Channel;
  readonly shelf: Shelf;
  /** Whose seals the request carries. */
  readonly sealedBy?: string | undefined;
};

/** Throws `invalid_request` where the body has no meaning that could be written anew, or `no_access`. */
export function outgoingOf(call: Call, asked: Asked): Outgoing {
  const { provider, channel } = asked;
  const own = wireOf(call.dialect);
  const url = addressIn(own.id, asked);
  if (url !== undefined) return { dialect: own, url, head: call.head, ...inOwnDialect(call, asked) };
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
  const { provider, channel, shelf } = asked;
  for (const dialect of orderFor(provider)) {
    const other = addressIn(dialect.id, asked);
    if (other === undefined) continue;
    const keeping = { shelf, key: call.key.id, provider: provider.id };
    const aim = { provider, upstreamModel: channel.upstreamModel, keeping };
    const { body, ...rest } = carried(call, { from: heard, to: dialect }, aim);
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
        keeper: new ThoughtKeeper(keeping),
        ...rest,
      }),
    };
  }
  throw unspoken(provider);
}

const BETA = 'anthropic-beta';
const NO_HEADERS: Outgoing['headers'] = {};
const NOTHING_DROPPED: readonly string[] = [];

type InOwnDialect = Pick<Outgoing, 'body' | 'headers' | 'dropped'>;

/** The client's bytes, but for what this provider is known to refuse. */
function inOwnDialect(call: Call, { provider, sealedBy }: Asked): InOwnDialect {
  const body = bodyFor(call, provider);
  if (call.dialect !== 'anthropic-messages') return { body, headers: NO_HEADERS, dropped: NOTHING_DROPPED };
  const told = provider.foldsSystem ? withoutSystemTurns(body) : body;
  const isForeign = sealedBy !== undefined && sealedBy !== provider.id;
  const adapted = isForeign ? withoutThoughts(told) : { body: told, dropped: NOTHING_DROPPED };
  const betas = call.headers[BETA];
  if (betas === undefined) return { ...adapted, headers: NO_HEADERS };
  const { header, stopped } = betasFor(provider.id, String(betas));
  return {
    body: adapted.body,
    headers: header === undefined ? NO_HEADERS : { [BETA]: header },
    dropped: [...adapted.dropped, ...stopped],
  };
}

/** The client's own bytes, with its wishes where they are understood. */
const bodyFor = (call: Call, provider: Provider): Uint8Array => {
  const { openrouterBody } = call;
  return openrouterBody !== undefined && provider.id === UNDERSTANDS_WISHES
    ? openrouterBody
    : fitted(call, provider);
};

const unspoken = ({ name }: Provider): Failure =>
  new Failure('no_access', { message: `${name} speaks no dialect that is known here.` });

type Aim = { readonly provider: Provider; readonly upstreamModel: string; readonly keeping: Keeping };

function carried(
  { body }: Call,
  { from, to }: { readonly from: Heard; readonly to: Dialect },
  aim: Aim,
): { readonly body: Buffer } & Omit<Crossing, 'request'> {
  const out: Crossing = from.readCrossing?.(body) ?? { request: from.readRequest(body), dropped: [] };
  const lost = new Set<string>();
  const target = { provider: aim.provider, dialect: to.id, dropped: lost };
  const asked = portable(
    {
      ...out.request,
      // What a dialect can say may depend on who hears it.
      model: aim.upstreamModel,
      messages: withThoughts(out.request.messages, aim.keeping, lost),
    },
    target,
  );
  const fit: Crossing = to.fitCrossing?.(asked) ?? { request: asked, dropped: [] };
  const request = aimed(inItsWay(fit.request, target), aim, to.id);
  return {
    body: to.writeRequest({ ...request, wantsUsage: request.stream }),
    dropped: [...new Set([...out.dropped, ...lost, ...fit.dropped])],
    ...(out.textTools && { textTools: out.textTools }),
  };
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
