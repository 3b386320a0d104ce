import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { Failure, type FailureKind } from '../domain/failure.ts';
import { decodedBody, isPlain } from './decoded-body.ts';

const ENCODERS: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => gzipSync(bytes),
  'x-gzip': (bytes) => gzipSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
};
const LIMIT = 1_000_000;

const fails = (promise: Promise<unknown>, kind: FailureKind, says: RegExp): Promise<void> =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, kind);
    assert.match(error.message, says);
    return true;
  });

test('every encoding, and every pair of them in the order of the header, gives the body back', async () => {
  const name = fc.constantFrom(...Object.keys(ENCODERS));
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 3_000 }),
      fc.array(name, { maxLength: 3 }),
      async (bytes, names) => {
        let body = Buffer.from(bytes);
        for (const each of names) body = Buffer.from(ENCODERS[each]?.(body) ?? body);
        const decoded = await decodedBody(body, names.join(' , ').toUpperCase(), LIMIT);
        assert.deepEqual([...decoded], [...bytes]);
      },
    ),
    { numRuns: 60 },
  );
});

test('deflate is understood with the head of zlib and without', async () => {
  const bytes = Buffer.from('{"model":"m"}'.repeat(50));
  for (const body of [deflateSync(bytes), deflateRawSync(bytes)])
    assert.deepEqual(await decodedBody(body, 'deflate', LIMIT), bytes);
});

test('identity and an empty header mean the body as it is', async () => {
  const body = Buffer.from('{}');
  for (const encoding of ['identity', '', ' Identity , identity ']) {
    assert.equal(await decodedBody(body, encoding, LIMIT), body);
    assert.ok(isPlain(encoding));
  }
  assert.ok(isPlain(undefined));
  assert.ok(!isPlain('gzip'));
});

test('a body that grows beyond the limit is given up, also in an inner layer, and one byte less is not', async () => {
  const bytes = Buffer.alloc(50_000, 'a');
  for (const [name, encode] of Object.entries(ENCODERS)) {
    assert.equal((await decodedBody(encode(bytes), name, 50_000)).length, 50_000, name);
    await fails(
      decodedBody(encode(bytes), name, 49_999),
      'body_too_large_decoded',
      /49999 bytes \(server\.body_limit\)/,
    );
  }
  const nested = gzipSync(gzipSync(Buffer.alloc(20_000_000)));
  await fails(decodedBody(nested, 'gzip, gzip', 10_000), 'body_too_large_decoded', /10000 bytes/);
});

test('a bomb costs no more memory than the limit', async () => {
  const bomb = zstdCompressSync(Buffer.alloc(400_000_000));
  assert.ok(bomb.length < 100_000);
  const before = process.memoryUsage.rss();
  await fails(decodedBody(bomb, 'zstd', LIMIT), 'body_too_large_decoded', /once its zstd is undone/);
  assert.ok(process.memoryUsage.rss() - before < 100_000_000);
});

test('what is cut, empty, followed by something or another encoding is called invalid', async () => {
  const bytes = Buffer.from('{"model":"m"}'.repeat(50));
  for (const [name, encode] of Object.entries(ENCODERS)) {
    const whole = encode(bytes);
    const wrong = [
      whole.subarray(0, -3),
      Buffer.alloc(0),
      Buffer.concat([whole, Buffer.from('more')]),
      bytes,
    ];
    for (const body of wrong)
      await fails(decodedBody(body, name, LIMIT), 'body_encoding_invalid', new RegExp(`not valid ${name}`));
  }
});

test('an unknown encoding is refused by its name, and so is a pile of them', async () => {
  const body = Buffer.from('x');
  await fails(
    decodedBody(body, 'compress', LIMIT),
    'body_encoding_unsupported',
    /'compress' is not understood.*zstd/,
  );
  await fails(decodedBody(body, 'gzip, aws-chunked', LIMIT), 'body_encoding_unsupported', /aws-chunked/);
  await fails(decodedBody(body, 'gzip,gzip,gzip,gzip', LIMIT), 'body_encoding_unsupported', /gzip,gzip/);
});
