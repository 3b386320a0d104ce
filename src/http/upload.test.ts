import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { readAll } from '../base/fetch.ts';
import { Failure, type FailureKind } from '../domain/failure.ts';
import { type UploadOptions, uploadOf } from './upload.ts';

const FORM =
  '--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n' +
  '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nxxxxx\r\n--b--\r\n';

function upload(
  body: string,
  headers: Readonly<Record<string, string>>,
  options: Partial<UploadOptions> = {},
): { readonly size: number | undefined; readonly bytes: Promise<Buffer> } {
  const request = Object.assign(new PassThrough(), { headers });
  request.end(body);
  const { bytes, size } = uploadOf(request as unknown as IncomingMessage, { limitBytes: 1_000, ...options });
  return { size, bytes: readAll(bytes) };
}

const fails = (task: () => Promise<unknown>, kind: FailureKind, says: RegExp): Promise<void> =>
  assert.rejects(
    async () => task(),
    (error) => error instanceof Failure && error.kind === kind && says.test(error.message),
  );

test('bytes pass as they are, with their size where it is known', async () => {
  const told = upload('anything', { 'content-type': 'application/octet-stream', 'content-length': '8' });
  assert.equal(told.size, 8);
  assert.equal((await told.bytes).toString(), 'anything');
  assert.equal(upload('anything', {}).size, undefined);
  const form = upload(FORM, { 'content-type': 'multipart/form-data; boundary=b' });
  assert.equal((await form.bytes).toString(), FORM);
});

test('the limit holds for what is announced and for what comes', async () => {
  await fails(() => upload('x', { 'content-length': '1001' }).bytes, 'request_too_large', /1000 bytes/);
  await fails(() => upload('x'.repeat(1_001), {}).bytes, 'request_too_large', /server\.upload_limit/);
  assert.equal((await upload('x'.repeat(1_000), {}).bytes).length, 1_000);
});

test('each field of a form is asked for as soon as its name is known', async () => {
  const names = new Set<string>();
  const type = { 'content-type': 'multipart/form-data; boundary=b' };
  await upload(FORM, type, { allowField: (name) => names.add(name) }).bytes;
  assert.deepEqual([...names], ['purpose'], 'a file is none');
  const refuse = (name: string): void => {
    if (name === 'purpose') throw new Failure('invalid_request', { message: 'not that one' });
  };
  await fails(() => upload(FORM, type, { allowField: refuse }).bytes, 'invalid_request', /not that one/);
});

test('a form that is cut, or compressed, is refused', async () => {
  const type = { 'content-type': 'multipart/form-data; boundary=b' };
  await fails(() => upload(FORM.slice(0, -4), type).bytes, 'invalid_request', /cut/);
  await fails(() => upload('', { 'content-encoding': 'br' }).bytes, 'body_encoding_unsupported', /br/);
  assert.equal((await upload('x', { 'content-encoding': 'identity' }).bytes).length, 1);
});
