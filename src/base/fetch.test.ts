import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBuffer, ConnectionError, readAll } from './fetch.ts';

async function* body(pieces: readonly string[], onEnd?: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (const piece of pieces) yield Buffer.from(piece);
  } finally {
    onEnd?.();
  }
}

test('a whole body is read, in one piece, in many, and empty', async () => {
  assert.equal((await readAll(body([]))).toString(), '');
  assert.equal((await readAll(body(['abc']))).toString(), 'abc');
  assert.equal((await readAll(body(['a', '', 'bc', '你好']))).toString(), 'abc你好');
});

test('a body at the limit is read; one byte more throws and closes the body', async () => {
  assert.equal((await readAll(body(['ab', 'cd']), 4)).toString(), 'abcd');
  let isClosed = false;
  const endless = body(
    Array.from({ length: 1_000 }, () => 'ab'),
    () => {
      isClosed = true;
    },
  );
  await assert.rejects(readAll(endless, 5), RangeError);
  assert.equal(isClosed, true);
});

test('the error of a body that dies comes through', async () => {
  async function* dying(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a');
    throw new ConnectionError('ECONNRESET', { message: 'hung up', sent: true });
  }
  await assert.rejects(readAll(dying()), { name: 'ConnectionError', code: 'ECONNRESET', sent: true });
});

test('bytes become a buffer without a copy, with their own offset and length', () => {
  const memory = new Uint8Array([1, 2, 3, 4, 5]);
  const view = asBuffer(memory.subarray(1, 4));
  assert.deepEqual([...view], [2, 3, 4]);
  memory[2] = 9;
  assert.equal(view[1], 9);
  const buffer = Buffer.from('a');
  assert.equal(asBuffer(buffer), buffer);
});
