/** What the simulator takes from a form with files: its short fields as JSON, and of each file the size. */

import type { UpstreamRequest } from '../base/fetch.ts';
import { boundaryOf, MultipartScanner } from '../base/multipart.ts';

/** The body as it is where it is no form. Throws `MultipartError`. */
export async function fieldsOfForm(request: UpstreamRequest): Promise<Uint8Array> {
  const boundary = boundaryOf(request.headers['content-type'] ?? '');
  if (boundary === undefined) return request.body ?? new Uint8Array();
  const scanner = new MultipartScanner(boundary);
  for await (const piece of bytesOf(request)) scanner.push(piece);
  const fields = scanner
    .finish()
    .map(({ name, filename, value, start, end }) => [
      name,
      filename === undefined ? (value === 'true' ? true : value) : { filename, bytes: end - start },
    ]);
  return Buffer.from(JSON.stringify(Object.fromEntries(fields)));
}

/** The body of a request, however it was handed over. */
export async function* bytesOf({ body, upload }: UpstreamRequest): AsyncGenerator<Uint8Array, undefined> {
  if (upload !== undefined) yield* upload;
  else if (body !== undefined) yield body;
}
