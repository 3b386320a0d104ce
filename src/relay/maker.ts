/**
 * An answer that its account goes on with in the background, asked for there: how far it is, or that it shall stop. The
 * one question that only the maker of an answer can be asked; it takes no permit, for nothing is generated.
 */

import { readAll } from '../base/fetch.ts';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import { Failure } from '../domain/failure.ts';
import { addressOf } from '../providers/provider.ts';
import type { KeptAnswer } from './kept-answers.ts';
import { REPLY_LIMIT_BYTES } from './open-answer.ts';
import type { Rooms } from './rooms.ts';

export type MakerRooms = Pick<Rooms, 'clock' | 'health' | 'snapshot' | 'providerOf' | 'fetchOf'>;

/** Still on its way, at the account that makes it. */
export const isUnderWay = ({ native, response }: KeptAnswer): boolean =>
  native && UNDER_WAY.has(response['status']);

const UNDER_WAY: ReadonlySet<unknown> = new Set(['queued', 'in_progress']);

/** The answer as it is now. Throws `upstream_error`, `timeout`, or `response_not_found` where the account is no more. */
export async function askMaker(
  rooms: MakerRooms,
  { account, response }: KeptAnswer,
  act: 'look' | 'cancel',
): Promise<JsonObject> {
  const { clock } = rooms;
  const { catalog, settings } = rooms.snapshot();
  const channel = catalog.channels.find((each) => each.account.id === account);
  const provider = channel && rooms.providerOf(channel);
  const url = channel && provider && addressOf(provider, 'openai-responses', channel.account.baseUrl);
  if (channel === undefined || provider === undefined || url === undefined)
    throw new Failure('response_not_found', { message: 'The account that makes this response is no more.' });
  const headers: Record<string, string> = { accept: 'application/json', 'accept-encoding': 'identity' };
  const secret = rooms.health.secretOf(channel.account, clock.now());
  provider.authorize(headers, channel.account.secrets[secret] ?? '', 'openai-responses');
  const abort = new AbortController();
  const silent = new Failure('timeout', { message: 'The account that makes this response did not answer.' });
  const cancel = clock.after(settings.firstByteMs, () => abort.abort(silent));
  try {
    const path = `${url}/${encodeURIComponent(String(response['id']))}`;
    const answer = await rooms.fetchOf(channel)({
      ...(act === 'look' ? { method: 'GET', url: path } : { method: 'POST', url: `${path}/cancel` }),
      headers,
      signal: abort.signal,
    });
    const told = parseJson((await readAll(answer.body, REPLY_LIMIT_BYTES)).toString('utf8'));
    if (answer.status !== 200 || !isJsonObject(told) || told['id'] !== response['id'])
      throw new Failure('upstream_error', {
        message: `The account that makes this response answered with status ${answer.status}.`,
      });
    // The client knows the model by another name.
    return { ...told, model: response['model'] };
  } finally {
    cancel();
  }
}
