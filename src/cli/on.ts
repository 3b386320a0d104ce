/**
 * `sluice on`: tells the running relay that what it leaves alone or has switched off may be tried again at once. Named as
 * `sluice benches` names it, or shorter, by the id of an account or a channel.
 */

import { Command } from 'commander';
import pc from 'picocolors';
import { isJsonObject, parseJson } from '../base/json.ts';
import { nearestWord } from '../config/nearest.ts';
import type { LiveBench } from '../http/live-routes.ts';
import type { LiveBenches } from './benches.ts';
import {
  askRelay,
  meaningRelay,
  type RelayDoors,
  type RelayFlags,
  reached,
  relayUrl,
} from './running-relay.ts';

type Flags = Omit<RelayFlags, 'key'>;

const BENCHES = { path: '/live/benches', toStrangers: 'takes this from its own machine alone' };

export function onCommand(doors: RelayDoors): Command {
  const command = new Command('on')
    .description('switch on what is switched off, or end a bench: of the relay on this machine')
    .argument('<what...>', "as in 'account qwen-a', 'secret 2 of qwen-a'; or qwen-a, qwen-a/qwen3-max");
  return meaningRelay(command).action((words: readonly string[], flags: Flags) =>
    switchOn(words.join(' '), flags, doors),
  );
}

async function switchOn(asked: string, flags: Flags, doors: RelayDoors): Promise<void> {
  const { benches } = (await askRelay(BENCHES, flags, doors)) as LiveBenches;
  const meant = benchesMeant(asked, benches);
  if (meant.length === 0) throw new Error(notFound(asked, benches));
  const url = relayUrl(flags, doors);
  for (const bench of meant) {
    const body = JSON.stringify({ what: bench.what });
    const answer = await reached(url, () => doors.post(`${url}/live/switch-on`, body));
    doors.write(`${lineOf(bench, answer, url)}\n`);
  }
}

function lineOf(
  { what, off, meaning }: LiveBench,
  answer: { readonly status: number; readonly body: string },
  url: string,
): string {
  // It has ended by itself since it was listed.
  if (answer.status === 404) return `${what} is benched no more.`;
  if (answer.status !== 200)
    throw new Error(`the relay at ${url} does not switch on ${what}: ${reasonIn(answer.body)}`);
  const done = off ? 'is switched on again' : 'may be tried again at once';
  return `${pc.green(what)} ${done}. It was left alone because of: ${meaning}`;
}

function reasonIn(body: string): string {
  const value = parseJson(body);
  const error = isJsonObject(value) ? value['error'] : undefined;
  return isJsonObject(error) && typeof error['message'] === 'string'
    ? error['message']
    : 'it does not say why';
}

/** By the whole name, else by an id: of a channel or model, or of an account with all that is its own. */
export function benchesMeant(asked: string, benches: readonly LiveBench[]): readonly LiveBench[] {
  const exact = benches.filter(({ what }) => what === asked);
  return exact.length > 0 ? exact : benches.filter(({ what }) => idsOf(what).includes(asked));
}

/** `secret 2 of qwen-a` → `qwen-a`; `channel qwen-a/qwen3-max` → `qwen-a/qwen3-max` and `qwen-a`. */
function idsOf(what: string): readonly string[] {
  const words = what.split(' ');
  const id = words.at(-1) ?? '';
  // Of a model the first part is its provider.
  return words.length === 1 || words[0] === 'channel' ? [id, id.split('/')[0] ?? ''] : [id];
}

function notFound(asked: string, benches: readonly LiveBench[]): string {
  const names = benches.map(({ what }) => what);
  const near = nearTo(asked, names);
  const opening = `'${asked}' is neither benched nor switched off`;
  if (near.length > 0) return `${opening}: did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`;
  return names.length === 0 ? `${opening}: nothing is` : `${opening}; see 'sluice benches'`;
}

/** What concerns the same account or channel, else what is spelled nearly so. */
function nearTo(asked: string, names: readonly string[]): readonly string[] {
  const ids = idsOf(asked);
  const related = names.filter((name) => idsOf(name).some((id) => ids.includes(id)));
  if (related.length > 0) return related;
  const word = nearestWord(asked, names) ?? nearestWord(ids[0] ?? '', names.flatMap(idsOf));
  return word === undefined ? [] : names.filter((name) => name === word || idsOf(name).includes(word));
}
