/**
 * `sluice check --live`: asks every channel for one token, which shows secret, model, credit and rights at once; the
 * further secrets of an account only for the list of models, which costs nothing.
 */

import type { Clock } from '../base/clock.ts';
import { Departure } from '../base/departure.ts';
import { type Fetch, readAll } from '../base/fetch.ts';
import { isJsonObject, parseJson } from '../base/json.ts';
import type { Config } from '../config/config.ts';
import { dialectOf } from '../dialects/index.ts';
import type { Call, DialectId } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import { embeddedSimulator, isEmbedded } from '../embedded-simulator.ts';
import { providerOf } from '../providers/index.ts';
import { type Provider, placed } from '../providers/provider.ts';
import { dressed, rulesFor } from '../relay/body-rules.ts';
import { type Asked, outgoingOf } from '../relay/outgoing.ts';
import { snapshotOf } from '../snapshot.ts';
import type { LiveResult } from './check.ts';

const PATIENCE_MS = 30_000;
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

export type LiveOptions = {
  readonly clock: Clock;
  readonly random: () => number;
  /** The network; simulated accounts are asked in the process. */
  readonly fetch: Fetch;
};

/** One result per channel and secret, in the order of the configuration. Never throws for a provider's fault. */
export async function checkLive(config: Config, options: LiveOptions): Promise<LiveResult[]> {
  const nowMs = options.clock.now;
  const simulator = embeddedSimulator(config, options);
  const { channels } = snapshotOf(config).catalog;
  const lists = new Map<string, Promise<readonly string[] | undefined>>();
  const results = channels.flatMap((channel) => {
    const secrets = channel.account.secrets.length > 0 ? channel.account.secrets : [''];
    const fetch = isEmbedded(channel) && simulator !== undefined ? simulator.fetch : options.fetch;
    return secrets.map(async (secret, i): Promise<LiveResult> => {
      const name = secrets.length > 1 ? `${channel.id} (secret ${i + 1})` : channel.id;
      const startedMs = nowMs();
      const key = `${channel.account.id} ${i}`;
      const list = lists.get(key) ?? modelsOf(channel, { secret, fetch, nowMs });
      lists.set(key, list);
      try {
        const listed = (await list)?.includes(channel.upstreamModel) === true;
        const kind = channel.facts?.kind ?? 'chat';
        // A list does not show whether the account may still call: one secret of each channel pays a token for that.
        const detail =
          kind !== 'chat'
            ? `not asked, for it is made for ${kind}; the provider ${listed ? 'lists it' : 'has no list with it'}`
            : listed && i > 0
              ? 'the secret is accepted, the model is listed'
              : await oneToken(channel, { secret, fetch, nowMs });
        return { channel: name, ok: true, detail, ms: Math.round(nowMs() - startedMs) };
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        return { channel: name, ok: false, detail, ms: Math.round(nowMs() - startedMs) };
      }
    });
  });
  return Promise.all(results);
}

type Asking = { readonly secret: string; readonly fetch: Fetch; readonly nowMs: () => number };

/** Undefined: the provider has no list. Throws what a refusal means. */
async function modelsOf(channel: Channel, asking: Asking): Promise<readonly string[] | undefined> {
  const { speaks } = providerOfChannel(channel);
  const { status, body } = await ask(channel, asking, {
    dialect: 'openai-chat' in speaks ? 'openai-chat' : (Object.keys(speaks)[0] as DialectId),
    url: `${channel.account.baseUrl.replace(/\?.*/, '')}/models`,
  });
  if (status === 404 || status === 405) return undefined;
  const value = parseJson(body);
  const data = isJsonObject(value) ? value['data'] : undefined;
  if (!Array.isArray(data)) return undefined;
  return data.flatMap((entry: unknown) =>
    isJsonObject(entry) && typeof entry['id'] === 'string' ? [entry['id']] : [],
  );
}

/** As the relay would ask: in the dialect and at the address of this channel, by the provider's own rules. */
async function oneToken(channel: Channel, asking: Asking): Promise<string> {
  const provider = providerOfChannel(channel);
  const outgoing = outgoingOf(smallCall(channel.upstreamModel), { provider, channel, ...NOTHING_KEPT });
  const { dialect, head, url, body } = outgoing;
  const { streamUpstream } = channel.account;
  const streams = streamUpstream === undefined ? provider.streamsPlain : streamUpstream === 'on';
  const turned = streams === true ? dialect.forwardAsStream?.(body, head, channel.upstreamModel) : undefined;
  const ready = turned ?? dialect.forwardRequest(body, head, channel.upstreamModel);
  const answer = await ask(channel, asking, {
    dialect: dialect.id,
    url:
      dialect.address?.(url, { model: channel.upstreamModel, stream: turned !== undefined }) ??
      placed(url, channel.upstreamModel),
    body: dressed(ready, rulesFor(provider, channel, dialect.id)).body,
  });
  if (answer.status === 404) throw new Error('the provider has no such model or route (404)');
  // A page for people comes with a 200, too.
  if (!isJsonObject(parseJson(answer.body)) && !(turned !== undefined && /^data:/m.test(answer.body)))
    throw new Error('what answered is no API of this kind (200, and no JSON): check the base URL');
  return 'answered a call of one token';
}

/** Nobody comes back for what was said here. */
const NOTHING_KEPT: Pick<Asked, 'shelf' | 'seals'> = {
  shelf: { put() {}, get: () => undefined, remove: () => false, bytes: 0 },
  seals: { seal: () => '', open: () => undefined },
};

function smallCall(model: string): Call {
  const dialect = dialectOf('openai-chat');
  const messages = [{ role: 'user', content: 'hi' }];
  const body = Buffer.from(JSON.stringify({ model, messages, max_tokens: 1 }));
  return {
    ...{ id: 'req_live', dialect: dialect.id, body, headers: {}, arrivedAtMs: 0, departure: new Departure() },
    head: dialect.readHead(body),
    key: { id: 'live', limits: {}, onLimit: 'reject', priority: 'normal', weight: 1, fallback: false },
    options: { onLimit: 'reject', priority: 'normal', fallback: false },
  };
}

function providerOfChannel({ account }: Channel): Provider {
  const provider = providerOf(account.provider);
  if (provider === undefined) throw new Error(`unknown provider '${account.provider}'`);
  return provider;
}

type Question = { readonly url: string; readonly dialect: DialectId; readonly body?: Uint8Array };

async function ask(
  channel: Channel,
  { secret, fetch, nowMs }: Asking,
  { url, dialect, body }: Question,
): Promise<{ status: number; body: string }> {
  const provider = providerOfChannel(channel);
  const headers: Record<string, string> = { accept: 'application/json', 'accept-encoding': 'identity' };
  if (body !== undefined) headers['content-type'] = 'application/json';
  provider.authorize(headers, secret, dialect);
  const response = await fetch({
    method: body === undefined ? 'GET' : 'POST',
    url,
    headers,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const text = (await readAll(response.body, BODY_LIMIT_BYTES)).toString('utf8');
  const { status } = response;
  if ((status >= 200 && status < 300) || status === 404 || status === 405) return { status, body: text };
  throw provider.classify({ status, headers: response.headers, body: text, phase: 'head', nowMs: nowMs() });
}
