import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/index.ts';
import type { AnswerTerms } from '../domain/answer-terms.ts';
import type { ChatEvent } from '../domain/chat.ts';
import { Failure } from '../domain/failure.ts';
import type { Usage } from '../domain/usage.ts';
import { type Answered, Translation } from './translation.ts';

const { 'openai-chat': chat, 'anthropic-messages': messages, 'openai-responses': responses } = dialects;
const HEAD = { id: 'id-1', model: 'm', created: 0 };
const usageOf = (output: number, source: Usage['source'] = 'upstream'): Usage => ({
  ...{ input: 20, cacheRead: 5, cacheWrite: 0, output, reasoning: 0, source },
});

const answered = (usage?: Usage): Answered => ({
  head: HEAD,
  usage,
  estimatedUsage: () => usageOf(99, 'estimated'),
});

type Ways = { readonly from: Dialect; readonly to: Dialect };

/** What the client reads of a stream that the upstream wrote so. */
function carried(
  { from, to }: Ways,
  events: readonly ChatEvent[],
  more: { usage?: Usage; wantsUsage?: boolean; terms?: AnswerTerms } = {},
) {
  const writer = from.streamWriter(HEAD, { wantsUsage: true });
  const bytes = Buffer.concat([...events.map((event) => writer.write(event)), writer.end()]);
  const { usage, ...rest } = more;
  const translation = new Translation({ from, to, wantsUsage: true, dropped: [], ...rest });
  const reply = answered(usage);
  const upstream = from.streamReader();
  const sent = upstream.push(bytes).map((chunk) => translation.write([chunk], reply));
  sent.push(translation.end(reply));
  const reader = to.streamReader();
  const told = reader.push(Buffer.concat(sent)).flatMap((chunk) => [...chunk.events]);
  return { events: told, ended: reader.ended, text: Buffer.concat(sent).toString() };
}

const INTO: Ways = { from: chat, to: messages };
const OUT: Ways = { from: messages, to: chat };
/** Every pair of two. */
const ALL_WAYS: readonly Ways[] = Object.values(dialects).flatMap((from) =>
  Object.values(dialects).flatMap((to): Ways[] => (from === to ? [] : [{ from, to }])),
);

const word = fc.constantFrom('水', 'a\n\nb', '"', 'data: [DONE]', ' ');
const said: fc.Arbitrary<ChatEvent[]> = fc
  .tuple(
    fc.array(word, { maxLength: 3 }),
    fc.array(word, { minLength: 1, maxLength: 3 }),
    fc.array(fc.dictionary(word, word, { maxKeys: 2 }), { maxLength: 3 }),
  )
  .map(([thoughts, texts, inputs]) => [
    ...thoughts.map((text): ChatEvent => ({ type: 'reasoning', text, choice: 0 })),
    ...texts.map((text): ChatEvent => ({ type: 'text', text, choice: 0 })),
    ...inputs.flatMap((input, index): ChatEvent[] => {
      const json = JSON.stringify(input);
      return [
        { type: 'tool-call', index, id: `c${index}`, name: 'f', arguments: '', choice: 0 },
        { type: 'tool-call', index, arguments: json.slice(0, 3), choice: 0 },
        ...(json.length > 3
          ? [{ type: 'tool-call' as const, index, arguments: json.slice(3), choice: 0 }]
          : []),
      ];
    }),
    { type: 'finish', reason: inputs.length > 0 ? 'tool_calls' : 'stop', choice: 0 },
  ]);

/** Gemini has no pieces of calls. */
function wholeCalls(events: readonly ChatEvent[]): ChatEvent[] {
  const whole: ChatEvent[] = [];
  for (const event of events) {
    const last = whole.at(-1);
    if (event.type === 'tool-call' && last?.type === 'tool-call' && last.index === event.index)
      whole[whole.length - 1] = { ...last, arguments: last.arguments + event.arguments };
    else whole.push(event);
  }
  return whole;
}

describe('a stream between two dialects', () => {
  for (const ways of ALL_WAYS)
    it(`means the same from ${ways.from.id} to ${ways.to.id}, event by event, with the usage at its end`, () => {
      fc.assert(
        fc.property(said, (events) => {
          const usage = usageOf(30);
          const told = carried(ways, [...events, { type: 'usage', usage }], { usage });
          const inPieces = ![ways.from, ways.to].includes(dialects.gemini);
          const same = inPieces ? (each: readonly ChatEvent[]) => each : wholeCalls;
          // In messages the weight of the prompt comes first, too.
          const isFirst = (event: ChatEvent, i: number): boolean => event.type === 'usage' && i === 1;
          assert.deepEqual(
            same(told.events.filter((event, i) => !isFirst(event, i))),
            same([{ type: 'start', ...HEAD }, ...events, { type: 'usage', usage }]),
          );
          assert.equal(told.ended, true);
        }),
      );
    });

  it('into messages tells at its beginning what the prompt weighs, as far as is known', () => {
    const { text, events } = carried(INTO, [
      { type: 'text', text: 'a' },
      { type: 'finish', reason: 'stop' },
    ]);
    assert.match(text, /event: message_start\n.*"usage":\{"input_tokens":20,.*"output_tokens":0/);
    assert.deepEqual(
      events.flatMap((event) => (event.type === 'usage' ? [event.usage.output] : [])),
      [0, 99],
    );
  });

  it('ends with its terminal once, as soon as the upstream has said its own', () => {
    const finish: ChatEvent = { type: 'finish', reason: 'stop' };
    const { text } = carried(INTO, [{ type: 'text', text: 'a' }, finish]);
    assert.equal(text.match(/event: message_stop/g)?.length, 1);
    const out = carried(OUT, [{ type: 'text', text: 'a' }, finish]);
    assert.ok(out.text.endsWith('data: [DONE]\n\n'));
    assert.equal(out.text.match(/\[DONE\]/g)?.length, 1);
  });

  it('tells an estimate where the upstream tells no usage, and none where nobody asked', () => {
    const events: ChatEvent[] = [
      { type: 'text', text: 'a' },
      { type: 'finish', reason: 'length' },
    ];
    const last = carried(INTO, events).events.at(-1);
    assert.ok(last?.type === 'usage' && last.usage.output === 99);
    const quiet = carried(OUT, events, { wantsUsage: false, usage: usageOf(3) });
    assert.ok(quiet.events.every(({ type }) => type !== 'usage'));
  });

  it('stops for its tools, also where the provider only says that it stops', () => {
    const call: ChatEvent = { type: 'tool-call', index: 0, id: 'c', name: 'f', arguments: '{}' };
    const { events } = carried(INTO, [call, { type: 'finish', reason: 'stop' }]);
    assert.ok(events.some((event) => event.type === 'finish' && event.reason === 'tool_calls'));
  });

  for (const to of [chat, responses])
    it(`has arguments to be read of a call without any, but of none that was cut off, in ${to.id}`, () => {
      const begun: ChatEvent = { type: 'tool-call', index: 0, id: 'c', name: 'f', arguments: '' };
      const other: ChatEvent = { ...begun, index: 1, id: 'd', arguments: '{"a":1}' };
      const argumentsOf = (reason: 'tool_calls' | 'length', terms?: AnswerTerms) => {
        const { events } = carried({ from: messages, to }, [begun, other, { type: 'finish', reason }], {
          ...(terms && { terms }),
        });
        const calls = events.filter((event) => event.type === 'tool-call' && event.index === 0);
        return calls.map((event) => (event.type === 'tool-call' ? event.arguments : '')).join('');
      };
      assert.equal(argumentsOf('tool_calls'), '{}');
      assert.equal(argumentsOf('length'), '');
      const custom = { tools: new Map([['f', { name: 'f', kind: 'custom' as const }]]) };
      assert.equal(argumentsOf('tool_calls', custom), '', 'a text may be empty');
    });

  it('has no seal of its provider, which others who speak the dialect of the client would refuse', () => {
    const thought: ChatEvent = { type: 'reasoning', text: 'hm', signature: 'seal' };
    const alone: ChatEvent = { type: 'reasoning', text: '', signature: 'seal' };
    const call: ChatEvent = { type: 'tool-call', index: 0, id: 'c', name: 'f', arguments: '{}' };
    const sealed = [thought, alone, { ...call, signature: 'seal' }];
    for (const [from, to] of [
      [dialects.gemini, messages],
      [messages, dialects.gemini],
    ] as const) {
      const { text, events } = carried({ from, to }, [...sealed, { type: 'finish', reason: 'tool_calls' }]);
      assert.doesNotMatch(text, /seal/);
      assert.equal(events.filter(({ type }) => type === 'reasoning').length, 1);
      const frame = from.writeReply(HEAD, [...sealed, { type: 'finish', reason: 'tool_calls' }]);
      const translation = new Translation({ from, to, wantsUsage: true, dropped: [] });
      assert.doesNotMatch(translation.plain({ frame, events: [] }, answered()).toString(), /seal/);
    }
  });

  for (const to of [messages, responses])
    it(`that the provider broke off has an error and no end in ${to.id}`, () => {
      const { events, ended } = carried({ from: chat, to }, [
        { type: 'text', text: 'a' },
        { type: 'finish', reason: 'error' },
      ]);
      assert.equal(events.at(-1)?.type, 'error');
      assert.equal(ended, false);
    });

  it('into responses is incomplete where it was cut, with its usage, and closes no call that was cut', () => {
    for (const [reason, told] of [
      ['length', 'max_output_tokens'],
      ['content_filter', 'content_filter'],
    ] as const) {
      const { text, events } = carried(
        { from: chat, to: responses },
        [
          { type: 'text', text: 'a' },
          { type: 'tool-call', index: 0, id: 'c', name: 'f', arguments: '{"a' },
          { type: 'finish', reason },
        ],
        { usage: usageOf(30) },
      );
      assert.match(text, new RegExp(`event: response.incomplete\n.*"reason":"${told}".*"input_tokens":25`));
      assert.doesNotMatch(text, /response\.completed|function_call_arguments\.done/);
      assert.ok(events.some((event) => event.type === 'finish' && event.reason === reason));
    }
  });

  it('into responses interleaves the arguments of two calls, each under its own item', () => {
    const { events } = carried({ from: chat, to: responses }, [
      { type: 'tool-call', index: 0, id: 'a', name: 'f', arguments: '{"x":' },
      { type: 'tool-call', index: 1, id: 'b', name: 'g', arguments: '{' },
      { type: 'tool-call', index: 0, arguments: '1}' },
      { type: 'tool-call', index: 1, arguments: '}' },
      { type: 'finish', reason: 'tool_calls' },
    ]);
    const said = [0, 1].map((index) =>
      events.map((event) => (event.type === 'tool-call' && event.index === index ? event.arguments : '')),
    );
    assert.deepEqual(
      said.map((pieces) => pieces.join('')),
      ['{"x":1}', '{}'],
    );
  });

  it('into responses calls a custom tool with its text, told when it is whole', () => {
    const call = (said: string, ...end: readonly ChatEvent[]) =>
      carried(
        { from: chat, to: responses },
        [
          { type: 'tool-call', index: 0, id: 'p', name: 'patch', arguments: said.slice(0, 9) },
          { type: 'tool-call', index: 0, arguments: said.slice(9) },
          ...end,
        ],
        { terms: { tools: new Map([['patch', { name: 'patch', kind: 'custom' }]]) } },
      );
    const other: ChatEvent = { type: 'tool-call', index: 1, id: 'f', name: 'f', arguments: '{}' };
    for (const [said, input] of [
      ['{"input":"*** \\"x\\"\\n水"}', '*** "x"\n水'],
      ['{"patch":"no input"}', '{"patch":"no input"}'],
    ] as const) {
      const { text } = call(said, other, { type: 'finish', reason: 'tool_calls' });
      const tellsInput = (name: string): string[] =>
        [...text.matchAll(new RegExp(`^data: (.*"type":"${name}".*)$`, 'gm'))].map(([, json = '']) => json);
      assert.equal(JSON.parse(tellsInput('response.custom_tool_call_input.done')[0] ?? '').input, input);
      assert.equal(JSON.parse(tellsInput('response.custom_tool_call_input.delta')[0] ?? '').delta, input);
      const { item } = JSON.parse(tellsInput('response.output_item.done')[0] ?? '');
      assert.partialDeepStrictEqual(item, { type: 'custom_tool_call', call_id: 'p', name: 'patch', input });
      assert.equal(tellsInput('response.function_call_arguments.done').length, 1);
    }
    assert.doesNotMatch(
      call('{"input":"half a pa', { type: 'finish', reason: 'length' }).text,
      /custom_tool_call_input|output_item\.done/,
    );
  });
});

describe('a plain answer between two dialects', () => {
  const plain = ({ from, to }: Ways, events: readonly ChatEvent[]) => {
    const chunk = from.glanceReply(from.writeReply({ ...HEAD, model: 'upstream-model' }, events));
    const translation = new Translation({ from, to, wantsUsage: false, dropped: [] });
    return to.readReply(translation.plain(chunk, answered())).events;
  };
  const events: ChatEvent[] = [
    { type: 'reasoning', text: 'hm', choice: 0 },
    { type: 'text', text: '水', choice: 0 },
    { type: 'tool-call', index: 0, id: 'c', name: 'f', arguments: '{"a":1}', choice: 0 },
    { type: 'finish', reason: 'tool_calls', choice: 0 },
  ];

  it('means the same, under the name that served', () => {
    const usage: ChatEvent = { type: 'usage', usage: usageOf(30) };
    for (const ways of ALL_WAYS)
      assert.deepEqual(plain(ways, [...events, usage]), [{ type: 'start', ...HEAD }, ...events, usage]);
  });

  it('has an estimate where the upstream told no usage', () => {
    for (const ways of ALL_WAYS) {
      const last = plain(ways, events).at(-1);
      assert.ok(last?.type === 'usage' && last.usage.output === 99);
    }
  });

  it('is none where the provider broke it off', () => {
    assert.throws(
      () =>
        plain(INTO, [
          { type: 'text', text: 'a' },
          { type: 'finish', reason: 'error' },
        ]),
      (error) => error instanceof Failure && error.kind === 'stream_died',
    );
  });
});
