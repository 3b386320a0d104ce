import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimateTextTokens, estimateTokens } from './estimate.ts';

const body = (content: unknown): Buffer =>
  Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] }));
const picture = (size: number, header = 'data:image/png;base64,'): unknown => [
  {
    type: 'image_url',
    image_url: { url: header + 'iVBORw0KGgo/+A9b'.repeat(Math.ceil(size / 16)).slice(0, size) },
  },
];
const shell = estimateTokens(body(picture(0)));

test('English prose costs about a quarter token a character', () => {
  const prose = 'The quick brown fox jumps over the lazy dog, and the dog does not mind. '.repeat(100);
  const tokens = estimateTokens(Buffer.from(prose));
  assert.ok(Math.abs(tokens / (prose.length / 4) - 1) < 0.1);
});

test('Chinese costs by the character, not by its three bytes', () => {
  const tokens = estimateTokens(Buffer.from('今天天气很好我们去公园散步吧'.repeat(100)));
  assert.ok(tokens > 0.5 * 1_400 && tokens < 1.1 * 1_400, `${tokens} tokens for 1400 characters`);
});

test('characters count once, whatever the number of their bytes', () => {
  for (const [character, tokens] of Object.entries({ é: 450, 好: 700, '🎉': 1_600 }))
    assert.ok(Math.abs(estimateTokens(Buffer.from(character.repeat(1_000))) - tokens) <= 1, character);
});

test('nothing costs one token', () => {
  assert.equal(estimateTokens(Buffer.alloc(0)), 1);
  assert.equal(estimateTokens(Buffer.from('{}')), 1);
});

test('a picture costs what a picture costs, whatever its size', () => {
  const small = estimateTokens(body(picture(4_000)));
  const big = estimateTokens(body(picture(4_000_000)));
  assert.equal(small, big);
  assert.ok(small - shell > 900 && small - shell < 1_100);
});

test('two pictures cost twice as much as one', () => {
  const one = body(picture(10_000));
  assert.ok(Math.abs(estimateTokens(Buffer.concat([one, one])) - 2 * estimateTokens(one)) <= 1);
});

test('media is known by its base64, not by its header: bare, long, with escaped slashes', () => {
  const headers = [
    '',
    'data:audio/wav;base64,',
    'data:application/vnd.openxmlformats-officedocument.wordprocessingml.document;base64,',
  ];
  for (const header of headers) assert.ok(estimateTokens(body(picture(100_000, header))) < 1_200, header);
  const escaped = body(picture(100_000)).toString().replaceAll('/', '\\/');
  assert.ok(estimateTokens(Buffer.from(escaped)) < 1_200, 'as PHP writes JSON');
});

test('what follows media is counted again', () => {
  const parts = [...(picture(50_000) as unknown[]), { type: 'text', text: 'word '.repeat(4_000) }];
  assert.ok(estimateTokens(body(parts)) - estimateTokens(body(picture(50_000))) > 4_900);
});

test('long text is no media, and neither is base64 that turns into text', () => {
  const prose = 'word '.repeat(20_000);
  assert.ok(estimateTokens(body(prose)) > 24_000);
  assert.ok(estimateTokens(body(`${'QUJD'.repeat(1_000)} ${prose}`)) > 24_000);
  assert.ok(estimateTokens(body('QUJD'.repeat(400))) > 390, 'a short run is text');
});

test('more text never costs less', () => {
  const words = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replaceAll('"', ' '));
  fc.assert(
    fc.property(words, words, (first, second) => {
      const one = estimateTokens(Buffer.from(first));
      assert.ok(estimateTokens(Buffer.from(first + second)) >= one);
      assert.ok(estimateTextTokens(first + second) >= estimateTextTokens(first));
    }),
  );
});

test('the text of an answer costs as much as the same text in a body', () => {
  for (const text of ['hello world '.repeat(50), '你好'.repeat(50), 'é'.repeat(50), '🎉'.repeat(50)]) {
    const difference = estimateTextTokens(text) - estimateTokens(Buffer.from(text));
    assert.ok(Math.abs(difference) <= 1, `${text.slice(0, 4)}: ${difference}`);
  }
});

test('two megabytes take less than thirty milliseconds, and the worst there is not much more', () => {
  const bodies = {
    prose: body('The quick brown fox. '.repeat(100_000)),
    chinese: body('今天天气很好'.repeat(116_000)),
    picture: body(picture(2_000_000)),
    quotes: Buffer.from(`[${'"a","b\\"c",'.repeat(185_000)}"x"]`),
    unclosed: Buffer.from(`"${'QUJD'.repeat(500_000)}`),
  };
  for (const [name, bytes] of Object.entries(bodies)) {
    assert.ok(bytes.length > 1_990_000, name);
    let bestMs = Infinity;
    for (let i = 0; i < 5; i++) {
      const beganMs = performance.now();
      estimateTokens(bytes);
      bestMs = Math.min(bestMs, performance.now() - beganMs);
    }
    assert.ok(bestMs < (name === 'quotes' ? 90 : 30), `${name} took ${bestMs} ms`);
  }
});
