import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChatEvent } from '../../domain/chat.ts';
import type { Chunk } from '../dialect.ts';
import { invalidParam } from '../tasks/invalid-param.suite.ts';
import { openaiCompletions } from './openai-completions.ts';
import { readCrossing, readHead } from './request.ts';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const HEAD = { id: 'cmpl-1', model: 'm', created: 7 };
const USAGE = { input: 5, cacheRead: 0, cacheWrite: 0, output: 3, reasoning: 0, source: 'upstream' } as const;

function readStream(...pieces: readonly Buffer[]): { readonly chunks: Chunk[]; readonly ended: boolean } {
  const reader = openaiCompletions.streamReader();
  const chunks = pieces.flatMap((piece) => reader.push(piece));
  return { chunks: [...chunks, ...reader.finish()], ended: reader.ended };
}

const eventsOf = (chunks: readonly Chunk[]): ChatEvent[] => chunks.flatMap(({ events }) => [...events]);

describe('a request for a text to be gone on with', () => {
  it('has the head of every call: all texts that are written count', () => {
    const ask = { model: 'm', prompt: 'x' };
    assert.deepEqual(readHead(bytes(ask)), {
      model: 'm',
      stream: false,
      wantsUsage: false,
      maxOutputTokens: Infinity,
    });
    const more = { max_tokens: 10, n: 2, best_of: 3, stream: true, stream_options: { include_usage: true } };
    assert.deepEqual(readHead(bytes({ ...ask, ...more })), {
      model: 'm',
      stream: true,
      wantsUsage: true,
      maxOutputTokens: 30,
      answers: 3,
    });
    for (const prompt of [['x', 'y'], [1, 2], [[1]]])
      assert.equal(readHead(bytes({ ...ask, prompt })).model, 'm');
    for (const [prompt, texts] of [
      [['x', 'y', 'z'], 3],
      [[[1, 2], [3]], 2],
      [[1, 2, 3], 1],
    ] as const) {
      const { maxOutputTokens, answers = 1 } = readHead(bytes({ ...ask, prompt, max_tokens: 10, n: 2 }));
      assert.deepEqual([maxOutputTokens, answers], [20 * texts, 2 * texts]);
    }
  });

  it('names the field that is wrong', () => {
    for (const [body, param] of [
      [{ prompt: 'x' }, 'model'],
      [{ model: 'm' }, 'prompt'],
      [{ model: 'm', prompt: 3 }, 'prompt'],
      [{ model: 'm', prompt: 'x', stream: 'yes' }, 'stream'],
      [{ model: 'm', prompt: 'x', max_tokens: 1.5 }, 'max_tokens'],
    ] as const)
      assert.equal(
        invalidParam(() => readHead(bytes(body))),
        param,
      );
  });

  it('is a message of a user elsewhere, with the fields that both have', () => {
    const same = { temperature: 0.5, stop: ['x'], n: 2, seed: 3, logit_bias: { 5: 1 } };
    const { request, dropped } = readCrossing(
      bytes({
        model: 'm',
        prompt: ['Once'],
        max_tokens: 9,
        stream: true,
        echo: false,
        suffix: null,
        best_of: 1,
        ...same,
      }),
    );
    assert.deepEqual(request, {
      model: 'm',
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'Once' }] }],
      stream: true,
      wantsUsage: false,
      maxOutputTokens: 9,
      extra: same,
    });
    assert.deepEqual(dropped, []);
  });

  it('names what only a bare text can have, and refuses what is no single text', () => {
    const bare = { echo: true, suffix: 'end', best_of: 2, logprobs: 0 };
    assert.deepEqual(readCrossing(bytes({ model: 'm', prompt: 'x', ...bare })).dropped, Object.keys(bare));
    for (const prompt of [
      ['x', 'y'],
      [1, 2],
    ])
      assert.equal(
        invalidParam(() => readCrossing(bytes({ model: 'm', prompt }))),
        'prompt',
      );
  });
});

const texts = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 });

describe('a completion', () => {
  it('whole, is read as it was written, of several choices', () => {
    fc.assert(
      fc.property(texts, fc.constantFrom('stop', 'length', 'content_filter'), (given, reason) => {
        const said = given.flatMap((text, choice): ChatEvent[] => [
          { type: 'text', text, choice },
          { type: 'finish', reason, choice },
        ]);
        const events: ChatEvent[] = [...said, { type: 'usage', usage: USAGE }];
        const body = openaiCompletions.writeReply(HEAD, events);
        assert.equal((JSON.parse(body.toString()) as { object: string }).object, 'text_completion');
        assert.deepEqual(openaiCompletions.readReply?.(body).events, [{ type: 'start', ...HEAD }, ...events]);
        assert.deepEqual(openaiCompletions.glanceReply(body).events, [{ type: 'usage', usage: USAGE }]);
      }),
    );
  });

  it('in a stream, is read as it was written, cut wherever', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (given, at) => {
        const events: ChatEvent[] = [
          ...given.map((text): ChatEvent => ({ type: 'text', text, choice: 0 })),
          { type: 'finish', reason: 'length', choice: 0 },
          { type: 'usage', usage: USAGE },
        ];
        const writer = openaiCompletions.streamWriter(HEAD, { wantsUsage: true });
        const all = Buffer.concat([...events.map((event) => writer.write(event)), writer.end()]);
        const cut = at % all.length;
        const { chunks, ended } = readStream(all.subarray(0, cut), all.subarray(cut));
        assert.ok(ended);
        assert.deepEqual(eventsOf(chunks), [{ type: 'start', ...HEAD }, ...events]);
        assert.deepEqual(Buffer.concat(chunks.map(({ frame }) => frame)), all);
        assert.deepEqual([chunks.at(-2)?.only, chunks.at(-1)?.only], ['usage', 'terminal']);
      }),
    );
  });

  it('has no place for thoughts and tools, and tells use only to those who ask', () => {
    const writer = openaiCompletions.streamWriter(HEAD, { wantsUsage: false });
    for (const event of [
      { type: 'start', ...HEAD },
      { type: 'reasoning', text: 'hm' },
      { type: 'tool-call', index: 0, arguments: '{}' },
      { type: 'usage', usage: USAGE },
    ] as const)
      assert.equal(writer.write(event).length, 0);
    assert.match(writer.write({ type: 'finish', reason: 'tool_calls' }).toString(), /"finish_reason":"stop"/);
    assert.match(writer.write({ type: 'error', status: 0, body: '{}' }).toString(), /^event: error\n/);
  });

  it('that is forwarded keeps its bytes but for the model, and its use for those who ask', () => {
    const writer = openaiCompletions.streamWriter(HEAD, { wantsUsage: true });
    const pieces = [writer.write({ type: 'text', text: 'x' }), writer.write({ type: 'usage', usage: USAGE })];
    const { chunks } = readStream(...pieces);
    const [said, used] = chunks.map((chunk) =>
      openaiCompletions.forward(chunk, { model: 'n', wantsUsage: false })?.toString(),
    );
    assert.equal(said, pieces[0]?.toString().replace('"model":"m"', '"model":"n"'));
    assert.equal(used, undefined);
  });

  it('that is an error, or nothing, is told', () => {
    const error = { error: { message: 'no', code: 429 } };
    assert.deepEqual(openaiCompletions.glanceReply(bytes(error)).events, [
      { type: 'error', status: 429, body: JSON.stringify(error) },
    ]);
    assert.throws(() => openaiCompletions.glanceReply(bytes({ data: [] })), { kind: 'malformed' });
    const { chunks, ended } = readStream(Buffer.from(`data: ${JSON.stringify(error)}\n\n`));
    assert.partialDeepStrictEqual(eventsOf(chunks), [{ type: 'error', status: 429 }]);
    assert.equal(ended, false);
    assert.throws(() => readStream(Buffer.from('data: 3\n\n')), { kind: 'malformed' });
    assert.equal(readStream(Buffer.from('data: {"choices":[{"text":"x"}]}\n\n')).ended, false);
    assert.deepEqual(eventsOf(readStream(Buffer.from(': hi\n\ndata:\n\n')).chunks), []);
  });
});
