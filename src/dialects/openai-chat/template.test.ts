import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Chunk } from '../dialect.ts';
import { OpenAIChatStreamReader } from './stream.ts';
import { TextTemplate } from './template.ts';

const frameOf = (delta: object, more: object = {}): Buffer =>
  Buffer.from(
    `data: ${JSON.stringify({ id: 'c1', model: 'm', choices: [{ index: 0, delta, finish_reason: null }], ...more })}\n\n`,
  );

const parsed = (frame: Buffer): Chunk => {
  const [chunk] = new OpenAIChatStreamReader().push(frame);
  assert.ok(chunk);
  return { ...chunk, events: chunk.events.filter(({ type }) => type !== 'start') };
};

const taught = (frame: Buffer): TextTemplate => {
  const template = new TextTemplate();
  template.learn(parsed(frame));
  return template;
};

describe('a text template', () => {
  it('reads the next delta as the parser would, or leaves it to the parser', () => {
    const template = taught(frameOf({ content: 'hello' }));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const frame = frameOf({ content: text });
        const chunk = template.read(frame);
        if (chunk !== undefined) assert.deepEqual(chunk, parsed(frame));
      }),
    );
    assert.equal(template.read(frameOf({ content: '你好 🌊' }))?.events.length, 1);
  });

  it('leaves to the parser whatever is not the same but for the text', () => {
    const template = taught(frameOf({ content: 'hello' }));
    const others = [
      frameOf({ content: '' }),
      frameOf({ content: 'a "quoted" word' }),
      frameOf({ content: 'a line\nbreak' }),
      frameOf({ content: 'x', reasoning_content: 'y' }),
      frameOf({ content: 'x' }, { usage: { prompt_tokens: 1, completion_tokens: 1 } }),
      frameOf({ content: null }),
      frameOf({}),
      Buffer.from('data: [DONE]\n\n'),
      Buffer.from(': comment\n\n'),
      Buffer.alloc(0),
    ];
    for (const frame of others) assert.equal(template.read(frame), undefined, frame.toString());
  });

  it('does not take another string for the text', () => {
    const frame = Buffer.from(
      'data: {"note":{"content":"same"},"choices":[{"index":0,"delta":{"content":"same"},"finish_reason":null}]}\n\n',
    );
    const template = taught(frame);
    const other = Buffer.from(frame.toString().replace('"same"', '"else"'));
    assert.equal(template.read(other), undefined);
  });

  it('does not learn from frames with more in them than one text', () => {
    for (const delta of [
      { role: 'assistant' },
      { content: 'x', reasoning_content: 'y' },
      { content: 'a\\b' },
    ]) {
      const template = taught(frameOf(delta));
      assert.equal(template.read(frameOf({ content: 'plain' })), undefined);
    }
  });

  it('gives up on streams that carry something new in every frame, and still reads them right', () => {
    const reader = new OpenAIChatStreamReader();
    for (let i = 0; i < 50; i++) {
      const [chunk] = reader.push(frameOf({ content: `word ${i}` }, { obfuscation: 'x'.repeat(i) }));
      assert.deepEqual(chunk?.events.at(-1), { type: 'text', text: `word ${i}`, choice: 0 });
    }
  });
});
