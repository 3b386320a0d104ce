import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixturesOf } from '../dialect.suite.ts';
import { anthropicMessages } from './anthropic-messages.ts';

/** The plain answer made of a recorded stream. */
function assembled(name: string) {
  const fixture = fixturesOf(anthropicMessages, '.sse').find((each) => each.name === name);
  assert.ok(fixture, name);
  const reader = anthropicMessages.streamReader();
  const assembler = anthropicMessages.assembler();
  for (const chunk of [...reader.push(fixture.bytes), ...reader.finish()]) assembler.push(chunk);
  return JSON.parse(assembler.finish().frame.toString());
}

test('thoughts keep their seal, and stay apart where they were', () => {
  assert.deepEqual(assembled('interleaved-thinking.sse').content, [
    { type: 'thinking', thinking: 'First.', signature: 'ErUBSigOne' },
    { type: 'thinking', thinking: 'Second.', signature: 'ErUBSigTwo' },
    { type: 'tool_use', id: 'toolu_01Z', name: 'x', input: {} },
  ]);
});

test('arguments of parallel calls become their inputs', () => {
  const { content, stop_reason } = assembled('parallel-tools.sse');
  assert.deepEqual(
    content.map(({ input }: { input: unknown }) => input),
    [{ city: '北京' }, { zone: 'Asia/Shanghai', note: 'a\n"b"' }, {}],
  );
  assert.equal(stop_reason, 'tool_use');
});

test('arguments that were cut are what was said, under a reason that says why', () => {
  const { content, stop_reason } = assembled('max-tokens-in-tool.sse');
  assert.deepEqual(content[0].input, { arguments: '{"path": "a.txt", "content": "the beg' });
  assert.equal(stop_reason, 'max_tokens');
});

test('what means nothing here is in the answer all the same', () => {
  const { content, usage } = assembled('server-tool.sse');
  assert.deepEqual(
    content.map(({ type }: { type: string }) => type),
    ['server_tool_use', 'web_search_tool_result', 'text'],
  );
  assert.deepEqual(content[0].input, { query: 'weather NYC' });
  assert.equal(content[2].citations[0].cited_text, 'Cloudy');
  assert.deepEqual(usage.server_tool_use, { web_search_requests: 1 });
  assert.match(assembled('redacted-thinking.sse').content[0].data, /^EmwK/);
});

test('the usage is that of the end, with what only the beginning told', () => {
  const { usage, context_management } = assembled('cache-usage.sse');
  assert.deepEqual(
    [usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens, usage.service_tier],
    [4, 18_304, 6, 'standard'],
  );
  assert.deepEqual(context_management, { applied_edits: [] });
});
