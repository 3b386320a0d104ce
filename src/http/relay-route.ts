/**
 * The public routes of a dialect: reads the call at the door, opens it, and passes the answer on, frame by frame,
 * with back-pressure and heartbeats. Where client and upstream speak the same dialect the bytes are the upstream's.
 */

import { topLevelFields } from '../base/json.ts';
import type { Wire } from '../dialects/dialect.ts';
import type { Call, CallForm, ClientKey } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { hasLimits } from '../relay/allowance.ts';
import { isObjectReference } from '../relay/objects/object-fields.ts';
import type { Opening } from '../relay/relay.ts';
import { askedCall } from './asked-call.ts';
import { readBody } from './body.ts';
import { callOptionsOf } from './call-options.ts';
import { decodedBody } from './decoded-body.ts';
import { keyOf } from './door.ts';
import { type Exchange, type Outlet, storyHeaders } from './exchange.ts';
import type { Front } from './front.ts';
import { wantsList } from './google-address.ts';
import { JsonList } from './json-list.ts';
import { type KeyWindow, keyLimitHeaders } from './key-limit-headers.ts';
import { namedObjects } from './named-objects.ts';
import { serveBytes } from './serve-bytes.ts';
import { serveStream } from './serve-stream.ts';
import { type SpooledForm, spooledForm } from './spooled-form.ts';

/** Answers one request. Never throws: what goes wrong is told to the client in its dialect. */
export async function serveRelay(front: Front, dialect: Wire, exchange: Exchange): Promise<void> {
  let opening: Opening | undefined;
  let outlet: Outlet = exchange;
  let spooled: SpooledForm | undefined;
  try {
    const key = keyOf(front, exchange.request, dialect.id);
    exchange.standing = keyHeadersOf(front, key, dialect);
    if (dialect.form) spooled = await formOf(front, exchange);
    const asked = namedObjects(
      front,
      { key, dialect: dialect.id },
      spooled?.head ?? (await bodyOf(front, exchange)),
    );
    let call = readCall(front, dialect, { exchange, key, body: asked.body });
    if (asked.account !== undefined) call = { ...call, account: asked.account };
    if (spooled !== undefined) call = { ...call, form: formWithoutIds(front, spooled, call) };
    if (call.headers['idempotency-key'] !== undefined) {
      const owned = front.idempotency.enter(call, exchange);
      if (owned === undefined) return;
      ({ call, outlet } = owned);
    }
    opening = front.relay.open(call);
    // Where the address says what is asked, it may also ask for another form of stream.
    if (dialect.enter !== undefined && call.head.stream && wantsList(exchange.request.url ?? ''))
      await serveStream(front, dialect, { exchange: new JsonList(outlet), call, opening });
    else if (call.head.stream) await serveStream(front, dialect, { exchange: outlet, call, opening });
    else await servePlain(dialect, outlet, opening);
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind === 'internal')
      front.log.error({ call: exchange.id, error: describe(failure) }, 'internal fault');
    // What is left of a form is not read.
    if (dialect.form && !exchange.request.complete) exchange.closeAfter();
    if (opening === undefined) front.metrics.refused(failure.kind, failure.status);
    outlet.sendFailure(failure, dialect, opening?.story);
  } finally {
    await spooled?.close();
  }
}

const formOf = (front: Front, { request }: Exchange): Promise<SpooledForm> =>
  spooledForm(request, {
    limitBytes: front.settings().uploadLimitBytes,
    hashed: request.headers['idempotency-key'] !== undefined,
  });

/** It is sent as it came, and so would be what only we can read. */
function formWithoutIds(front: Front, { head, form }: SpooledForm, { account }: Call): CallForm {
  // `a[0][file_id]` is a field, too, and so is one whose value is too long to be told.
  const names = [...(topLevelFields(head)?.keys() ?? [])].flatMap((name) => name.split(/[^\w-]+/));
  const isForeign = front.access().size > 1 && names.some((name) => isObjectReference(name, []));
  if (account === undefined && !isForeign) return form;
  throw new Failure('invalid_request', {
    message: 'The form names a file by its id: ids are not understood in forms. Send the file itself.',
  });
}

/** The bytes as the client meant them: uncompressed. */
async function bodyOf(front: Front, { request }: Exchange): Promise<Buffer> {
  const { bodyLimitBytes } = front.settings();
  const body = await readBody(request, bodyLimitBytes);
  const encoding = request.headers['content-encoding'];
  return encoding === undefined ? body : decodedBody(body, encoding, bodyLimitBytes);
}

function readCall(
  front: Front,
  dialect: Wire,
  {
    exchange,
    key,
    body: sent,
  }: { readonly exchange: Exchange; readonly key: ClientKey; readonly body: Uint8Array },
): Call {
  const { headers, url = '' } = exchange.request;
  const body = dialect.enter?.(sent, url) ?? sent;
  const asked = askedCall(front, { dialect, key, head: dialect.readHead(body), body });
  return {
    ...asked,
    id: exchange.id,
    dialect: dialect.id,
    key,
    headers,
    options: callOptionsOf(headers, key),
    arrivedAtMs: front.clock.now(),
    departure: exchange.departure,
  };
}

async function servePlain(dialect: Wire, exchange: Outlet, opening: Opening): Promise<void> {
  const reply = await opening.reply;
  // Not `await using`: compiled code for it is several times slower, on every call.
  try {
    if (reply.contentType !== undefined) {
      await serveBytes(exchange, reply);
      return;
    }
    const whole = reply.whole();
    const chunk = whole instanceof Promise ? await whole : whole;
    if (chunk === undefined)
      throw new Failure('malformed', { message: 'The provider answered with nothing.' });
    if (reply.journey.call.departure.gone) {
      reply.clientLeft();
      return;
    }
    const body =
      reply.translation?.plain(chunk, reply) ??
      dialect.forwardReply(chunk, {
        model: reply.model,
        wantsUsage: true,
        request: reply.journey.call.body,
      });
    reply.keep(body);
    const settled = reply.settle();
    if (settled !== undefined) await settled;
    exchange.sendJson(200, body, storyHeaders(opening.story));
  } catch (error) {
    const failure = Failure.from(error);
    // Nothing of it reached the client.
    if (failure.kind !== 'client_gone') await reply.settle(failure);
    throw failure;
  } finally {
    reply.close();
  }
}

/** What is left of the key's own limits; nothing, at no cost, where it has none. */
function keyHeadersOf(
  front: Front,
  key: ClientKey,
  dialect: Wire,
): (() => Record<string, string>) | undefined {
  if (!hasLimits(key)) return undefined;
  return () => {
    const windows = front.keyWindows(key) ?? [];
    const of = (limit: 'rpm' | 'tpm'): KeyWindow | undefined => {
      const window = windows.find((each) => each.limit === limit);
      if (window === undefined) return undefined;
      const { capacity, used, emptyAtMs } = window;
      return { limit: capacity, remaining: capacity - used, resetAtMs: emptyAtMs };
    };
    const [requests, tokens] = [of('rpm'), of('tpm')];
    const state = { ...(requests && { requests }), ...(tokens && { tokens }) };
    return keyLimitHeaders(
      dialect.id === 'anthropic-messages' ? 'anthropic' : 'openai',
      state,
      front.clock.now(),
    );
  };
}

const describe = (failure: Failure): string =>
  failure.cause instanceof Error ? (failure.cause.stack ?? failure.cause.message) : failure.message;
