import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Chunk } from '../dialect.ts';
import { ResponsesAssembler } from './assembler.ts';
import { readReply } from './reply.ts';
import { ResponsesStreamReader } from './stream-reader.ts';

const chunksOf = (name: string): Chunk[] =>
  new ResponsesStreamReader().push(
    readFileSync(new URL(`../fixtures/openai-responses/${name}`, import.meta.url)),
  );

function assembled(chunks: readonly Chunk[]) {
  const assembler = new ResponsesAssembler();
  for (const chunk of chunks) assembler.push(chunk);
  return { ...assembler.finish(), size: assembler.size };
}

test('the plain answer is the response of the last event, byte for byte', () => {
  const chunks = chunksOf('reasoning.sse');
  const { frame, model, size } = assembled(chunks);
  assert.ok(chunks.at(-1)?.frame.includes(frame));
  assert.equal(model, 'gpt-5.1-2025-11-13');
  assert.ok(
    frame.includes('"encrypted_content":"gAAAAABpExampleOfTokens=="'),
    'what only the provider can read',
  );
  assert.ok(size >= frame.length);
});

test('an output that the last event leaves empty is made of the items that were told as done', () => {
  const { frame } = assembled(chunksOf('empty-output-at-end.sse'));
  const { events } = readReply(frame);
  assert.deepEqual(
    events.map((event) => (event.type === 'text' ? event.text : event.type)),
    ['start', 'Kept apart', 'finish', 'usage'],
  );
});

test('a text that speaks of the last event is not taken for it', () => {
  const writing =
    '{"type":"response.output_text.delta","delta":"response.completed","response":{"output":[1]}}';
  const frame = Buffer.from(`event: response.output_text.delta\ndata: ${writing}\n\n`);
  const chunks = chunksOf('text.sse');
  assert.deepEqual(assembled([...chunks, { frame, events: [] }]), assembled(chunks));
});

test('a stream without an end is no whole answer', () => {
  const { events } = readReply(assembled(chunksOf('cut-off.sse')).frame);
  assert.equal(
    events.some(({ type }) => type === 'finish'),
    false,
  );
});
