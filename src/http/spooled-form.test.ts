import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { after, test } from 'node:test';
import { readAll } from '../base/fetch.ts';
import { Failure, type FailureKind } from '../domain/failure.ts';
import { type SpooledForm, type SpoolOptions, spooledForm } from './spooled-form.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-spool-'));
after(() => rmSync(folder, { recursive: true }));

const FORM =
  '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFFdata\r\n' +
  '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n' +
  '--b\r\nContent-Disposition: form-data; name="include[]"\r\n\r\none\r\n' +
  '--b\r\nContent-Disposition: form-data; name="include[]"\r\n\r\ntwo\r\n' +
  '--b\r\nContent-Disposition: form-data; name="stream"\r\n\r\ntrue\r\n--b--\r\n';
const TYPE = 'multipart/form-data; boundary=b';

/** A request as a server sees it; cut short where the length says more than comes. */
function requestOf(
  body: string,
  more: Readonly<Record<string, string>> = {},
  cut = false,
): Promise<IncomingMessage> {
  const headers = {
    host: 'x',
    'content-type': TYPE,
    'content-length': String(Buffer.byteLength(body) + (cut ? 9 : 0)),
    ...more,
  };
  const socket = new Duplex({ read: () => undefined, write: (_bytes, _encoding, done) => done() });
  return new Promise((resolve) => {
    const server = createServer((request) => resolve(request));
    server.emit('connection', socket);
    const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.push(`POST / HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`);
    if (cut) setImmediate(() => socket.destroy());
  });
}

const spool = async (
  body: string,
  {
    headers,
    cut,
    ...options
  }: Partial<SpoolOptions> & { headers?: Record<string, string>; cut?: boolean } = {},
): Promise<SpooledForm> =>
  spooledForm(await requestOf(body, headers, cut), { limitBytes: 200_000, folder, ...options });

const sentWith = async ({ form }: SpooledForm, model: string): Promise<string> => {
  const { bytes, size } = form.send(model);
  const sent = await readAll(bytes);
  assert.equal(sent.length, size);
  return sent.toString();
};

const fails = (task: Promise<unknown>, kind: FailureKind, says: RegExp): Promise<void> =>
  assert.rejects(
    task,
    (error) => error instanceof Failure && error.kind === kind && says.test(error.message),
  );

test('the short fields are told, and the form is sent as often as need be, each time with its model', async () => {
  const spooled = await spool(FORM);
  assert.deepEqual(JSON.parse(spooled.head.toString()), {
    file: { filename: 'a.wav', bytes: 8 },
    model: 'whisper',
    'include[]': ['one', 'two'],
    stream: true,
  });
  assert.equal(spooled.form.contentType, TYPE);
  assert.equal(await sentWith(spooled, 'whisper'), FORM);
  assert.equal(await sentWith(spooled, 'whisper-large-v3'), FORM.replace('whisper', 'whisper-large-v3'));
  const both = await Promise.all([sentWith(spooled, 'a'), sentWith(spooled, 'b')]);
  assert.deepEqual(
    both,
    ['a', 'b'].map((model) => FORM.replace('whisper', model)),
  );
  assert.deepEqual(readdirSync(folder), [], 'the file has no name');
  await spooled.close();
});

test('a hash is of the files and of the fields that are too long to be told, whatever the boundary', async () => {
  const hashOf = async (form: string, type = TYPE): Promise<unknown> => {
    const spooled = await spool(form, { hashed: true, headers: { 'content-type': type } });
    await spooled.close();
    return (JSON.parse(spooled.head.toString()) as Record<string, unknown>)['hash of files'];
  };
  const first = await hashOf(FORM);
  assert.equal(await hashOf(FORM.replaceAll('--b', '--c'), 'multipart/form-data; boundary=c'), first);
  assert.notEqual(await hashOf(FORM.replace('RIFF', 'RIFX')), first);
  const long = FORM.replace('true', 'a'.repeat(140_000));
  assert.notEqual(await hashOf(long.replace('aaaa', 'aaab')), await hashOf(long));
  assert.notEqual(await hashOf(long.replace(/a\r\n--b--/, 'b\r\n--b--')), await hashOf(long));
});

test('what cannot be taken leaves no file', async () => {
  await fails(
    spool(FORM, { headers: { 'content-type': 'application/json' } }),
    'invalid_request',
    /multipart/,
  );
  await fails(
    spool(FORM, { headers: { 'content-type': 'multipart/form-data' } }),
    'invalid_request',
    /boundary/,
  );
  await fails(spool(FORM, { headers: { 'content-encoding': 'gzip' } }), 'body_encoding_unsupported', /gzip/);
  await fails(spool(FORM, { limitBytes: FORM.length - 1 }), 'request_too_large', /server\.upload_limit/);
  await fails(spool(FORM.slice(0, -6)), 'invalid_request', /cut/);
  await fails(spool(FORM.replace('data\r\n--b', 'data\r\n--b?')), 'invalid_request', /behind a boundary/);
  await fails(spool(FORM, { cut: true }), 'client_gone', /left/);
  await fails(spool(FORM.replaceAll('include[]', 'model')), 'invalid_request', /model: expected one/);
  await fails(
    spool(FORM.replace('"model"', '"model"; filename="m"')),
    'invalid_request',
    /model: expected one/,
  );
  assert.deepEqual(readdirSync(folder), []);
});

test('a form of just the limit is taken', async () => {
  await (await spool(FORM, { limitBytes: FORM.length })).close();
});
