/**
 * What every dialect must do: read back what it writes, whatever the network cuts; forward its own frames byte for
 * byte but for the model and an unasked usage report; put a stream together as the plain answer of the same meaning;
 * tell failures so that its own reader understands them.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, topLevelFields } from '../base/json.ts';
import type { ChatDialectId } from '../domain/call.ts';
import type { ChatEvent } from '../domain/chat.ts';
import { FAILURES, Failure, type FailureKind } from '../domain/failure.ts';
import { messagesSayings } from './anthropic-messages/sayings.suite.ts';
import type { Assembler, Chunk, Dialect } from './dialect.ts';
import { geminiSayings } from './gemini/sayings.suite.ts';
import { chatSayings, type Sayings } from './neutral-chat.suite.ts';
import { responsesSayings } from './openai-responses/sayings.suite.ts';
import { requestSuite } from './request.suite.ts';

/** What each of them can say. */
const SAYINGS = {
  'openai-chat': chatSayings,
  'openai-responses': responsesSayings,
  'anthropic-messages': messagesSayings,
  gemini: geminiSayings,
} as const satisfies Record<ChatDialectId, Sayings>;

const KEEP = { model: 'm', wantsUsage: true };

/** Everything that the reader makes of the bytes, cut at these offsets. */
function readStream(dialect: Dialect, bytes: Buffer, ...offsets: number[]) {
  const reader = dialect.streamReader();
  const chunks: Chunk[] = [];
  const edges = [0, ...offsets, bytes.length];
  for (let i = 1; i < edges.length; i++) chunks.push(...reader.push(bytes.subarray(edges[i - 1], edges[i])));
  chunks.push(...reader.finish());
  return { chunks, ended: reader.ended };
}

const eventsOf = (chunks: readonly Chunk[]): ChatEvent[] => chunks.flatMap(({ events }) => events);

function writeStream(dialect: Dialect, events: readonly ChatEvent[], wantsUsage = true): Buffer {
  const writer = dialect.streamWriter(SAYINGS[dialect.id].head, { wantsUsage });
  return Buffer.concat([...events.map((event) => writer.write(event)), writer.end()]);
}

function assembled(
  dialect: Dialect,
  chunks: readonly Chunk[],
  look: (assembler: Assembler) => void = () => undefined,
): Chunk {
  const assembler = dialect.assembler();
  for (const chunk of chunks) assembler.push(chunk);
  look(assembler);
  return assembler.finish();
}

const meaningOf = (dialect: Dialect, reply: Buffer): readonly ChatEvent[] => dialect.readReply(reply).events;

/** The events of each choice, and last those of none. */
function choicesOf(events: readonly ChatEvent[]): ChatEvent[][] {
  const choices = Map.groupBy(events, (event) => ('choice' in event ? event.choice : undefined));
  return [...choices.values()];
}

export type Fixture = { readonly name: string; readonly bytes: Buffer };

export const fixturesOf = (dialect: Dialect, ending: '.sse' | '.json'): Fixture[] => {
  const folder = new URL(`./fixtures/${dialect.id}/`, import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => ({ name, bytes: readFileSync(new URL(name, folder)) }));
};

export function dialectSuite(dialect: Dialect): void {
  const sayings: Sayings = SAYINGS[dialect.id];
  const HEAD = sayings.head;
  const START: ChatEvent = { type: 'start', ...HEAD };
  requestSuite(dialect, sayings);

  describe(`${dialect.id}: streams`, () => {
    it('read back as they were written', () => {
      fc.assert(
        fc.property(sayings.events, (events) => {
          const { chunks, ended } = readStream(dialect, writeStream(dialect, events));
          assert.deepEqual(eventsOf(chunks), [START, ...events]);
          assert.equal(ended, true);
        }),
      );
    });

    it('mean the same wherever they are cut', () => {
      fc.assert(
        fc.property(sayings.events, fc.nat(), fc.nat(), (events, first, second) => {
          const bytes = writeStream(dialect, events);
          const offsets = [first % bytes.length, second % bytes.length].sort((a, b) => a - b);
          assert.deepEqual(readStream(dialect, bytes, ...offsets), readStream(dialect, bytes));
        }),
      );
    });

    it('hold no usage that nobody asked for', () => {
      const usage = {
        input: 3,
        cacheRead: 0,
        cacheWrite: 0,
        output: 2,
        reasoning: 0,
        source: 'upstream' as const,
      };
      const events: ChatEvent[] = [
        { type: 'text', text: 'a', choice: 0 },
        { type: 'finish', reason: 'stop', choice: 0 },
        { type: 'usage', usage },
      ];
      const types = (wantsUsage: boolean): string[] =>
        eventsOf(readStream(dialect, writeStream(dialect, events, wantsUsage)).chunks).map(
          ({ type }) => type,
        );
      assert.deepEqual(types(false), ['start', 'text', 'finish']);
      assert.deepEqual(types(true), ['start', 'text', 'finish', 'usage']);
    });

    it('have not ended before their terminal', () => {
      const reader = dialect.streamReader();
      const writer = dialect.streamWriter(HEAD, { wantsUsage: true });
      for (const event of [
        START,
        { type: 'text', text: 'a' } as const,
        { type: 'reasoning', text: 'b' } as const,
      ]) {
        reader.push(writer.write(event));
        assert.equal(reader.ended, false, event.type);
      }
      reader.push(writer.end());
      assert.equal(reader.ended, true);
    });
  });

  describe(`${dialect.id}: streams put together again`, () => {
    it('mean what the plain answer would have meant', () => {
      fc.assert(
        fc.property(sayings.events, (events) => {
          const { chunks } = readStream(dialect, writeStream(dialect, [START, ...events]));
          const plain = dialect.writeReply(HEAD, events);
          assert.deepEqual(meaningOf(dialect, assembled(dialect, chunks).frame), meaningOf(dialect, plain));
        }),
      );
    });

    it('are the answer that was written, whichever choice came first', () => {
      fc.assert(
        fc.property(sayings.replies, fc.boolean(), (events, backwards) => {
          const told = backwards ? [...choicesOf(events)].reverse().flat() : events;
          const { chunks } = readStream(dialect, writeStream(dialect, told));
          assert.deepEqual(meaningOf(dialect, assembled(dialect, chunks).frame), [START, ...events]);
        }),
      );
    });

    it('name their model, and are passed on under the name that served', () => {
      const { chunks } = readStream(dialect, writeStream(dialect, [{ type: 'text', text: 'a' }]));
      const chunk = assembled(dialect, chunks);
      assert.equal(chunk.model, HEAD.model);
      assert.equal(dialect.forwardReply(chunk, KEEP), chunk.frame);
      onlyTheModelChanged(dialect.forwardReply(chunk, { ...KEEP, model: 'größer "x"' }), chunk.frame, {
        name: 'assembled',
        field: sayings.modelField,
      });
    });

    it('grow with what is said, and not with how often it is said', () => {
      const sizeOf = (pieces: readonly string[]): number => {
        const events = pieces.map((piece): ChatEvent => ({ type: 'text', text: piece }));
        return assembled(dialect, readStream(dialect, writeStream(dialect, events)).chunks, (assembler) =>
          assert.ok(assembler.size >= pieces.join('').length),
        ).frame.length;
      };
      const whole = 'word '.repeat(1_000);
      assert.equal(sizeOf(whole.split(/(?<= )/)), sizeOf([whole]));
    });
  });

  describe(`${dialect.id}: plain answers`, () => {
    it('read back as they were written', () => {
      fc.assert(
        fc.property(sayings.replies, (events) => {
          assert.deepEqual(dialect.readReply(dialect.writeReply(HEAD, events)).events, [START, ...events]);
        }),
      );
    });

    it('are forwarded as they are, but for the model', () => {
      for (const { name, bytes } of fixturesOf(dialect, '.json')) {
        const chunk = dialect.readReply(bytes);
        assert.equal(dialect.forwardReply(chunk, { ...KEEP, model: chunk.model ?? '' }), chunk.frame, name);
        onlyTheModelChanged(dialect.forwardReply(chunk, { ...KEEP, model: 'größer "x"' }), bytes, {
          name,
          field: sayings.modelField,
        });
      }
    });
  });

  describe(`${dialect.id}: failures`, () => {
    it('are read as errors, in a stream and in a plain answer', () => {
      for (const kind of Object.keys(FAILURES) as FailureKind[]) {
        const failure = new Failure(kind, { message: 'What "was" wrong:\n你好', param: 'messages[0]' });
        const { chunks, ended } = readStream(dialect, dialect.writeStreamFailure(failure, 'req_1'));
        assert.deepEqual(
          eventsOf(chunks).map(({ type }) => type),
          ['error'],
          kind,
        );
        assert.equal(ended, false, 'an error is no end');
        const { status, body } = dialect.writeFailure(failure, 'req_1');
        assert.equal(status, failure.status);
        assert.deepEqual(
          dialect.readReply(body).events.map(({ type }) => type),
          ['error'],
        );
        assert.ok(body.includes('req_1') && body.includes('messages[0]') && body.includes('你好'));
      }
    });

    it('show the body of the provider where it may be shown', () => {
      const clientBody = Buffer.from('{"error":{"message":"theirs"}}');
      const failure = new Failure('upstream_rejected', { message: 'ours', status: 422, clientBody });
      const written = dialect.writeFailure(failure, 'req_1');
      if (sayings.showsBodies) assert.deepEqual(written, { status: 422, body: clientBody });
      else {
        assert.equal(written.status, 422);
        assert.partialDeepStrictEqual(JSON.parse(written.body.toString()), { error: { message: 'theirs' } });
      }
    });

    it('come between whole events, and so do heartbeats, which mean nothing', () => {
      const heartbeat = dialect.heartbeat('queued position=3\n\ndata: forged');
      const bytes = Buffer.concat([heartbeat, heartbeat]);
      const { chunks, ended } = readStream(dialect, bytes);
      assert.ok(chunks.length >= 2);
      assert.deepEqual(Buffer.concat(chunks.map(({ frame }) => frame)), bytes);
      assert.deepEqual(eventsOf(chunks), []);
      assert.equal(ended, false);
    });
  });

  for (const fixture of fixturesOf(dialect, '.sse')) fixtureSuite(dialect, fixture);
}

function fixtureSuite(dialect: Dialect, { name, bytes }: Fixture): void {
  const whole = readStream(dialect, bytes);

  describe(`${dialect.id}: ${name}`, () => {
    it('reads the same cut at every byte, and byte by byte', () => {
      for (let i = 0; i <= bytes.length; i++)
        assert.deepEqual(readStream(dialect, bytes, i), whole, `cut at ${i}`);
      assert.deepEqual(readStream(dialect, bytes, ...bytes.keys()), whole);
      assert.equal(JSON.stringify(eventsOf(whole.chunks)).includes('\uFFFD'), false);
    });

    it('is put together as the plain answer of the same meaning', () => {
      const events = eventsOf(whole.chunks);
      if (!whole.ended || events.some(({ type }) => type === 'error')) return;
      const head = events.find((event) => event.type === 'start');
      assert.ok(head);
      const plain = dialect.writeReply(head, events);
      assert.deepEqual(meaningOf(dialect, assembled(dialect, whole.chunks).frame), meaningOf(dialect, plain));
    });

    it('is forwarded byte for byte', () => {
      const forwarded = whole.chunks.map((chunk) => {
        const frame = dialect.forward(chunk, { ...KEEP, model: chunk.model ?? '' });
        assert.equal(frame, chunk.frame, 'without a copy');
        return chunk.frame;
      });
      const joined = Buffer.concat(forwarded).toString();
      assert.ok(
        joined === bytes.toString() || joined === `${bytes}\n\n`,
        'only a missing last blank line is added',
      );
    });

    it('gets its model changed and nothing else', () => {
      const renamed = { ...KEEP, model: '公开 "name"' };
      for (const chunk of whole.chunks) {
        const frame = dialect.forward(chunk, renamed);
        assert.ok(frame !== undefined);
        if (chunk.model === undefined) assert.equal(frame, chunk.frame);
        else {
          assert.equal(readStream(dialect, frame).chunks[0]?.model, renamed.model);
          const [before, after] = [chunk.frame, frame].map((each) => each.toString());
          const change = (JSON.stringify(renamed.model) ?? '').length - JSON.stringify(chunk.model).length;
          assert.equal((after ?? '').length - (before ?? '').length, change);
          assert.equal(after?.replace(JSON.stringify(renamed.model), JSON.stringify(chunk.model)), before);
        }
      }
    });

    it('loses a usage frame that nobody asked for, and that alone', () => {
      for (const chunk of whole.chunks) {
        const frame = dialect.forward(chunk, { model: chunk.model ?? '', wantsUsage: false });
        assert.equal(frame === undefined, chunk.only === 'usage');
        if (chunk.only === 'usage')
          assert.deepEqual(
            chunk.events.map(({ type }) => type).filter((type) => type !== 'usage'),
            [],
          );
      }
    });

    it('cut short never throws, never ends early and never invents an event', () => {
      const events = eventsOf(whole.chunks);
      for (let end = 0; end < bytes.length; end++) {
        const cut = readStream(dialect, bytes.subarray(0, end));
        const told = eventsOf(cut.chunks).filter(({ type }) => type !== 'error');
        assert.deepEqual(told, events.slice(0, told.length), `cut at ${end}`);
        if (cut.ended) assert.ok(whole.ended);
        for (const { frame } of cut.chunks)
          assert.match(frame.toString('latin1'), /(\n\n|\r\n\r\n|^\n|\r\r)$/);
      }
    });
  });
}

function onlyTheModelChanged(
  forwarded: Buffer,
  bytes: Buffer,
  { name, field = 'model' }: { readonly name: string; readonly field: string | undefined },
): void {
  const before = topLevelFields(bytes)?.get(field);
  const after = topLevelFields(forwarded)?.get(field);
  assert.ok(before !== undefined && after !== undefined, name);
  assert.ok(forwarded.subarray(0, after.start).equals(bytes.subarray(0, before.start)), name);
  assert.ok(forwarded.subarray(after.end).equals(bytes.subarray(before.end)), name);
  const parsed: unknown = JSON.parse(forwarded.toString());
  assert.ok(isJsonObject(parsed) && parsed[field] === 'größer "x"', name);
}
