/**
 * The routes of files, batches and other objects: whoever asks gets what its own key has made, on the account that has it.
 * Ids are opened on the way in and signed on the way out; everything else goes through as it is, as a stream.
 */

import type { IncomingMessage } from 'node:http';
import { isJsonObject, parseJson, splice, topLevelFields } from '../base/json.ts';
import type { Wire } from '../dialects/dialect.ts';
import { dialectOf } from '../dialects/index.ts';
import type { ClientKey } from '../domain/call.ts';
import type { Account } from '../domain/channel.ts';
import { Failure } from '../domain/failure.ts';
import { isIdField, withOpenedIds } from '../relay/objects/object-fields.ts';
import { isContent, isId, type ObjectPath, objectPathOf } from '../relay/objects/object-paths.ts';
import type { PassAsk } from '../relay/objects/passage.ts';
import { readBody } from './body.ts';
import { decodedBody } from './decoded-body.ts';
import { keyOf } from './door.ts';
import type { Exchange } from './exchange.ts';
import type { Front } from './front.ts';
import { IdOpener } from './id-opener.ts';
import { writePassed } from './passed-answer.ts';
import { uploadOf } from './upload.ts';

/** How the client spells its requests and wants its errors; undefined where no account has such objects. */
export function objectDialectOf(front: Front, { headers }: IncomingMessage, path: string): Wire | undefined {
  const isAnthropic = headers['anthropic-version'] !== undefined || path.startsWith('/messages/');
  const dialect = dialectOf(isAnthropic ? 'anthropic-messages' : 'openai-chat');
  return front.passage.serves(dialect.id, path) ? dialect : undefined;
}

const METHODS = ['GET', 'POST', 'DELETE'] as const;

/** `prefix`: what stands before the path, as the client wrote it. Never throws. */
export async function serveObjects(
  front: Front,
  exchange: Exchange,
  { dialect, prefix, path }: { readonly dialect: Wire; readonly prefix: string; readonly path: string },
): Promise<void> {
  const { request } = exchange;
  let reached = false;
  try {
    const key = keyOf(front, request, 'objects');
    const ask = await askOf(front, exchange, { dialect, path, key });
    reached = true;
    const passed = await front.passage.open(ask);
    await writePassed(exchange, passed, {
      sign: (id) => front.objectIds.sign(id, { account: ask.account.id, key: key.id }),
      upstream: ask.account.baseUrl,
      prefix,
      isContent: isContent(ask.route),
    });
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind === 'internal')
      front.log.error({ call: exchange.id, error: String(failure.cause) }, 'internal fault');
    if (!reached) front.metrics.refused(failure.kind, failure.status);
    // What is left of the body is not read: the next request could not be told from it.
    if (!request.complete) exchange.closeAfter();
    exchange.sendFailure(failure, dialect);
  }
}

type Asked = { readonly dialect: Wire; readonly path: string; readonly key: ClientKey };

async function askOf(front: Front, exchange: Exchange, { dialect, path, key }: Asked): Promise<PassAsk> {
  const { request } = exchange;
  const method = METHODS.find((each) => each === request.method);
  const objectPath = objectPathOf(path);
  if (method === undefined || objectPath === undefined)
    throw new Failure('route_not_found', { message: `No such route: ${request.method} ${path}.` });
  mayReachObjects(front, key, { method, objectPath });
  const ids = new IdOpener(front.objectIds, {
    key: key.id,
    accounts: front.passage.accounts(),
    alone: front.access().size === 1,
  });
  const opened = `/${objectPath.segments.map((segment) => (isId(segment) ? ids.id(segment) : segment)).join('/')}`;
  const query = queryOf(request.url ?? '', ids);
  const isForm = /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '');
  const sends = method === 'POST' && hasBody(exchange);
  const json = sends && !isForm ? await jsonOf(front, exchange, ids) : undefined;
  const model = json?.model;
  if (model !== undefined) front.access().allow(key, model);
  const asked = request.headers['x-sluice-account'];
  const account = front.passage.accountFor({
    dialect: dialect.id,
    path: opened,
    key: key.id,
    ...(ids.account === undefined ? {} : { owner: ids.account }),
    ...(typeof asked === 'string' && asked !== '' ? { asked } : {}),
    ...(model === undefined ? {} : { model }),
  });
  return {
    ...{ id: exchange.id, key, dialect: dialect.id, method, path: opened, query, account },
    route: objectPath.route,
    headers: request.headers,
    ...(json === undefined ? {} : { body: withOwnModel(front, json, account) }),
    ...(sends && isForm ? { upload: formOf(front, exchange) } : {}),
    arrivedAtMs: front.clock.now(),
    departure: exchange.departure,
  };
}

const hasBody = ({ request: { headers } }: Exchange): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Objects can do what `models` of the key would forbid and what nobody counts, and a list shows those of all keys. */
function mayReachObjects(
  front: Front,
  key: ClientKey,
  { method, objectPath }: { readonly method: string; readonly objectPath: ObjectPath },
): void {
  const { id, models, objects } = key;
  if (objects === undefined && front.isCharged?.(key) === true)
    throw new Failure('objects_forbidden', {
      message:
        `The key '${id}' is charged to a wallet or a budget, and files, batches and other objects are charged to ` +
        'nobody: it may reach them only where that is said (keys.objects).',
    });
  if (!(objects ?? models === undefined))
    throw new Failure('objects_forbidden', {
      message: `The key '${id}' may not reach files, batches and other objects (keys.objects).`,
    });
  if (method === 'GET' && !objectPath.hasId && front.access().size > 1)
    throw new Failure('objects_forbidden', {
      message:
        `${objectPath.route} would list the objects of every key of this relay. Ask for single ones, by the ids that ` +
        'creating them gave; a list is only shown where the relay has a single key.',
    });
}

/** Whatever type it says it has: its ids opened. `model`: what it says it is for. */
async function jsonOf(
  front: Front,
  { request }: Exchange,
  ids: IdOpener,
): Promise<{ readonly body: Buffer; readonly model?: string }> {
  const { bodyLimitBytes } = front.settings();
  const sent = await readBody(request, bodyLimitBytes);
  const encoding = request.headers['content-encoding'];
  const plain = encoding === undefined ? sent : await decodedBody(sent, encoding, bodyLimitBytes);
  const value = plain.length === 0 ? {} : parseJson(plain.toString('utf8'));
  const body = isJsonObject(value) ? withOpenedIds(plain, ids) : undefined;
  if (body === undefined || !isJsonObject(value))
    throw new Failure('invalid_request', { message: 'The body must be a JSON object.' });
  const { model } = value;
  return { body, ...(typeof model === 'string' ? { model } : {}) };
}

/** With the account's own name of the model, where it has another one than clients ask for. */
function withOwnModel(
  front: Front,
  { body, model }: { readonly body: Buffer; readonly model?: string },
  account: Account,
): Buffer {
  const channels = model === undefined ? undefined : front.snapshot().catalog.resolve(model)?.channels;
  const own = channels?.find((channel) => channel.account.id === account.id)?.upstreamModel;
  const span = own === undefined || own === model ? undefined : topLevelFields(body)?.get('model');
  return span === undefined ? body : splice(body, [{ ...span, text: JSON.stringify(own) }]);
}

function queryOf(url: string, ids: IdOpener): string {
  const mark = url.indexOf('?');
  if (mark < 0) return '';
  const query = new URLSearchParams();
  for (const [name, value] of new URLSearchParams(url.slice(mark + 1))) {
    const own = ids.signed(value);
    if (own === undefined && isIdField(name)) ids.raw(value, name);
    query.append(name, own ?? value);
  }
  return query.size === 0 ? '' : `?${query}`;
}

const formOf = (front: Front, { request }: Exchange) =>
  uploadOf(request, {
    limitBytes: front.settings().uploadLimitBytes,
    allowField(name) {
      // `a[0][file_id]` is a field, too.
      if (!name.split(/[^\w-]+/).some(isIdField)) return;
      throw new Failure('invalid_request', {
        message: `${name}: ids are not understood in a form. Send them as JSON.`,
        param: name,
      });
    },
  });
