/**
 * The client's own bytes for a provider that speaks its dialect: with the wishes and the references that this one
 * understands, without what it is known to refuse. Whatever else stands in them is as the client wrote it.
 */

import {
  withoutSystemTurns,
  withoutThoughts,
  withoutUnsealed,
} from '../dialects/anthropic-messages/adapt.ts';
import type { Call } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import { betasFor } from '../providers/betas.ts';
import type { Provider } from '../providers/provider.ts';
import { spokenTo } from './recalled.ts';
import { UNDERSTANDS_WISHES } from './wished-channels.ts';

export type InOwnDialect = {
  readonly body: Uint8Array;
  /** Beside what every call gets. */
  readonly headers: Readonly<Record<string, string>>;
  /** What of the request could not be taken along, by the client's names. */
  readonly dropped: readonly string[];
};

export const BETA = 'anthropic-beta';
export const NO_HEADERS: InOwnDialect['headers'] = {};
const NOTHING_DROPPED: readonly string[] = [];

export type Hearer = {
  readonly provider: Provider;
  readonly channel: Channel;
  /** Whose seals the request carries. */
  readonly sealedBy?: string | undefined;
};

export function inOwnDialect(call: Call, { provider, channel, sealedBy }: Hearer): InOwnDialect {
  const { body, dropped = NOTHING_DROPPED } = spokenTo(withWishes(call, provider), channel.account);
  if (call.dialect !== 'anthropic-messages') return { body, headers: NO_HEADERS, dropped };
  const told = provider.foldsSystem ? withoutSystemTurns(body) : body;
  const isForeign = sealedBy !== undefined && sealedBy !== provider.id;
  const adapted = isForeign
    ? withoutThoughts(told)
    : SEALS_THOUGHTS.test(channel.upstreamModel)
      ? withoutUnsealed(told)
      : { body: told, dropped };
  const betas = call.headers[BETA];
  if (betas === undefined) return { ...adapted, headers: NO_HEADERS };
  const { header, stopped } = betasFor(provider.id, String(betas));
  return {
    body: adapted.body,
    headers: header === undefined ? NO_HEADERS : { [BETA]: header },
    dropped: [...adapted.dropped, ...stopped],
  };
}

/** Whoever offers them. A conversation may have been begun with another model. */
const SEALS_THOUGHTS = /claude/i;

const withWishes = (call: Call, { id }: Provider): Call =>
  call.openrouterBody !== undefined && id === UNDERSTANDS_WISHES
    ? { ...call, body: call.openrouterBody }
    : call;
