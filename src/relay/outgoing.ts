/**
 * In which dialect a channel is asked, where, and with what body. The client's own where the provider speaks it: its
 * bytes go on as they are. Else the one that says most of what both know: the request is read and written anew, and what
 * gets lost on the way is named.
 */

import type { Crossing, Dialect, Heard, Wire } from '../dialects/dialect.ts';
import { dialectOf, dialects, heardOf, wireOf } from '../dialects/index.ts';
import { familyFor } from '../dialects/tasks/index.ts';
import type { Call, ChatDialectId, DialectId, RequestHead } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import { addressOf, type Provider } from '../providers/provider.ts';
import { crossedToKin, fitted } from './task-crossing.ts';
import { type Rewriting, Translation } from './translation.ts';

export type Outgoing = {
  readonly dialect: Wire;
  readonly url: string;
  readonly head: RequestHead;
  readonly body: Uint8Array;
  /** Undefined where client and provider speak the same. */
  readonly translation?: Rewriting;
};

/** The dialects in which a stranger's call is asked, the best first; others are asked last. */
const PREFERRED = [
  'openai-chat',
  'anthropic-messages',
  'openai-responses',
] as const satisfies ChatDialectId[];
const IN_ORDER = [...new Set([...PREFERRED, ...Object.values(dialects).map(({ id }) => id)])].map(dialectOf);

/** Throws `invalid_request` where the body has no meaning that could be written anew, or `no_access`. */
export function outgoingOf(call: Call, provider: Provider, channel: Channel): Outgoing {
  const aim = { provider, channel };
  const own = wireOf(call.dialect);
  const url = addressIn(own.id, aim);
  if (url !== undefined) return { dialect: own, url, head: call.head, body: fitted(call, provider) };
  const heard = heardOf(call.dialect);
  if (heard !== undefined) return crossed(call, heard, aim);
  for (const kin of familyFor(own.task)?.members ?? []) {
    const other = addressIn(kin.id, aim);
    if (other !== undefined) return { ...crossedToKin(call, kin, channel.upstreamModel), url: other };
  }
  throw unspoken(provider);
}

type Aim = { readonly provider: Provider; readonly channel: Channel };

const addressIn = (dialect: DialectId, { provider, channel }: Aim): string | undefined =>
  provider.serves?.(dialect, channel.upstreamModel) === false
    ? undefined
    : addressOf(provider, dialect, channel.account.baseUrl);

/** Can a call in this dialect be brought to the channel at all? */
export function reaches(dialect: DialectId, provider: Provider, channel: Channel): boolean {
  const aim = { provider, channel };
  const kin = familyFor(wireOf(dialect).task)?.members ?? [];
  const others = heardOf(dialect) === undefined ? kin : [...kin, ...IN_ORDER];
  return [wireOf(dialect), ...others].some(({ id }) => addressIn(id, aim) !== undefined);
}

function crossed(call: Call, own: Heard, aim: Aim): Outgoing {
  const { provider } = aim;
  for (const dialect of IN_ORDER) {
    const other = addressIn(dialect.id, aim);
    if (other === undefined) continue;
    const { body, ...rest } = carried(call, { from: own, to: dialect }, aim);
    return {
      dialect,
      url: other,
      head: dialect.readHead(body),
      body,
      translation: new Translation({ from: dialect, to: own, wantsUsage: call.head.wantsUsage, ...rest }),
    };
  }
  throw unspoken(provider);
}

const unspoken = ({ name }: Provider): Failure =>
  new Failure('no_access', { message: `${name} speaks no dialect that is known here.` });

function carried(
  { body }: Call,
  { from, to }: { readonly from: Heard; readonly to: Dialect },
  aim: Aim,
): { readonly body: Buffer } & Omit<Crossing, 'request'> {
  const out: Crossing = from.readCrossing?.(body) ?? { request: from.readRequest(body), dropped: [] };
  const fit: Crossing = to.fitCrossing?.(out.request) ?? { request: out.request, dropped: [] };
  const request = aimed(fit.request, aim, to.id);
  return {
    body: to.writeRequest({ ...request, wantsUsage: request.stream }),
    dropped: [...new Set([...out.dropped, ...fit.dropped])],
    ...(out.textTools && { textTools: out.textTools }),
  };
}

/** With the provider's own name of the model, and the bound where the provider looks for it. */
function aimed(request: ChatRequest, { provider, channel }: Aim, dialect: ChatDialectId): ChatRequest {
  const { maxOutputTokens, extra, ...rest } = request;
  const { outputField } = provider;
  const model = channel.upstreamModel;
  if (maxOutputTokens === undefined || outputField === undefined || dialect !== 'openai-chat')
    return { ...request, model };
  return { ...rest, model, extra: { ...extra, [outputField]: maxOutputTokens } };
}
