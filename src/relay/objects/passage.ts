/**
 * The path of a call for an object: to one account and no other, without a line and without a model, its body and its
 * answer as streams. Asks once more only where asking changes nothing and nothing has come. Sets no bench: what an
 * account may not do with files says nothing of its models.
 */

import type { Departure } from '../../base/departure.ts';
import { ConnectionError, type HeaderMap, type UpstreamResponse } from '../../base/fetch.ts';
import type { ClientKey, DialectId } from '../../domain/call.ts';
import type { Account, Channel } from '../../domain/channel.ts';
import { Failure } from '../../domain/failure.ts';
import type { PassStory } from '../../domain/pass-story.ts';
import { betasFor } from '../../providers/betas.ts';
import { clientWordsOf } from '../../providers/classify.ts';
import { providerOf } from '../../providers/index.ts';
import type { Provider } from '../../providers/provider.ts';
import { isBlocked } from '../../state/windows.ts';
import { hasLimits, quotaOfKey } from '../allowance.ts';
import { failureOf, refusalOf } from '../attempt.ts';
import type { Rooms } from '../rooms.ts';
import { failureOfBody } from '../stream-end.ts';
import { Watch } from '../watch.ts';
import { accountFor, accountsOf, passesPath } from './accounts.ts';

export type PassAsk = {
  readonly id: string;
  readonly key: ClientKey;
  readonly dialect: DialectId;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL, with the ids that the provider knows. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  readonly route: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly account: Account;
  readonly body?: Uint8Array;
  readonly upload?: { readonly bytes: AsyncIterable<Uint8Array>; readonly size?: number };
  readonly arrivedAtMs: number;
  readonly departure: Departure;
};

/** An answer under way. */
export type Passed = {
  readonly status: number;
  readonly headers: HeaderMap;
  /** Throws `Failure` where it breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly story: PassStory;
  /** In every case, once: lets go of the provider and tells the story. Without a failure the answer was whole. */
  end(failure?: Failure): void;
};

export type Passage = {
  /** Some account has this path. */
  serves(dialect: DialectId, path: string): boolean;
  /** Throws like `accountFor`. */
  accountFor(wish: Parameters<typeof accountFor>[0]): Account;
  /** Ids of all accounts. */
  accounts(): readonly string[];
  /** Throws `Failure`: then nothing is left open. */
  open(ask: PassAsk): Promise<Passed>;
};

/** With these a 304 is an answer. */
const CONDITIONS = ['if-none-match', 'if-modified-since'] as const;
const NOT_MODIFIED = 304;

/** Request headers that mean the same to every provider. */
const FORWARDED = ['content-type', 'accept', 'range', ...CONDITIONS] as const;

/** The provider's word about this very request, not about the account. */
const OWN_MISTAKE: ReadonlySet<number> = new Set([400, 404, 405, 406, 409, 410, 412, 413, 415, 416, 422]);

const AGAIN: ReadonlySet<number> = new Set([502, 503, 504]);

const NO_TOKENS = { inputTokens: 0, outputTokens: 0, maxOutputTokens: 0 };

export function createPassage(
  rooms: Rooms,
  options: { readonly record: (story: PassStory) => void },
): Passage {
  const channels = (): readonly Channel[] => rooms.snapshot().catalog.channels;

  const open = async (ask: PassAsk): Promise<Passed> => {
    const { key, account, departure } = ask;
    const story: PassStory = {
      id: ask.id,
      key: key.id,
      method: ask.method,
      route: ask.route,
      arrivedAtMs: ask.arrivedAtMs,
      account: account.id,
      attempts: 0,
      status: 0,
      sentBytes: 0,
      receivedBytes: 0,
      durationMs: 0,
    };
    let release = (): void => undefined;
    const ended = (failure?: Failure): void => {
      if (story.end !== undefined) return;
      release();
      story.end =
        failure === undefined ? 'complete' : failure.kind === 'client_gone' ? 'client_gone' : 'failed';
      if (failure !== undefined) story.failure = failure.kind;
      story.durationMs = rooms.clock.now() - story.arrivedAtMs;
      options.record(story);
    };
    try {
      release = allowed(key, rooms);
      for (;;) {
        if (departure.gone) throw new Failure('client_gone', { message: 'The client left.' });
        const watch = new Watch(rooms.clock, {
          firstByteMs: rooms.snapshot().settings.firstByteMs,
          idleMs: rooms.snapshot().settings.idleMs,
          client: departure,
        });
        try {
          story.attempts += 1;
          const response = await askOnce(ask, { rooms, watch, story });
          story.status = response.status;
          return {
            status: response.status,
            headers: response.headers,
            body: watched(response, watch, story),
            story,
            end(failure) {
              watch.end();
              if (failure !== undefined) watch.abort();
              ended(failure);
            },
          };
        } catch (error) {
          watch.abort();
          const failure = failureOf(causeOf(error));
          if (!mayAskAgain(ask, failure, story)) throw failure;
        }
      }
    } catch (error) {
      const failure = Failure.from(error);
      story.status = failure.status;
      ended(failure);
      throw failure;
    }
  };

  return {
    serves: (dialect, path) =>
      accountsOf(channels()).some(({ account }) => passesPath(account, dialect, path)),
    accountFor: (wish) => accountFor(wish, rooms),
    accounts: () => accountsOf(channels()).map(({ account }) => account.id),
    open,
  };
}

/** A call of the key's own limits, of no tokens. Returns what gives it back. */
function allowed(key: ClientKey, rooms: Rooms): () => void {
  if (!hasLimits(key)) return () => undefined;
  const nowMs = rooms.clock.now();
  const permit = rooms.limiter.reserve(quotaOfKey(key), NO_TOKENS, { nowMs });
  if (!isBlocked(permit)) return () => permit.settle({ tokens: 0, input: 0 });
  const waitMs = permit.atMs - nowMs;
  throw new Failure('key_limit', {
    message: `The key '${key.id}' has reached its own limit at this relay; the upstream was not asked.`,
    limitOwner: 'key',
    ...(Number.isFinite(waitMs) ? { retryAfterMs: waitMs } : {}),
  });
}

/** The failure of our own that a broken upload was given up for. */
const causeOf = (error: unknown): unknown =>
  error instanceof ConnectionError && error.cause instanceof Failure ? error.cause : error;

/** Once, where it reads alone. */
function mayAskAgain({ method, departure }: PassAsk, failure: Failure, story: PassStory): boolean {
  if (method !== 'GET' || departure.gone || story.attempts > 1) return false;
  return failure.kind === 'connection' || AGAIN.has(story.status);
}

type Asking = { readonly rooms: Rooms; readonly watch: Watch; readonly story: PassStory };

/** Resolves with a good answer; throws what a refusal means. */
async function askOnce(ask: PassAsk, { rooms, watch, story }: Asking): Promise<UpstreamResponse> {
  const { account, dialect, body, upload } = ask;
  const provider = providerOf(account.provider);
  const channel = channelOf(account, rooms);
  if (provider === undefined || channel === undefined) throw new Error(`no channel of '${account.id}'`);
  const headers = headersFor(ask, provider);
  const secret = rooms.health.secretOf(account, rooms.clock.now());
  provider.authorize(headers, account.secrets[secret] ?? '', dialect);
  const response = await rooms.fetchOf(channel)({
    method: ask.method,
    url: account.baseUrl + ask.path + ask.query,
    headers,
    ...(body === undefined ? {} : { body: counted(body, story) }),
    ...(upload === undefined ? {} : { upload: sent(upload.bytes, watch, story) }),
    signal: watch.signal,
  });
  watch.byte();
  if (response.status >= 200 && response.status < 300) return response;
  if (response.status === NOT_MODIFIED && CONDITIONS.some((name) => headers[name] !== undefined))
    return response;
  story.status = response.status;
  const refusal = await refusalOf(response, { watch, clock: rooms.clock });
  const failure = provider.classify(refusal);
  // There is no model in it.
  if (failure.kind === 'no_access')
    throw new Failure('no_access', {
      ...failure.options,
      message: `${provider.name}: the account may not do this (${response.status}).`,
    });
  if (failure.rule.blame === 'client' || !OWN_MISTAKE.has(response.status)) throw failure;
  // To a model a 404 says that it is missing; here it is the object.
  const message =
    response.status === 404
      ? `${provider.name} has no such object in this account (404).`
      : `${provider.name} refused it with ${response.status}.`;
  throw new Failure('upstream_rejected', { message, status: response.status, ...clientWordsOf(refusal) });
}

const channelOf = (account: Account, rooms: Rooms): Channel | undefined =>
  rooms.snapshot().catalog.channels.find((channel) => channel.account.id === account.id);

function headersFor(
  { headers, upload, body, dialect }: PassAsk,
  { id, forwardHeaders }: Provider,
): Record<string, string> {
  const sent: Record<string, string> = { 'accept-encoding': 'identity' };
  for (const name of [...FORWARDED, ...forwardHeaders]) {
    const value = headers[name];
    if (typeof value === 'string') sent[name] = value;
  }
  const betas = dialect === 'anthropic-messages' ? headers['anthropic-beta'] : undefined;
  const { header } = betasFor(id, String(betas ?? ''));
  if (header !== undefined) sent['anthropic-beta'] = header;
  if (upload?.size !== undefined) sent['content-length'] = String(upload.size);
  if (body !== undefined) sent['content-type'] = 'application/json';
  else if (upload === undefined) delete sent['content-type'];
  return sent;
}

function counted(body: Uint8Array, story: PassStory): Uint8Array {
  story.sentBytes = body.length;
  return body;
}

async function* sent(
  bytes: AsyncIterable<Uint8Array>,
  watch: Watch,
  story: PassStory,
): AsyncGenerator<Uint8Array, undefined> {
  for await (const piece of bytes) {
    watch.byte();
    story.sentBytes += piece.length;
    yield piece;
  }
}

async function* watched(
  { body }: UpstreamResponse,
  watch: Watch,
  story: PassStory,
): AsyncGenerator<Uint8Array, undefined> {
  try {
    for await (const piece of body) {
      watch.byte();
      story.receivedBytes += piece.length;
      yield piece;
    }
  } catch (error) {
    throw failureOfBody(error);
  }
}
