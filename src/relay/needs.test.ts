import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { needsOf } from './needs.ts';

const of = (body: unknown) => needsOf(Buffer.from(JSON.stringify(body)), 7);

describe('what a call needs', () => {
  it('are tools where it brings some', () => {
    assert.equal(of({ tools: [{ type: 'function' }] }).tools, true);
    assert.equal(of({ tools: [] }).tools, false);
    assert.equal(of({ tools: null }).tools, false);
    assert.equal(of({ messages: [{ tools: [1] }] }).tools, false);
    assert.equal(of({}).inputTokens, 7);
  });

  it('are eyes where it shows a picture, in the words of any dialect', () => {
    for (const part of [
      { type: 'image_url', image_url: { url: 'data:' } },
      { type: 'input_image', image_url: 'data:' },
      { type: 'image', source: { type: 'base64' } },
      { inlineData: { mimeType: 'image/png', data: '' } },
      { inline_data: { mime_type: 'image/png', data: '' } },
    ])
      assert.equal(of({ messages: [{ content: [part] }] }).images, true, JSON.stringify(part));
  });

  it('are none where it only talks of pictures', () => {
    const text = JSON.stringify({ type: 'image_url', inlineData: { mimeType: 'image/png' } });
    assert.equal(of({ messages: [{ content: text }] }).images, false);
    assert.equal(of({ contents: [{ inlineData: { mimeType: 'audio/wav', data: '' } }] }).images, false);
  });

  it('are nothing that a body in no language at all could tell', () => {
    assert.deepEqual(needsOf(Buffer.from('{"tools":[1'), 1), { tools: false, images: false, inputTokens: 1 });
  });
});
