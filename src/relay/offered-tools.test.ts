import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChatRequest } from '../domain/chat.ts';
import { withToolsOffered } from './offered-tools.ts';

const BASE: ChatRequest = { model: 'm', messages: [], stream: false, wantsUsage: false, extra: {} };
const offered = (more: Partial<ChatRequest>) => {
  const dropped = new Set<string>();
  return { ...withToolsOffered({ ...BASE, ...more }, dropped), dropped: [...dropped] };
};

describe('the tools of a request between dialects', () => {
  it('are no list where there are none, and then nothing is chosen', () => {
    const extra = { parallel_tool_calls: false, seed: 1 };
    const forced = offered({ tools: [], toolChoice: { name: 'web_search' }, extra });
    assert.deepEqual(forced, { ...BASE, extra: { seed: 1 }, dropped: ['tool_choice'] });
    assert.deepEqual(offered({ toolChoice: 'required' }), { ...BASE, dropped: ['tool_choice'] });
    assert.deepEqual(offered({ tools: [], toolChoice: 'auto' }), { ...BASE, dropped: [] });
  });

  it('are chosen among those that are there', () => {
    const tools = [{ name: 'f' }];
    const request = { ...BASE, tools, toolChoice: { name: 'f' } };
    assert.equal(withToolsOffered(request, new Set()), request);
    assert.deepEqual(offered({ tools, toolChoice: { name: 'gone' } }), {
      ...BASE,
      tools,
      dropped: ['tool_choice'],
    });
    assert.equal(offered({ tools, toolChoice: 'required' }).toolChoice, 'required');
  });
});
