/**
 * In which dialect a channel is asked, where, and with what body. The client's own where the provider speaks it: its
 * bytes go on as they are. Else the first that both know: the request is read and written anew, and what gets lost on the
 * way is named.
 */

import type { Crossing, Dialect } from '../dialects/dialect.ts';
import { dialectOf, dialects } from '../dialects/index.ts';
import type { Call, RequestHead } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import type { ChatRequest } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import { addressOf, type Provider } from '../providers/provider.ts';
import { Translation } from './translation.ts';

export type Outgoing = {
  readonly dialect: Dialect;
  readonly url: string;
  readonly head: RequestHead;
  readonly body: Uint8Array;
  /** Undefined where client and provider speak the same. */
  readonly translation?: Translation;
};

/** Throws `invalid_request` where the body has no meaning that could be written anew, or `no_access`. */
export function outgoingOf(call: Call, provider: Provider, channel: Channel): Outgoing {
  const { baseUrl } = channel.account;
  const own = dialectOf(call.dialect);
  const url = addressOf(provider, own.id, baseUrl);
  if (url !== undefined) return { dialect: own, url, head: call.head, body: call.body };
  for (const dialect of Object.values(dialects)) {
    const other = addressOf(provider, dialect.id, baseUrl);
    if (other === undefined) continue;
    const { body, dropped } = carried(call, dialect, { provider, upstreamModel: channel.upstreamModel });
    return {
      dialect,
      url: other,
      head: dialect.readHead(body),
      body,
      translation: new Translation({ from: dialect, to: own, wantsUsage: call.head.wantsUsage, dropped }),
    };
  }
  throw new Failure('no_access', { message: `${provider.name} speaks no dialect that is known here.` });
}

type Aim = { readonly provider: Provider; readonly upstreamModel: string };

function carried(
  call: Call,
  dialect: Dialect,
  aim: Aim,
): { readonly body: Buffer; readonly dropped: readonly string[] } {
  const own = dialectOf(call.dialect);
  const out: Crossing = own.readCrossing?.(call.body) ?? { request: own.readRequest(call.body), dropped: [] };
  const fit: Crossing = dialect.fitCrossing?.(out.request) ?? { request: out.request, dropped: [] };
  const request = aimed(fit.request, aim);
  return {
    body: dialect.writeRequest({ ...request, wantsUsage: request.stream }),
    dropped: [...new Set([...out.dropped, ...fit.dropped])],
  };
}

/** With the provider's own name of the model, and the bound where the provider looks for it. */
function aimed(request: ChatRequest, { provider, upstreamModel: model }: Aim): ChatRequest {
  const { maxOutputTokens, extra, ...rest } = request;
  if (maxOutputTokens === undefined || provider.outputField === undefined) return { ...request, model };
  return { ...rest, model, extra: { ...extra, [provider.outputField]: maxOutputTokens } };
}
