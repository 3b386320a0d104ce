import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChatRequest } from '../domain/chat.ts';
import { withTakenNames } from './tool-names.ts';

const requestOf = (name: string, id = 'call_1'): ChatRequest => ({
  ...{ model: 'm', stream: false, wantsUsage: false, extra: {} },
  messages: [
    { role: 'user', parts: [] },
    { role: 'assistant', parts: [], toolCalls: [{ id, name, arguments: '{}' }] },
    { role: 'tool', parts: [], toolCallId: id },
  ],
  tools: [{ name }],
  toolChoice: { name },
});

const LONG = `mcp__${'server_'.repeat(12)}__tool`;

describe('names and ids for another dialect', () => {
  it('stay as they are where they are taken so', () => {
    for (const dialect of ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const) {
      const { request, names } = withTakenNames(requestOf('get_weather'), dialect);
      assert.deepEqual([request, names], [requestOf('get_weather'), undefined]);
    }
    assert.equal(withTakenNames(requestOf(LONG), 'anthropic-messages').names, undefined);
    assert.equal(withTakenNames(requestOf('a.b:c'), 'gemini').names, undefined);
  });

  it('are brought to what is taken, everywhere the same, and found again', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(LONG, 'files.read', '读'), fc.string({ unit: 'grapheme', minLength: 1 })),
        fc.constantFrom('functions.look:0', 'call_1', '呼'.repeat(90)),
        (name, id) => {
          for (const [dialect, taken] of [
            ['openai-chat', /^[\w-]{1,64}$/],
            ['anthropic-messages', /^[\w-]{1,128}$/],
          ] as const) {
            const { request, names } = withTakenNames(requestOf(name, id), dialect);
            const [, assistant, tool] = request.messages;
            const [call] = assistant?.toolCalls ?? [];
            assert.match(call?.name ?? '', taken);
            assert.deepEqual(
              [request.tools, request.toolChoice],
              [[{ name: call?.name }], { name: call?.name }],
            );
            assert.equal(names?.get(call?.name ?? '') ?? call?.name, name);
            assert.equal(call?.id, tool?.toolCallId);
            if (dialect === 'anthropic-messages') assert.match(call?.id ?? '', taken);
            assert.ok((call?.id ?? '').length <= 64);
          }
        },
      ),
    );
  });

  it('are told apart though they look alike', () => {
    const nameOf = (name: string) => withTakenNames(requestOf(name), 'openai-chat').request.tools?.[0]?.name;
    assert.notEqual(nameOf('a.b'), nameOf('a:b'));
    assert.notEqual(nameOf(`${LONG}1`), nameOf(`${LONG}2`));
  });
});
