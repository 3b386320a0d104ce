import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { ChatEvent } from '../../domain/chat.ts';
import { Failure } from '../../domain/failure.ts';
import { gemini } from './gemini.ts';

const HEAD = { id: 'r1', model: 'm', created: 0 };

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../fixtures/gemini/${name}`, import.meta.url));

function readAll(bytes: Buffer): { readonly events: readonly ChatEvent[]; readonly ended: boolean } {
  const reader = gemini.streamReader();
  const chunks = [...reader.push(bytes), ...reader.finish()];
  return { events: chunks.flatMap(({ events }) => [...events]), ended: reader.ended };
}

function written(events: readonly ChatEvent[], { ends = true, wantsUsage = true } = {}) {
  const writer = gemini.streamWriter(HEAD, { wantsUsage });
  const pieces = events.map((event) => writer.write(event).toString());
  const end = ends ? writer.end().toString() : '';
  const frames = [...pieces, end]
    .join('')
    .split('\n\n')
    .filter((frame) => frame !== '');
  return { pieces, end, frames: frames.map((frame) => JSON.parse(frame.slice('data: '.length))) };
}

const call = (index: number, piece: string, id?: string): ChatEvent => ({
  ...{ type: 'tool-call', index, arguments: piece, choice: 0 },
  ...(id === undefined ? {} : { id, name: `f${index}` }),
});

describe('a stream of Gemini', () => {
  it('tells thoughts, text and the seal behind them', () => {
    const { events } = readAll(fixture('thinking.sse'));
    assert.deepEqual(
      events.filter(({ type }) => type !== 'usage').map((event) => event.type),
      ['start', 'reasoning', 'reasoning', 'text', 'text', 'reasoning', 'finish'],
    );
    const seal = events.findLast((event) => event.type === 'reasoning');
    assert.deepEqual([seal?.text, seal?.signature], ['', 'EpwCCpkCAdHtim9tnVfgH==']);
  });

  it('gives calls without ids such as no other answer has, and says that it ends with calls', () => {
    const { events, ended } = readAll(fixture('parallel-calls-without-ids.sse'));
    const calls = events.filter((event) => event.type === 'tool-call');
    assert.deepEqual(
      calls.map(({ id, index, name, signature }) => [id, index, name, signature]),
      [
        ['call_mAMnaYuRDL-xvdIP5s7mYA_0', 0, 'get_weather', 'Ckab=='],
        ['call_mAMnaYuRDL-xvdIP5s7mYA_1', 1, 'get_weather', undefined],
        ['call_mAMnaYuRDL-xvdIP5s7mYA_2', 2, 'now', undefined],
      ],
    );
    assert.deepEqual(events.find((event) => event.type === 'finish')?.reason, 'tool_calls');
    assert.equal(ended, true);
  });

  it('has ended when all candidates have, each for its own reason', () => {
    const { events, ended } = readAll(fixture('two-candidates.sse'));
    const ends = events.filter((event) => event.type === 'finish');
    assert.deepEqual(
      ends.map(({ reason, choice }) => [choice, reason]),
      [
        [1, 'length'],
        [0, 'stop'],
      ],
    );
    assert.equal(ended, true);
    const [first = ''] = fixture('two-candidates.sse').toString().split('"finishReason":"STOP"');
    assert.equal(readAll(Buffer.from(first.slice(0, first.lastIndexOf('data:')))).ended, false);
  });

  it('that was blocked, filtered, or that the model broke is told as such', () => {
    for (const [name, reason] of [
      ['prompt-blocked.sse', 'content_filter'],
      ['safety.sse', 'content_filter'],
      ['max-tokens-while-thinking.sse', 'length'],
      ['malformed-call.sse', 'error'],
    ] as const) {
      const { events, ended } = readAll(fixture(name));
      assert.deepEqual(events.find((event) => event.type === 'finish')?.reason, reason, name);
      assert.equal(ended, true);
    }
  });

  it('tells its error, with or without `data:`, and its status', () => {
    for (const [name, status] of [
      ['error-in-data.sse', 503],
      ['naked-error.sse', 500],
    ] as const) {
      const { events, ended } = readAll(fixture(name));
      const last = events.at(-1);
      assert.deepEqual([last?.type, last?.type === 'error' && last.status, ended], ['error', status, false]);
    }
  });

  it('counts what came from a cache, what tools read and what was thought apart', () => {
    const { events } = readAll(fixture('usage-grows-with-cache.sse'));
    const usages = events.filter((event) => event.type === 'usage');
    assert.deepEqual(usages.at(-1)?.usage, {
      ...{ input: 237, cacheRead: 3_800, cacheWrite: 0, output: 3, reasoning: 0 },
      source: 'upstream',
    });
    assert.equal(usages.length, 3);
  });

  it('shows code and pictures of Google’s own tools as text', () => {
    const textOf = (name: string): string =>
      readAll(fixture(name))
        .events.map((event) => (event.type === 'text' ? event.text : ''))
        .join('');
    assert.equal(
      textOf('code-execution.sse'),
      'I compute.\n```python\nprint(2 + 2)\n```\n\n```\n4\n```\nIt is 4.',
    );
    assert.equal(
      textOf('picture-out.sse'),
      'Here it is:![image/png](data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==)',
    );
  });

  it('that is no JSON is malformed', () => {
    assert.throws(
      () => gemini.streamReader().push(Buffer.from('data: <html>\n\n')),
      (error) => error instanceof Failure && error.kind === 'malformed',
    );
  });

  it('keeps what only Google says when it is put together', () => {
    const reader = gemini.streamReader();
    const assembler = gemini.assembler();
    for (const chunk of reader.push(fixture('grounding.sse'))) assembler.push(chunk);
    const [candidate] = JSON.parse(assembler.finish().frame.toString()).candidates;
    assert.deepEqual(candidate.content.parts, [{ text: 'Spain won in 2024.' }]);
    assert.equal(candidate.groundingMetadata.groundingChunks[0].web.title, 'uefa.com');
    assert.equal(candidate.citationMetadata.citationSources.length, 1);
  });
});

describe('a written stream of Gemini', () => {
  it('tells a call when its arguments are whole, and not before', () => {
    const { pieces, frames } = written([
      call(0, '', 'a'),
      call(0, '{"city":"}'),
      call(0, '"'),
      call(0, '}'),
      { type: 'finish', reason: 'tool_calls' },
    ]);
    assert.deepEqual(
      pieces.map((piece) => piece !== ''),
      [false, false, false, true, false],
    );
    assert.deepEqual(frames[0].candidates[0].content.parts, [
      { functionCall: { id: 'a', name: 'f0', args: { city: '}' } } },
    ]);
    assert.equal(frames[1].candidates[0].finishReason, 'STOP');
  });

  it('keeps calls that come in turns in their order, and tells each once', () => {
    const { frames } = written([
      ...[call(0, '{"a"', 'a'), call(1, '{}', 'b'), call(0, ':1}'), call(1, ' ')],
      { type: 'text', text: 'x' },
      { type: 'finish', reason: 'tool_calls' },
    ]);
    const parts = frames.flatMap(({ candidates = [] }) => candidates[0].content.parts);
    assert.deepEqual(
      parts.map((part) => part.functionCall?.id ?? part.text),
      ['a', 'b', 'x', ''],
    );
  });

  it('tells a call without arguments, or with broken ones, where the provider says that all is said', () => {
    const { frames } = written([
      ...[call(0, '', 'a'), call(1, '{"cut', 'b')],
      { type: 'finish', reason: 'length' },
    ]);
    const parts = frames.flatMap(({ candidates }) => candidates[0].content.parts);
    assert.deepEqual(
      parts.flatMap(({ functionCall }) => functionCall?.args ?? []),
      [{}, { arguments: '{"cut' }],
    );
    const cut = written([call(0, '{"cut', 'a')], { ends: false });
    assert.deepEqual(cut.frames, []);
  });

  it('says reason and usage together in the last event, and no reason that nobody gave', () => {
    const usage = {
      ...{ input: 10, cacheRead: 5, cacheWrite: 0, output: 3, reasoning: 2 },
      source: 'upstream' as const,
    };
    const events: ChatEvent[] = [
      { type: 'text', text: 'a' },
      { type: 'finish', reason: 'stop' },
    ];
    const { pieces, frames } = written([...events, { type: 'usage', usage }]);
    assert.equal(pieces.slice(1).join(''), '');
    assert.partialDeepStrictEqual(frames.at(-1), {
      candidates: [{ finishReason: 'STOP', index: 0 }],
      usageMetadata: {
        ...{ promptTokenCount: 15, cachedContentTokenCount: 5, candidatesTokenCount: 3 },
        ...{ thoughtsTokenCount: 2, totalTokenCount: 20 },
      },
      ...{ modelVersion: 'm', responseId: 'r1' },
    });
    const { frames: open } = written([{ type: 'text', text: 'a' }]);
    assert.equal(open.at(-1).candidates[0].finishReason, 'FINISH_REASON_UNSPECIFIED');
    assert.deepEqual(written(events, { wantsUsage: false }).frames.at(-1).usageMetadata, undefined);
  });

  it('puts seals where Google has them', () => {
    const { frames } = written([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'reasoning', text: '', signature: 's1' },
      { ...call(0, '{}', 'a'), type: 'tool-call', index: 0, arguments: '{}', signature: 's2' },
    ]);
    const parts = frames.flatMap(({ candidates }) => candidates[0].content?.parts ?? []);
    assert.deepEqual(parts.slice(0, 3), [
      { text: 'Hm.', thought: true },
      { text: '', thoughtSignature: 's1' },
      { functionCall: { id: 'a', name: 'f0', args: {} }, thoughtSignature: 's2' },
    ]);
  });
});
