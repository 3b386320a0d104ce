import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isIdField, isObjectReference, withOpenedIds, withSignedIds } from './object-fields.ts';

const sign = (id: string): string => `${id}!`;
const signed = (value: unknown): unknown =>
  JSON.parse(withSignedIds(Buffer.from(JSON.stringify(value)), sign).toString());
const opened = (value: unknown): unknown => {
  const body = withOpenedIds(Buffer.from(JSON.stringify(value)), {
    signed: (text) => (text.endsWith('!') ? text.slice(0, -1) : undefined),
    raw: (text, field) => {
      throw new Error(`${field}: ${text}`);
    },
  });
  return body === undefined ? undefined : JSON.parse(body.toString());
};

test('ids of objects are told by their names, and other ids are not taken for them', () => {
  for (const name of [
    'id',
    'file_id',
    'file_ids',
    'input_file_id',
    'batch_id',
    'training_file',
    'first_id',
    'input_files',
  ])
    assert.ok(isIdField(name), name);
  for (const name of [
    'custom_id',
    'tool_call_id',
    'request_id',
    'model',
    'user_id',
    'identity',
    'paid',
    'object',
  ])
    assert.ok(!isIdField(name), name);
});

test('an answer has its ids signed, in lists and deep inside, and all else as it was, byte for byte', () => {
  const body =
    '{ "object":"list","data" : [{"id":"batch_1","n":1.0,"input_file_id":"file-1","errors":null,"metadata":{"id":"mine"}}],"last_id":"batch_1","file_ids":["a","b"] }';
  assert.equal(
    withSignedIds(Buffer.from(body), sign).toString(),
    '{ "object":"list","data" : [{"id":"batch_1!","n":1.0,"input_file_id":"file-1!","errors":null,"metadata":{"id":"mine"}}],"last_id":"batch_1!","file_ids":["a!","b!"] }',
  );
  const nothing = Buffer.from('{"object":"list","data":[]}');
  assert.equal(withSignedIds(nothing, sign), nothing, 'not even copied');
  const broken = Buffer.from('{"id":"a"');
  assert.equal(withSignedIds(broken, sign), broken);
});

test('addresses of the provider become ours', () => {
  const body = Buffer.from('{"results_url":"https://up.test/v1/x","id":"a","url":"https://up.test/v1/y"}');
  const told = withSignedIds(body, sign, (url) => url.replace('https://up.test', 'http://here'));
  assert.equal(told.toString(), '{"results_url":"http://here/v1/x","id":"a!","url":"https://up.test/v1/y"}');
});

test('a request has its ids opened wherever they stand, but for texts and what the client keeps for itself', () => {
  const sent = {
    input_file_id: 'file-1!',
    tool_resources: { code_interpreter: { file_ids: ['file-2!'] } },
    source: ['file-3!'],
    metadata: { file_id: 'file-4!' },
    content: 'file-5!',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'file-6!' }] }],
  };
  assert.deepEqual(opened(sent), {
    input_file_id: 'file-1',
    tool_resources: { code_interpreter: { file_ids: ['file-2'] } },
    source: ['file-3'],
    metadata: { file_id: 'file-4!' },
    content: 'file-5!',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'file-6!' }] }],
  });
  assert.throws(() => opened({ training_file: 'file-1' }), /training_file: file-1/);
  assert.throws(() => opened({ deep: [{ vector_store_ids: ['vs!', 'vs_2'] }] }), /vector_store_ids: vs_2/);
  assert.deepEqual(opened({ file_id: '' }), { file_id: '' });
  assert.equal(
    withOpenedIds(Buffer.from('{"a":'), { signed: () => undefined, raw: () => undefined }),
    undefined,
  );
});

test('links to files in a text are opened one by one', () => {
  const links = (text: string): unknown =>
    (
      JSON.parse(
        withOpenedIds(Buffer.from(JSON.stringify({ content: text })), {
          signed: (id) => (id.endsWith('.signed') ? id.slice(0, -7) : undefined),
          raw: (id) => {
            throw new Error(id);
          },
        })?.toString() ?? '',
      ) as { content: unknown }
    ).content;
  assert.equal(links('fileid://file-1.signed,fileid://file-2.signed'), 'fileid://file-1,fileid://file-2');
  assert.equal(links('see fileid://file-1'), 'see fileid://file-1');
  assert.throws(() => links('fileid://file-1.signed,fileid://file-2'), /^Error: file-2$/);
});

test('what was signed opens again', () => {
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'small' },
      fc.stringMatching(/^[a-z]{1,6}$/),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('id', 'file_ids', 'name', 'metadata', 'data'), tie('node'), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
    ),
  })).node;
  fc.assert(
    fc.property(value, (each) => {
      assert.deepEqual(opened(signed({ each })), { each });
    }),
  );
});

/** What of a call would make a provider read an object. */
function referencesIn(body: unknown): string[] {
  const found: string[] = [];
  withOpenedIds(Buffer.from(JSON.stringify(body)), {
    signed: () => undefined,
    raw: (id, field, path) => {
      if (isObjectReference(field, path)) found.push(id);
    },
  });
  return found;
}

test('a call refers to files, stores, conversations and containers in these places', () => {
  const calls = [
    { messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'X' } }] }] },
    { messages: [{ role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'X' } }] }] },
    { messages: [{ role: 'user', content: [{ type: 'container_upload', file_id: 'X' }] }] },
    {
      messages: [
        {
          role: 'user',
          content: [{ type: 'tool_result', content: [{ type: 'image', source: { file_id: 'X' } }] }],
        },
      ],
    },
    { messages: [{ role: 'user', content: { file_id: 'X' } }] },
    { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'X' }] }] },
    { input: { content: { file_id: 'X' } } },
    { input: [{ input: { file_id: 'X' } }] },
    { args: { file_id: 'X' } },
    { response: [{ file_id: 'X' }] },
    { input: [{ type: 'function_call_output', output: [{ type: 'input_image', file_id: 'X' }] }] },
    { tools: [{ type: 'file_search', vector_store_ids: ['X'] }] },
    { tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: ['X'] } }] },
    { tools: [{ type: 'code_interpreter', container: 'X' }] },
    { tools: [{ type: 'shell', environment: { type: 'container_reference', container_id: 'X' } }] },
    { conversation: 'X' },
    { conversation: { id: 'X' } },
    { container: 'X' },
    { container: { id: 'X', skills: [{ skill_id: 'xlsx' }] } },
  ];
  for (const call of calls) assert.deepEqual(referencesIn(call), ['X'], JSON.stringify(call));
});

test('what a tool was given or said, and what an answer told of its sources, is said again as it was', () => {
  const calls = [
    {
      messages: [
        {
          role: 'assistant',
          content: [{ type: 'tool_use', input: { file_id: '1', in: { file_ids: ['2'] } } }],
        },
      ],
    },
    { contents: [{ parts: [{ functionCall: { name: 'f', args: { file_id: '1' } } }] }] },
    { contents: [{ parts: [{ functionResponse: { name: 'f', response: { file_id: '1' } } }] }] },
    {
      input: [
        {
          type: 'message',
          content: [{ type: 'output_text', annotations: [{ type: 'file_citation', file_id: '1' }] }],
        },
      ],
    },
    { input: [{ type: 'file_search_call', id: 'fs_1', results: [{ file_id: '1' }] }] },
    { input: [{ type: 'code_interpreter_call', container_id: '1' }] },
    {
      messages: [
        {
          role: 'assistant',
          content: [
            {
              type: 'bash_code_execution_tool_result',
              content: { type: 'r', content: [{ type: 'bash_code_execution_output', file_id: '1' }] },
            },
          ],
        },
      ],
    },
    {
      tools: [
        { input_schema: { properties: { file_id: { type: 'string' }, container: { type: 'string' } } } },
      ],
    },
  ];
  for (const call of calls) assert.deepEqual(referencesIn(call), [], JSON.stringify(call));
});
