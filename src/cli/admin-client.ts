/**
 * How a command speaks to the admin API of the running relay: where it is, with which key, and in clear words what it
 * answers when it does not do what was asked. Lists are read page by page.
 */

import type { Command } from 'commander';
import { isJsonObject, type JsonObject, parseJson } from '../base/json.ts';
import { type RelayFlags, reached, relayUrl } from './running-relay.ts';

export type AdminRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type AdminReply = {
  readonly status: number;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
};

export type AdminDoors = {
  /** Where the relay of this configuration listens; throws on a wrong configuration. */
  addressOf(config: string | undefined): string;
  /** The key of this machine: of the environment, the configuration, or the file that was made for it. */
  adminKeyOf(config: string | undefined): string | undefined;
  send(request: AdminRequest): Promise<AdminReply>;
  write(text: string): void;
  /** Of the terminal; undefined: there is none. */
  width?(): number | undefined;
};

export type AdminFlags = RelayFlags & { readonly json?: boolean; readonly csv?: boolean };

/** The options of a command that speaks to the admin API. */
export const meaningAdmin = (command: Command): Command =>
  command
    .option('-c, --config <file>', 'configuration file of the relay (default: sluice.yaml, if there is one)')
    .option('-u, --url <url>', 'address of the relay, instead of the configured one')
    .option('-k, --key <key>', 'admin key (default: SLUICE_ADMIN_KEY, or the one of this machine)')
    .option('--json', 'print JSON');

/** And of one that lists. */
export const listingAdmin = (command: Command): Command => meaningAdmin(command).option('--csv', 'print CSV');

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export type AdminClient = {
  /** The body of the answer; undefined where it has none. */
  get(path: string, query?: Query): Promise<unknown>;
  /** What is no JSON: CSV, HTML. */
  text(path: string, query?: Query): Promise<string>;
  post(path: string, body?: unknown): Promise<unknown>;
  /** Changes the thing at `path` as it is now; a change by somebody else in between is an error. */
  edit(method: 'PATCH' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** `edit` of a thing whose ETag is that of another path. */
  editAs(
    version: string,
    method: 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<unknown>;
  /** All pages of a list, or its first `most` rows. */
  list(path: string, query?: Query, most?: number): Promise<JsonObject[]>;
};

const PAGE = 500;

export function adminClient(flags: AdminFlags, doors: AdminDoors): AdminClient {
  const url = relayUrl(flags, doors);
  const key = flags.key ?? doors.adminKeyOf(flags.config);
  const ask = async (
    method: string,
    path: string,
    {
      body,
      query = {},
      headers = {},
    }: { body?: unknown; query?: Query; headers?: Record<string, string> } = {},
  ): Promise<AdminReply> => {
    const reply = await reached<AdminReply>(url, () =>
      doors.send({
        method,
        url: `${url}/admin/v1${path}${queryText(query)}`,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    if (reply.status >= 200 && reply.status < 300) return reply;
    throw new Error(refusalText(reply, { url, hasKey: key !== undefined }));
  };
  const client: AdminClient = {
    get: async (path, query = {}) => jsonIn(await ask('GET', path, { query }), url),
    text: async (path, query = {}) => (await ask('GET', path, { query })).body,
    post: async (path, body) => jsonIn(await ask('POST', path, { body }), url),
    async edit(method, path, body) {
      const { headers } = await ask('GET', path);
      return client.editAs(headers['etag'] ?? '*', method, path, body);
    },
    editAs: async (version, method, path, body) =>
      jsonIn(await ask(method, path, { body, headers: { 'if-match': version } }), url),
    async list(path, query = {}, most = Infinity) {
      const rows: JsonObject[] = [];
      let cursor: string | undefined;
      do {
        const limit = Math.min(PAGE, most - rows.length);
        const page = await client.get(path, { ...query, limit, cursor });
        const data = isJsonObject(page) ? page['data'] : undefined;
        if (!Array.isArray(data)) throw new Error(noRelay(url));
        rows.push(...data.filter(isJsonObject));
        const next = isJsonObject(page) ? page['next'] : undefined;
        cursor = typeof next === 'string' ? next : undefined;
      } while (cursor !== undefined && rows.length < most);
      return rows;
    },
  };
  return client;
}

/** A name as a part of a path, whatever is in it. */
export const pathPart = (name: string): string => encodeURIComponent(name);

function queryText(query: Query): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) asked.append(name, String(value));
  return asked.size === 0 ? '' : `?${asked.toString()}`;
}

function jsonIn({ status, body }: AdminReply, url: string): unknown {
  if (status === 204 || body === '') return undefined;
  const value = parseJson(body);
  if (value === undefined) throw new Error(noRelay(url));
  return value;
}

const noRelay = (url: string): string =>
  `what answers at ${url} has no admin API of this kind: name yours with --url`;

/** Who types a command knows of no body and no query: `body.tenant: …` is `tenant: …` there. */
const plainPlace = (text: string): string => text.replace(/^(?:body|query|params)\.(?=[a-z])/, '');

function refusalText(
  { status, body }: AdminReply,
  { url, hasKey }: { readonly url: string; readonly hasKey: boolean },
): string {
  if (status === 401 && !hasKey)
    return `the relay at ${url} wants an admin key: --key, SLUICE_ADMIN_KEY, or run this on its machine and in its folder`;
  const problem = parseJson(body);
  const detail = isJsonObject(problem) ? problem['detail'] : undefined;
  if (!isJsonObject(problem) || typeof detail !== 'string') return `${noRelay(url)} (it answered ${status})`;
  const { errors } = problem;
  const fields = (Array.isArray(errors) ? errors : [])
    .filter(isJsonObject)
    .map(({ path, message }) => `\n  ${plainPlace(String(path))}: ${String(message)}`);
  return `${plainPlace(detail)}${fields.length > 1 ? fields.join('') : ''}`;
}
