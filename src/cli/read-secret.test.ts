import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readInput } from './read-secret.ts';

function terminal() {
  const modes: boolean[] = [];
  const input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (mode: boolean) => modes.push(mode),
    resume: () => undefined,
    pause: () => undefined,
    setEncoding: () => undefined,
    async *[Symbol.asyncIterator]() {},
  });
  let written = '';
  const answer = readInput('Secret: ', {
    input: input as unknown as Parameters<typeof readInput>[1]['input'],
    write: (text) => {
      written += text;
    },
  });
  return { input, modes, answer, written: () => written };
}

test('on a terminal a secret is asked for and not shown', async () => {
  const { input, modes, answer, written } = terminal();
  input.emit('data', 'sk-canaryx\u007f');
  input.emit('data', '1\rand what follows');
  assert.equal(await answer, 'sk-canary1');
  assert.equal(written(), 'Secret: \n');
  assert.deepEqual(modes, [true, false]);
  assert.equal(input.listenerCount('data'), 0);
});

test('and may be thought better of', async () => {
  const { input, modes, answer } = terminal();
  input.emit('data', 'sk-\u0003');
  await assert.rejects(answer, /interrupted/);
  assert.deepEqual(modes, [true, false]);
});

test('what is piped in is read to its end', async () => {
  const input = Readable.from(['sk-', 'piped\n']) as unknown as Parameters<typeof readInput>[1]['input'];
  assert.equal(await readInput('?', { input, write: () => assert.fail('nothing is asked') }), 'sk-piped\n');
});
