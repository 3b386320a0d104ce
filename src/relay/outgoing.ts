/**
 * In which dialect a channel is asked, where, and with what body. The client's own where the provider speaks it: its
 * bytes go on as they are. Else the one that says most of what both know: the request is read and written anew, and what
 * gets lost on the way is named.
 */

import { withoutSystemTurns, withoutThoughts } from '../dialects/anthropic-messages/adapt.ts';
import type { Crossing, Dialect } from '../dialects/dialect.ts';
import { dialectOf, dialects } from '../dialects/index.ts';
import type { Call, DialectId, RequestHead } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import { betasFor } from '../providers/betas.ts';
import { addressOf, type Provider } from '../providers/provider.ts';
import type { Shelf } from '../state/shelf.ts';
import { inItsWay, portable } from './chat-ways.ts';
import { type Keeping, ThoughtKeeper, withThoughts } from './kept-thoughts.ts';
import { Translation } from './translation.ts';

export type Outgoing = {
  readonly dialect: Dialect;
  readonly url: string;
  readonly head: RequestHead;
  readonly body: Uint8Array;
  /** Beside what every call gets. */
  readonly headers: Readonly<Record<string, string>>;
  /** What of the request could not be taken along, by the client's names. */
  readonly dropped: readonly string[];
  /** Undefined where client and provider speak the same. */
  readonly translation?: Translation;
};

/** The dialects in which a stranger's call is asked, the best first; others are asked last. */
const PREFERRED = ['openai-chat', 'anthropic-messages', 'openai-responses'] as const satisfies DialectId[];
const IN_ORDER = [...new Set([...PREFERRED, ...Object.values(dialects).map(({ id }) => id)])].map(dialectOf);

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
  const { provider, channel, shelf } = asked;
  const { baseUrl } = channel.account;
  const own = dialectOf(call.dialect);
  const url = addressOf(provider, own.id, baseUrl);
  if (url !== undefined) return { dialect: own, url, head: call.head, ...inOwnDialect(call, asked) };
  for (const dialect of IN_ORDER) {
    const other = addressOf(provider, dialect.id, baseUrl);
    if (other === undefined) continue;
    const keeping = { shelf, key: call.key.id, provider: provider.id };
    const { body, ...rest } = carried(call, dialect, {
      provider,
      upstreamModel: channel.upstreamModel,
      keeping,
    });
    return {
      dialect,
      url: other,
      head: dialect.readHead(body),
      body,
      headers: NO_HEADERS,
      dropped: call.headers[BETA] === undefined ? rest.dropped : [...rest.dropped, BETA],
      translation: new Translation({
        from: dialect,
        to: own,
        wantsUsage: call.head.wantsUsage,
        keeper: new ThoughtKeeper(keeping),
        ...rest,
      }),
    };
  }
  throw new Failure('no_access', { message: `${provider.name} speaks no dialect that is known here.` });
}

const BETA = 'anthropic-beta';
const NO_HEADERS: Outgoing['headers'] = {};
const NOTHING_DROPPED: readonly string[] = [];

type InOwnDialect = Pick<Outgoing, 'body' | 'headers' | 'dropped'>;

/** The client's bytes, but for what this provider is known to refuse. */
function inOwnDialect(call: Call, { provider, sealedBy }: Asked): InOwnDialect {
  const { body } = call;
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

type Aim = { readonly provider: Provider; readonly upstreamModel: string; readonly keeping: Keeping };

function carried(
  call: Call,
  dialect: Dialect,
  aim: Aim,
): { readonly body: Buffer } & Omit<Crossing, 'request'> {
  const own = dialectOf(call.dialect);
  const out: Crossing = own.readCrossing?.(call.body) ?? { request: own.readRequest(call.body), dropped: [] };
  const lost = new Set<string>();
  const target = { provider: aim.provider, dialect: dialect.id, dropped: lost };
  const asked = portable(
    {
      ...out.request,
      // What a dialect can say may depend on who hears it.
      model: aim.upstreamModel,
      messages: withThoughts(out.request.messages, aim.keeping, lost),
    },
    target,
  );
  const fit: Crossing = dialect.fitCrossing?.(asked) ?? { request: asked, dropped: [] };
  const request = aimed(inItsWay(fit.request, target), aim, dialect.id);
  return {
    body: dialect.writeRequest({ ...request, wantsUsage: request.stream }),
    dropped: [...new Set([...out.dropped, ...lost, ...fit.dropped])],
    ...(out.textTools && { textTools: out.textTools }),
  };
}

/** With the provider's own name of the model, and the bound where the provider looks for it. */
function aimed(
  request: ChatRequest,
  { provider, upstreamModel: model }: Pick<Aim, 'provider' | 'upstreamModel'>,
  dialect: DialectId,
): ChatRequest {
  const { maxOutputTokens, extra, ...rest } = request;
  const { outputField } = provider;
  if (maxOutputTokens === undefined || outputField === undefined || dialect !== 'openai-chat')
    return { ...request, model };
  return { ...rest, model, extra: { ...extra, [outputField]: maxOutputTokens } };
}
