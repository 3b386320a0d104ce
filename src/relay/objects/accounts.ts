/**
 * Which account a passed call goes to: the one that has the object, or, for a new one, the one that the client names, or
 * the key's own. A key's objects lie together on one account, for what belongs together (a batch and its file, a store and
 * its documents) must; which one it is follows from the key alone, so that nothing has to be remembered.
 */

import { hash } from 'node:crypto';
import type { DialectId } from '../../domain/call.ts';
import type { Account, Channel } from '../../domain/channel.ts';
import { Failure } from '../../domain/failure.ts';
import { passesOf } from '../../providers/passes.ts';
import type { Rooms } from '../rooms.ts';
import { isBelow } from './object-paths.ts';

/** What of an account is passed through in a dialect. */
const passesBy = ({ provider, passes }: Account, dialect: DialectId): readonly string[] => {
  if (passes === undefined) return passesOf(provider)[dialect] ?? [];
  const own = passesOf(provider)['anthropic-messages'] === undefined ? 'openai-chat' : 'anthropic-messages';
  return dialect === own ? passes : [];
};

export const passesPath = (account: Account, dialect: DialectId, path: string): boolean =>
  isBelow(path, passesBy(account, dialect));

type Candidate = { readonly account: Account; readonly tier: number; readonly weight: number };

/** Each account once, with the best tier of its channels and the greatest weight there. */
export function accountsOf(channels: readonly Channel[]): readonly Candidate[] {
  const found = new Map<string, Candidate>();
  for (const { account, tier, weight } of channels) {
    const known = found.get(account.id);
    if (known === undefined || tier < known.tier || (tier === known.tier && weight > known.weight))
      found.set(account.id, { account, tier, weight });
  }
  return [...found.values()];
}

export type Wish = {
  readonly dialect: DialectId;
  readonly path: string;
  readonly key: string;
  /** Of the ids that the request names. */
  readonly owner?: string;
  /** That the client asks for by `x-sluice-account`. */
  readonly asked?: string;
  /** That the object is for: only accounts with it. */
  readonly model?: string;
};

/** Throws `object_not_found`, `invalid_request`, `model_not_found` or `route_not_found`. */
export function accountFor(wish: Wish, rooms: Pick<Rooms, 'clock' | 'health' | 'snapshot'>): Account {
  const { dialect, path, owner, asked, model } = wish;
  const { catalog } = rooms.snapshot();
  const able = accountsOf(catalog.channels).filter(({ account }) => passesPath(account, dialect, path));
  if (able.length === 0)
    throw new Failure('route_not_found', { message: `No account has ${path.split('/', 2).join('/')} here.` });
  const wanted = owner ?? asked;
  if (owner !== undefined && asked !== undefined && owner !== asked)
    throw new Failure('invalid_request', {
      message: `Header x-sluice-account: the ids of this request belong to another account than '${asked}'.`,
      param: 'x-sluice-account',
    });
  if (wanted !== undefined) {
    const found = able.find(({ account }) => account.id === wanted);
    if (found !== undefined) return found.account;
    throw new Failure('invalid_request', {
      message: `The account '${wanted}' has nothing below ${path.split('/', 2).join('/')}.`,
      ...(owner === undefined ? { param: 'x-sluice-account' } : {}),
    });
  }
  const fit = model === undefined ? able : withModel(able, catalog.resolve(model)?.channels, model);
  const nowMs = rooms.clock.now();
  const isFree = ({ account }: Candidate): boolean =>
    catalog.channels.some(
      (channel) => channel.account.id === account.id && rooms.health.freeAt(channel, nowMs) <= nowMs,
    );
  const usable = fit.filter(isFree);
  return preferred(usable.length > 0 ? usable : fit, wish.key);
}

function withModel(
  able: readonly Candidate[],
  channels: readonly Channel[] | undefined,
  model: string,
): readonly Candidate[] {
  const fit = able.filter(({ account }) => channels?.some((channel) => channel.account.id === account.id));
  if (fit.length > 0) return fit;
  throw new Failure('model_not_found', {
    message: `No account that has such objects serves the model '${model}'.`,
    param: 'model',
  });
}

/** Rendezvous hashing: weighted shares of the keys, and a new account takes its share without moving the others. */
function preferred(candidates: readonly Candidate[], key: string): Account {
  const tier = Math.min(...candidates.map((each) => each.tier));
  let best: { readonly account: Account; readonly score: number } | undefined;
  for (const { account, weight, ...each } of candidates) {
    if (each.tier !== tier) continue;
    const share =
      (Number.parseInt(hash('sha256', `${key}\n${account.id}`, 'hex').slice(0, 12), 16) + 1) / (2 ** 48 + 1);
    const score = -Math.log(share) / weight;
    if (best === undefined || score < best.score) best = { account, score };
  }
  if (best === undefined) throw new Error('no account to choose from');
  return best.account;
}
