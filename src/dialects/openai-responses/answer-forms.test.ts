import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnswerTerms, ToolForm } from '../../domain/answer-terms.ts';
import type { ChatEvent } from '../../domain/chat.ts';
import { flatName } from './flat-name.ts';
import { openaiResponses } from './openai-responses.ts';
import { runCallFields } from './run-tools.ts';

const HEAD = { id: 'resp_1', model: 'm', created: 1 };

function streamed(events: readonly ChatEvent[], terms: AnswerTerms) {
  const writer = openaiResponses.streamWriter(HEAD, { wantsUsage: true, terms });
  const text = [...events.map((event) => writer.write(event)), writer.end()].map(String).join('');
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data));
}

const called = (name: string, said: string): ChatEvent[] => [
  { type: 'tool-call', index: 0, id: 'c', name, arguments: said.slice(0, 3) },
  { type: 'tool-call', index: 0, arguments: said.slice(3) },
];
const END: ChatEvent = { type: 'finish', reason: 'tool_calls' };
const formed = (name: string, form: Omit<ToolForm, 'name'>): AnswerTerms => ({
  tools: new Map([[name, { name, ...form }]]),
});

describe('a call of a tool that the client runs', () => {
  for (const [kind, said, held] of [
    [
      'shell',
      { commands: ['ls'] },
      { action: { commands: ['ls'], timeout_ms: null, max_output_length: null } },
    ],
    ['local_shell', { command: ['ls'] }, { action: { type: 'exec', command: ['ls'], env: {} } }],
    [
      'apply_patch',
      { type: 'update_file', path: 'a', diff: '+水' },
      { operation: { type: 'update_file', path: 'a', diff: '+水' } },
    ],
  ] as const)
    it(`is told in its own form, when it is whole: ${kind}`, () => {
      const terms = formed(kind, { kind });
      const events = [...called(kind, JSON.stringify(said)), END];
      const told = streamed(events, terms);
      assert.deepEqual(
        told.map(({ type }) => type),
        [
          ...['response.created', 'response.in_progress'],
          ...['response.output_item.added', 'response.output_item.done', 'response.completed'],
        ],
      );
      const [item] = told.at(-1).response.output;
      const { id, ...rest } = item;
      assert.match(id, /^[a-z]+_1_0$/);
      assert.deepEqual(rest, { type: `${kind}_call`, status: 'completed', call_id: 'c', ...held });
      assert.deepEqual(told[3].item, item);
      assert.equal(told[2].item.status, 'in_progress');
      const plain = JSON.parse(openaiResponses.writeReply(HEAD, events, terms).toString());
      assert.deepEqual(plain.output, [item]);
    });

  it('has the fields that clients demand, whatever the model said', () => {
    assert.deepEqual(runCallFields('shell', 'no JSON')['action'], {
      ...{ timeout_ms: null, max_output_length: null, commands: [] },
    });
    assert.deepEqual(runCallFields('apply_patch', '[]'), { operation: { type: '', path: '' } });
  });

  it('is never told as done where it was cut off', () => {
    const told = streamed(
      [...called('shell', '{"commands":["rm'), { type: 'finish', reason: 'length' }],
      formed('shell', { kind: 'shell' }),
    );
    assert.ok(told.every(({ type }) => type !== 'response.output_item.done'));
    assert.equal(told.at(-1).type, 'response.incomplete');
    assert.equal(told.at(-1).response.output[0].status, 'incomplete');
  });
});

describe('a thought that is sealed for the client', () => {
  const seal: NonNullable<AnswerTerms['seal']> = (thoughts) => JSON.stringify(thoughts);
  const thought: ChatEvent[] = [
    { type: 'reasoning', text: 'a' },
    { type: 'reasoning', text: '', signature: 's1' },
    { type: 'reasoning', text: 'b', signature: 's2' },
  ];

  it('has its seal once it is done, the same each time', () => {
    const told = streamed([...thought, { type: 'text', text: 'x' }, { type: 'finish', reason: 'stop' }], {
      seal,
    });
    const sealed = '[{"text":"a","signature":"s1"},{"text":"b","signature":"s2"}]';
    const [added] = told.filter(({ type }) => type === 'response.output_item.added');
    const [done] = told.filter(({ type }) => type === 'response.output_item.done');
    assert.equal(added.item.encrypted_content, undefined);
    assert.equal(done.item.encrypted_content, sealed);
    assert.equal(told.at(-1).response.output[0].encrypted_content, sealed);
    assert.equal(done.item.summary[0].text, 'ab');
  });

  it('has no summary where nothing of it may be read, and is none for who cannot carry it', () => {
    const hidden: ChatEvent[] = [
      { type: 'reasoning', text: '', signature: 's', redacted: true },
      { type: 'finish', reason: 'stop' },
    ];
    const told = streamed(hidden, { seal });
    assert.deepEqual(told.at(-1).response.output[0].summary, []);
    assert.ok(told.every(({ type }) => !/summary/.test(type)));
    assert.deepEqual(streamed(hidden, {}).at(-1).response.output, []);
  });
});

describe('an answer', () => {
  it('repeats what was asked, from its first event to its last', () => {
    const repeated = { store: true, instructions: 'Be brief.', metadata: { a: 'b' } };
    for (const { response } of streamed([{ type: 'finish', reason: 'stop' }], { repeated }))
      assert.partialDeepStrictEqual(response, repeated);
  });
});

describe('a name with its namespace', () => {
  it('is one that every provider takes, and its own', () => {
    assert.equal(flatName('f', undefined), 'f');
    assert.equal(flatName('f', 'mcp__x__'), 'mcp__x__f');
    assert.equal(flatName('f', 'box'), 'box__f');
    const names = [
      flatName('f.g', 'box'),
      flatName('f:g', 'box'),
      flatName('f', 'x'.repeat(80)),
      flatName('f', 'x'.repeat(81)),
    ];
    for (const name of names) assert.match(name, /^[\w-]{1,64}$/);
    assert.equal(new Set(names).size, names.length);
  });
});
