/**
 * Writes a passed answer: JSON with its ids signed, events of a stream likewise, everything else byte for byte as it
 * comes, at the pace of the client.
 */

import { readAll } from '../base/fetch.ts';
import { SseSplitter } from '../base/sse.ts';
import { Failure } from '../domain/failure.ts';
import { withSignedIds } from '../relay/objects/object-fields.ts';
import { isId } from '../relay/objects/object-paths.ts';
import type { Passed } from '../relay/objects/passage.ts';
import type { Exchange } from './exchange.ts';

export type Rewriting = {
  readonly sign: (id: string) => string;
  /** The provider's base URL, whose place in an answer's addresses ours takes. */
  readonly upstream: string;
  /** Before the paths here, as the client wrote it: `/v1`. */
  readonly prefix: string;
  /** The answer is what a client had uploaded, or a model written. */
  readonly isContent: boolean;
};

/** A list of objects larger than this is a fault. */
const JSON_LIMIT_BYTES = 64 * 1024 * 1024;

/** What an answer's head tells that is no business of the connection to the provider. */
const FORWARDED = [
  'content-type',
  'content-encoding',
  'content-disposition',
  'content-range',
  'accept-ranges',
  'etag',
  'last-modified',
  'cache-control',
] as const;

/** Ends the passed call in every case. Throws where nothing was written yet. */
export async function writePassed(exchange: Exchange, passed: Passed, rewriting: Rewriting): Promise<void> {
  const { response } = exchange;
  try {
    const type = passed.headers['content-type'] ?? '';
    if (!rewriting.isContent && /^application\/(?:[\w.-]+\+)?json\b/i.test(type))
      await writeJson(exchange, passed, rewriting);
    else if (type.startsWith('text/event-stream')) await writeEvents(exchange, passed, rewriting);
    else await writeBytes(exchange, passed);
    passed.end();
  } catch (error) {
    const failure = Failure.from(error);
    if (!response.headersSent) passed.story.status = failure.status;
    passed.end(failure);
    if (!response.headersSent) throw failure;
    // Bytes are missing: a clean end would call them whole.
    exchange.cut();
  }
}

async function writeJson(exchange: Exchange, passed: Passed, rewriting: Rewriting): Promise<void> {
  const body = await readAll(passed.body, JSON_LIMIT_BYTES).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('malformed', { message: "The provider's answer is too large." });
  });
  const told = withSignedIds(body, rewriting.sign, addressing(exchange, rewriting));
  exchange.sendJson(passed.status, told, headersOf(passed));
}

async function writeEvents(exchange: Exchange, passed: Passed, rewriting: Rewriting): Promise<void> {
  exchange.openStream({ ...headersOf(passed), 'cache-control': 'no-cache, no-transform' });
  const splitter = new SseSplitter();
  const address = addressing(exchange, rewriting);
  for await (const piece of passed.body)
    for (const event of splitter.push(Buffer.from(piece)))
      await write(
        exchange,
        withSignedData(event, (data) => withSignedIds(data, rewriting.sign, address)),
      );
  const rest = splitter.finish();
  if (rest !== undefined) await write(exchange, rest);
  exchange.response.end();
}

const LINES = /^(data: ?)(.*)$/gm;

/** Each `data` line for itself: nobody writes JSON over several. */
const withSignedData = (event: Buffer, rewrite: (data: Buffer) => Buffer): Buffer =>
  event.includes('_')
    ? Buffer.from(
        event
          .toString('utf8')
          .replace(
            LINES,
            (_line, name: string, data: string) => name + rewrite(Buffer.from(data)).toString('utf8'),
          ),
      )
    : event;

async function writeBytes(exchange: Exchange, passed: Passed): Promise<void> {
  const { response } = exchange;
  const length = passed.headers['content-length'];
  response.writeHead(passed.status, {
    'x-request-id': exchange.id,
    'request-id': exchange.id,
    ...exchange.standing?.(),
    ...headersOf(passed),
    ...(length === undefined ? {} : { 'content-length': length }),
  });
  for await (const piece of passed.body) await write(exchange, piece);
  response.end();
}

async function write(exchange: Exchange, bytes: Uint8Array): Promise<void> {
  const { response } = exchange;
  if (!response.destroyed && !response.write(bytes)) await exchange.drained();
  if (response.destroyed) throw new Failure('client_gone', { message: 'The client left.' });
}

function headersOf({ headers, story }: Passed): Record<string, string> {
  const told: Record<string, string> = { 'x-sluice-attempts': String(story.attempts) };
  if (story.account !== undefined) told['x-sluice-account'] = story.account;
  for (const name of FORWARDED) {
    const value = headers[name];
    if (value !== undefined) told[name] = value;
  }
  return told;
}

/**
 * Some answers say where to go on, and their clients go there with the key they have: it must be here. Known is only the
 * name by which this client reached us.
 */
function addressing({ request }: Exchange, { upstream, prefix, sign }: Rewriting): (url: string) => string {
  const { host, 'x-forwarded-proto': forwarded } = request.headers;
  const scheme = /^https?/.exec(String(forwarded ?? ''))?.[0] ?? 'http';
  return (url) => {
    if (host === undefined || !url.startsWith(`${upstream}/`)) return url;
    const path = url.slice(upstream.length).split('/');
    return `${scheme}://${host}${prefix}${path.map((segment) => (isId(segment) ? sign(segment) : segment)).join('/')}`;
  };
}
