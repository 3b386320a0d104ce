/**
 * The body of an upload as it comes, never held: counted against its limit, and, where it is a form, looked through as it
 * passes, so that no field in it names an object that the key was not given.
 */

import type { IncomingMessage } from 'node:http';
import { boundaryOf, type FormPart, MultipartError, MultipartScanner } from '../base/multipart.ts';
import { Failure } from '../domain/failure.ts';
import { isPlain, unsupported } from './decoded-body.ts';

export type Upload = { readonly bytes: AsyncIterable<Uint8Array>; readonly size?: number };

export type UploadOptions = {
  readonly limitBytes: number;
  /** Throws where a field of this name, if it is no file, may not stand in a form. */
  readonly allowField?: (name: string) => void;
};

/** Throws `request_too_large`, `invalid_request` or `body_encoding_unsupported`, also later, while the bytes come. */
export function uploadOf(request: IncomingMessage, { limitBytes, allowField }: UploadOptions): Upload {
  const { type, size } = announcedUpload(request, limitBytes);
  const scanner = scannerFor(type);
  const bytes = passing(request, {
    limitBytes,
    ...(scanner && { scanner }),
    ...(allowField && { allowField }),
  });
  return { bytes, ...(size === undefined ? {} : { size }) };
}

/** What the head of an upload says of it. Throws `request_too_large` or `body_encoding_unsupported`. */
export function announcedUpload(
  { headers }: IncomingMessage,
  limitBytes: number,
): { readonly type: string; readonly size: number | undefined } {
  const { 'content-length': announced, 'content-encoding': encoding, 'content-type': type = '' } = headers;
  if (encoding !== undefined && !isPlain(encoding)) throw unsupported(encoding);
  const size = announced === undefined ? undefined : Number(announced);
  if (size !== undefined && size > limitBytes) throw tooLarge(limitBytes);
  return { type, size };
}

/** Undefined where it is no form. Throws `invalid_request`. */
export function scannerFor(
  contentType: string,
  onLong?: (bytes: Buffer) => void,
): MultipartScanner | undefined {
  try {
    const boundary = boundaryOf(contentType);
    return boundary === undefined ? undefined : new MultipartScanner(boundary, onLong);
  } catch (error) {
    throw unreadable(error);
  }
}

async function* passing(
  request: IncomingMessage,
  { limitBytes, scanner, allowField }: UploadOptions & { readonly scanner?: MultipartScanner },
): AsyncGenerator<Uint8Array, undefined> {
  let size = 0;
  let seen = 0;
  const allow = (part: Pick<FormPart, 'name' | 'filename'> | undefined): void => {
    if (part !== undefined && part.filename === undefined) allowField?.(part.name);
  };
  for await (const piece of piecesOf(request)) {
    size += piece.length;
    if (size > limitBytes) throw tooLarge(limitBytes);
    if (scanner !== undefined) {
      try {
        scanner.push(piece);
      } catch (error) {
        throw unreadable(error);
      }
      for (; seen < scanner.parts.length; seen++) allow(scanner.parts[seen]);
      allow(scanner.open);
    }
    yield piece;
  }
  try {
    scanner?.finish();
  } catch (error) {
    throw unreadable(error);
  }
}

/** Leaves the socket open when nobody reads on, so that the client can still be told why. Throws `client_gone`. */
export async function* piecesOf(request: IncomingMessage): AsyncGenerator<Buffer, undefined> {
  try {
    for await (const piece of request.iterator({ destroyOnReturn: false })) yield piece as Buffer;
  } catch {
    throw new Failure('client_gone', { message: 'The client left within its request.' });
  }
}

export const unreadable = (error: unknown): Failure =>
  error instanceof MultipartError
    ? new Failure('invalid_request', { message: `The form cannot be read: ${error.message}.` })
    : Failure.from(error);

export const tooLarge = (limitBytes: number): Failure =>
  new Failure('request_too_large', {
    message: `The body is over the limit of ${limitBytes} bytes (server.upload_limit).`,
  });
