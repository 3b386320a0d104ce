/**
 * A form with files, kept on disk while its call is on its way: the model may stand behind the files, and a call that moves
 * to another channel is sent again. Memory holds its short fields alone. The file has no name from the moment it is made,
 * so that whatever happens nothing stays behind.
 */

import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FormPart, MultipartScanner } from '../base/multipart.ts';
import type { CallForm } from '../domain/call.ts';
import { Failure } from '../domain/failure.ts';
import { announcedUpload, piecesOf, scannerFor, tooLarge, unreadable } from './upload.ts';

export type SpooledForm = {
  /** Its short fields as a JSON object, and of each file name and size. */
  readonly head: Buffer;
  readonly form: CallForm;
  /** In every case, once nothing is sent any more. */
  close(): Promise<void>;
};

export type SpoolOptions = {
  readonly limitBytes: number;
  /** Puts a hash of files and long fields into the head, so that two forms can be told apart by it. */
  readonly hashed?: boolean;
  /** Default: the system's folder for such files. */
  readonly folder?: string;
};

const READ_BYTES = 64 * 1024;

/** Throws `invalid_request`, `request_too_large`, `body_encoding_unsupported` or `client_gone`; then nothing is kept. */
export async function spooledForm(
  request: IncomingMessage,
  { limitBytes, hashed = false, folder = tmpdir() }: SpoolOptions,
): Promise<SpooledForm> {
  const { type } = announcedUpload(request, limitBytes);
  // Not of the form: its boundary is another one each time that a client sends it.
  const hash = hashed ? createHash('sha256') : undefined;
  const scanner = scannerFor(type, hash && ((bytes) => hash.update(bytes)));
  if (scanner === undefined)
    throw new Failure('invalid_request', { message: 'content-type: expected multipart/form-data.' });
  const file = await namelessFile(folder);
  try {
    const size = await spool(request, file, { limitBytes, scanner });
    const parts = partsOf(scanner);
    const model = modelIn(parts);
    return {
      head: headOf(parts, hash?.digest('base64')),
      form: {
        contentType: type,
        send: (name) =>
          model === undefined || model.value === name
            ? { bytes: read(file, 0, size), size }
            : spliced(file, size, { ...model, text: Buffer.from(name) }),
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Only its owner could have opened it, and nobody can any more. */
async function namelessFile(folder: string): Promise<FileHandle> {
  const path = join(folder, `sluice-upload-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function spool(
  request: IncomingMessage,
  file: FileHandle,
  { limitBytes, scanner }: { readonly limitBytes: number; readonly scanner: MultipartScanner },
): Promise<number> {
  let size = 0;
  for await (const piece of piecesOf(request)) {
    if (size + piece.length > limitBytes) throw tooLarge(limitBytes);
    try {
      scanner.push(piece);
    } catch (error) {
      throw unreadable(error);
    }
    // A write may take less than it was given.
    for (let at = 0; at < piece.length; )
      at += (await file.write(piece, at, piece.length - at, size + at)).bytesWritten;
    size += piece.length;
  }
  return size;
}

function partsOf(scanner: MultipartScanner): readonly FormPart[] {
  try {
    return scanner.finish();
  } catch (error) {
    throw unreadable(error);
  }
}

/** Throws where two readers could see two models. */
function modelIn(parts: readonly FormPart[]): FormPart | undefined {
  const found = parts.filter(({ name }) => name === 'model');
  if (found.length > 1 || (found[0] !== undefined && found[0].value === undefined))
    throw new Failure('invalid_request', {
      message: 'model: expected one short field in the form.',
      param: 'model',
    });
  return found[0];
}

/** As the JSON of the same question would say it; a field that stands more than once is a list. */
function headOf(parts: readonly FormPart[], hash: string | undefined): Buffer {
  const fields = new Map<string, unknown>();
  for (const { name, filename, value, start, end } of parts) {
    const bytes = end - start;
    const said = filename === undefined ? (value ?? `(${bytes} bytes)`) : { filename, bytes };
    const told = name === 'stream' ? /^true$/i.test(String(said)) : said;
    const before = fields.get(name);
    fields.set(
      name,
      before === undefined ? told : Array.isArray(before) ? [...before, told] : [before, told],
    );
  }
  return Buffer.from(
    JSON.stringify({
      ...Object.fromEntries(fields),
      ...(hash === undefined ? {} : { 'hash of files': hash }),
    }),
  );
}

function spliced(
  file: FileHandle,
  size: number,
  { start, end, text }: { readonly start: number; readonly end: number; readonly text: Buffer },
): ReturnType<CallForm['send']> {
  async function* bytes(): AsyncGenerator<Uint8Array, undefined> {
    yield* read(file, 0, start);
    yield text;
    yield* read(file, end, size);
  }
  return { bytes: bytes(), size: size - (end - start) + text.length };
}

async function* read(file: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array, undefined> {
  for (let at = from; at < to; ) {
    const piece = Buffer.allocUnsafe(Math.min(READ_BYTES, to - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) throw new Failure('internal', { message: 'The form kept for this call is cut.' });
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}
