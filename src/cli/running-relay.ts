/** How a command asks the running relay on its live routes, and what is said when it does not answer as it should. */

import type { Command } from 'commander';

export type Answer = { readonly status: number; readonly body: string };

export type RelayDoors = {
  /** Where the relay of this configuration listens; throws on a wrong configuration. */
  addressOf(config: string | undefined): string;
  get(url: string, headers: Record<string, string>): Promise<Answer>;
  /** Sends JSON. */
  post(url: string, body: string): Promise<Answer>;
  write(text: string): void;
};

/** Says which relay is meant, and who asks. */
export type RelayFlags = { readonly config?: string; readonly url?: string; readonly key?: string };

/** The options of a command that says which relay is meant. */
export const meaningRelay = (command: Command): Command =>
  command
    .option('-c, --config <file>', 'configuration file of the relay (default: sluice.yaml, if there is one)')
    .option('-u, --url <url>', 'address of the relay, instead of the configured one');

/** And of one that shows what it sees there. */
export const showingRelay = (command: Command): Command =>
  meaningRelay(command)
    .option('-k, --key <key>', 'a client key, where the relay is on another machine')
    .option('--json', 'print JSON');

/** Where to knock from this machine; "every address" is none to call. */
export function addressToCall({ host, port }: { readonly host: string; readonly port: number }): string {
  if (host === '0.0.0.0') return `http://127.0.0.1:${port}`;
  if (host === '::') return `http://[::1]:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function relayUrl(flags: RelayFlags, doors: Pick<RelayDoors, 'addressOf'>): string {
  return (flags.url ?? doors.addressOf(flags.config)).replace(/\/+$/, '').replace(/\/v1$/, '');
}

export const WANTS_KEY = 'wants a client key: --key';

/** What the relay shows on a live route. */
export async function askRelay(
  {
    path,
    toStrangers,
  }: { readonly path: string /** What follows when it wants a key. */; readonly toStrangers: string },
  flags: RelayFlags,
  doors: Pick<RelayDoors, 'addressOf' | 'get'>,
): Promise<unknown> {
  const url = relayUrl(flags, doors);
  const headers: Record<string, string> =
    flags.key === undefined ? {} : { authorization: `Bearer ${flags.key}` };
  const { status, body } = await reached(url, () => doors.get(url + path, headers));
  if (status === 401) throw new Error(`the relay at ${url} ${toStrangers}`);
  if (status !== 200) throw new Error(`the relay at ${url} answered ${status}`);
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new Error(`what answers at ${url} is no relay of this kind: name yours with --url`);
  }
}

/** The answer, or an error in words when there is none. */
export async function reached<A = Answer>(url: string, ask: () => Promise<A>): Promise<A> {
  try {
    return await ask();
  } catch {
    throw new Error(`no relay answers at ${url}: start it with 'sluice start', or name it with --url`);
  }
}
