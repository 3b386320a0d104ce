import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readSseEvent, SseSplitter, writeSseComment, writeSseEvent } from './sse.ts';

type Cut = { readonly frames: string[]; readonly rest: string | undefined };

/** Pieces as latin1 text, so that a byte lost or changed shows. */
function split(pieces: readonly Buffer[]): Cut {
  const splitter = new SseSplitter();
  const frames = pieces.flatMap((piece) => splitter.push(piece)).map((frame) => frame.toString('latin1'));
  return { frames, rest: splitter.finish()?.toString('latin1') };
}

const cutAt = (bytes: Buffer, ...offsets: number[]): Buffer[] => {
  const edges = [0, ...offsets, bytes.length];
  return edges.slice(1).map((end, i) => bytes.subarray(edges[i], end));
};

const STREAMS: Readonly<Record<string, string>> = {
  'LF line ends': 'data: {"a":1}\n\nevent: ping\ndata: 2\n\n',
  'CRLF line ends': 'data: {"a":1}\r\n\r\nid: 7\r\ndata: 2\r\n\r\n',
  'CR line ends': 'data: {"a":1}\r\revent: x\rdata: 2\r\r',
  'mixed line ends': 'data: a\r\n\ndata: b\n\r\ndata: c\r\rdata: d\n\r: e\r\n\r\n',
  'a byte order mark': '\uFEFFdata: a\n\ndata: b\n\n',
  'no space after the colon': 'data:{"a":1}\n\nevent:error\n:HTTP_STATUS/429\ndata:{}\n\n',
  'comments and blank lines': '\n\n: keep-alive\n\n\n\ndata: a\n\n:\n\n',
  'data on many lines': 'data: {\ndata: "a":1\ndata: }\n\n',
  'CJK and emoji': 'data: {"t":"你好，世界 🎉🏽"}\n\ndata: é\n\n',
  'no last blank line': 'data: a\n\ndata: [DONE]',
  'no last blank line, CRLF': 'data: a\r\n\r\ndata: b\r\n\r',
};

for (const [name, text] of Object.entries(STREAMS)) {
  const bytes = Buffer.from(text);
  const whole = split([bytes]);

  test(`a stream with ${name} is cut into the same events wherever the network cuts it once or twice`, () => {
    assert.equal(whole.frames.join('') + (whole.rest ?? ''), bytes.toString('latin1'));
    for (let i = 0; i <= bytes.length; i++)
      for (let j = i; j <= bytes.length; j++)
        assert.deepEqual(split(cutAt(bytes, i, j)), whole, `cut at ${i} and ${j}`);
    assert.deepEqual(split([...bytes].map((byte) => Buffer.from([byte]))), whole, 'cut everywhere');
  });
}

test('each line end closes events where the standard says', () => {
  const frames = (text: string): string[] => split([Buffer.from(text)]).frames;
  assert.deepEqual(frames('data: a\n\ndata: b\n\n'), ['data: a\n\n', 'data: b\n\n']);
  assert.deepEqual(frames('data: a\r\rdata: b\r\r'), ['data: a\r\r', 'data: b\r\r']);
  assert.deepEqual(frames('data: a\r\n\r\ndata: b\r\n\r\n'), ['data: a\r\n\r\n', 'data: b\r\n\r\n']);
  assert.deepEqual(frames('data: a\n\r\ndata: b\n'), ['data: a\n\r']);
  assert.deepEqual(frames('data: a\r\n\rdata: b\n\n'), ['data: a\r\n\r', 'data: b\n\n']);
  assert.deepEqual(frames('data: a\ndata: b\n'), [], 'one line end is not enough');
});

test('an event is handed on with the byte that ends it, not with the next event', () => {
  for (const text of ['data: a\n\n', 'data: a\r\r', 'data: a\r\n\r\n', 'data: a\r\n\n'])
    assert.deepEqual(new SseSplitter().push(Buffer.from(text)).map(String), [text]);
});

test('an event that comes whole leaves nothing behind of the line ends before it', () => {
  const splitter = new SseSplitter();
  const frames = ['data: a\r\n\r\n', 'data: b\n\n', '\r', 'data: c\n\n'];
  assert.deepEqual(
    frames.map((frame) => splitter.push(Buffer.from(frame)).join('')),
    frames,
  );
});

test('any bytes, cut anyhow, come out complete, in order and cut the same way', () => {
  const stream = fc
    .array(
      fc.constantFrom('data: x', 'data:{"你":"🎉"}', ': c', 'event: e', '\n', '\r', '\r\n', '\n\n', '\uFEFF'),
      {
        maxLength: 30,
      },
    )
    .map((parts) => Buffer.from(parts.join('')));
  fc.assert(
    fc.property(stream, fc.array(fc.nat(200), { maxLength: 12 }), (bytes, cuts) => {
      const offsets = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
      const whole = split([bytes]);
      assert.equal(whole.frames.join('') + (whole.rest ?? ''), bytes.toString('latin1'));
      assert.deepEqual(split(cutAt(bytes, ...offsets)), whole);
    }),
    { numRuns: 500 },
  );
});

test('every event of the standard splits and reads back to its meaning', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
  const event = fc.record({
    data: fc.array(line, { minLength: 1, maxLength: 3 }),
    comment: line,
    name: line,
  });
  const end = fc.constantFrom('\n', '\r\n', '\r');
  fc.assert(
    fc.property(fc.array(event, { maxLength: 5 }), end, fc.boolean(), (events, newline, space) => {
      const gap = space ? ' ' : '';
      const text = events
        .map(({ data, comment, name }) =>
          [
            `:${gap}${comment}`,
            `event:${gap}${name}`,
            ...data.map((each) => `data:${gap}${each}`),
            '',
            '',
          ].join(newline),
        )
        .join('');
      // Without the optional space, a value that begins with one loses it: by the standard.
      const value = (text: string): string => (space ? text : text.replace(/^ /, ''));
      const read = new SseSplitter().push(Buffer.from(text)).map(readSseEvent);
      assert.deepEqual(
        read,
        events.map(({ data, comment, name }) => ({
          name: value(name),
          data: data.map(value).join('\n'),
          comments: [value(comment)],
        })),
      );
    }),
  );
});

test('a character cut in the middle is never broken', () => {
  const bytes = Buffer.from('data: 漢字かな交じり文 🎉👩‍👩‍👧‍👦\n\n');
  for (let i = 1; i < bytes.length; i++) {
    const splitter = new SseSplitter();
    const frames = [...splitter.push(bytes.subarray(0, i)), ...splitter.push(bytes.subarray(i))];
    assert.equal(frames.length, 1);
    const { data } = readSseEvent(frames[0] as Buffer);
    assert.equal(data, '漢字かな交じり文 🎉👩‍👩‍👧‍👦');
  }
});

test('a megabyte in pieces of sixteen bytes takes linear time', () => {
  const measure = (size: number): number => {
    const bytes = Buffer.from(`data: ${'x'.repeat(size)}\n\n`);
    const splitter = new SseSplitter();
    const before = performance.now();
    let frames: Buffer[] = [];
    for (let i = 0; i < bytes.length; i += 16)
      frames = [...frames, ...splitter.push(bytes.subarray(i, i + 16))];
    const tookMs = performance.now() - before;
    assert.deepEqual(
      frames.map((frame) => frame.equals(bytes)),
      [true],
    );
    return tookMs;
  };
  measure(100_000);
  const smallMs = Math.min(measure(250_000), measure(250_000));
  const bigMs = measure(1_000_000);
  assert.ok(bigMs < 4 * 4 * smallMs + 50, `a quarter took ${smallMs} ms, the whole ${bigMs} ms`);
});

test('an event over the limit is refused, however it was cut, and one at the limit is not', () => {
  const fits = Buffer.from(`data: ${'x'.repeat(92)}\n\n`);
  const tooBig = Buffer.from(`data: ${'x'.repeat(93)}\n\n`);
  for (const step of [1, 7, 1_000]) {
    const feed = (bytes: Buffer): number => {
      const splitter = new SseSplitter(100);
      let count = 0;
      for (let i = 0; i < bytes.length; i += step) count += splitter.push(bytes.subarray(i, i + step)).length;
      return count;
    };
    assert.equal(feed(fits), 1);
    assert.throws(() => feed(tooBig), RangeError, `in steps of ${step}`);
  }
  const many = Buffer.concat(Array.from({ length: 50 }, () => fits));
  assert.equal(new SseSplitter(100).push(many).length, 50, 'the limit is of one event, not of the stream');
});

test('finish gives what is left once', () => {
  const splitter = new SseSplitter();
  assert.equal(splitter.finish(), undefined);
  splitter.push(Buffer.from('data: a\n\ndata: b'));
  assert.equal(splitter.finish()?.toString(), 'data: b');
  assert.equal(splitter.finish(), undefined);
});

test('fields read as the standard says', () => {
  const read = (text: string) => readSseEvent(Buffer.from(text));
  assert.deepEqual(read('data: a\n\n'), { name: '', data: 'a', comments: [] });
  assert.deepEqual(read('data:a\n\n').data, 'a');
  assert.deepEqual(read('data:  a\n\n').data, ' a', 'one space only');
  assert.deepEqual(read('data: a: b\n\n').data, 'a: b');
  assert.deepEqual(read('data\n\n').data, '');
  assert.deepEqual(read('data:\n\n').data, '');
  assert.deepEqual(read('data: a\ndata:b\r\ndata: c\rdata\n\n').data, 'a\nb\nc\n');
  assert.deepEqual(read(': one\n:two\n\n'), { name: '', data: undefined, comments: ['one', 'two'] });
  assert.deepEqual(read('\n'), { name: '', data: undefined, comments: [] });
  assert.deepEqual(read('id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"a":1}'), {
    name: 'error',
    data: '{"a":1}',
    comments: ['HTTP_STATUS/429'],
  });
  assert.deepEqual(read('\uFEFFdata: a\n\n').data, 'a');
  assert.deepEqual(read('database: a\nretry: 5\n\n').data, undefined);
  assert.deepEqual(
    read('data: a\rdata: b\n\n').data,
    'a\nb',
    'a CR inside is a line end in the short way too',
  );
});

test('what is written reads back, and nothing in it can end the event early', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('{"a":1}\n\ndata: forged\n\n'));
  fc.assert(
    fc.property(text, fc.option(fc.constantFrom('error', 'ping'), { nil: undefined }), (data, name) => {
      const frames = new SseSplitter().push(writeSseEvent(data, name));
      assert.equal(frames.length, 1);
      assert.deepEqual(readSseEvent(frames[0] as Buffer), {
        name: name ?? '',
        data: data.replace(/\r\n|\r/g, '\n'),
        comments: [],
      });
    }),
  );
  assert.equal(writeSseEvent('{}').toString(), 'data: {}\n\n');
  assert.equal(writeSseEvent('{}', 'error').toString(), 'event: error\ndata: {}\n\n');
});

test('a comment is one event without data, whatever its text', () => {
  for (const text of ['queued position=3', 'a\n\ndata: forged', 'a\r\rdata: forged', '']) {
    const frames = new SseSplitter().push(writeSseComment(text));
    assert.equal(frames.length, 1);
    assert.equal(readSseEvent(frames[0] as Buffer).data, undefined);
    assert.equal(readSseEvent(frames[0] as Buffer).comments.length, 1);
  }
});

test('a named event of one line reads as it does by the long way', () => {
  const piece = fc.constantFrom(
    'event: a\n',
    'event:b',
    'event:',
    '\n',
    '\r',
    'data: x',
    'data:',
    'data: {"a":1}\n',
    ' ',
    '水',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      const text = `event: ${pieces.join('')}\n\n`;
      // A comment in front leaves only the long way.
      const { comments, ...long } = readSseEvent(Buffer.from(`:c\n${text}`));
      const short = readSseEvent(Buffer.from(text));
      assert.deepEqual({ name: short.name, data: short.data }, long);
      assert.deepEqual(comments, ['c', ...short.comments]);
    }),
    { numRuns: 2_000 },
  );
  assert.deepEqual(readSseEvent(Buffer.from('event: ping\ndata: {"type": "ping"}\n\n')), {
    ...{ name: 'ping', data: '{"type": "ping"}', comments: [] },
  });
});
