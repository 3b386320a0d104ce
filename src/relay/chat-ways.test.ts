import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openaiChat } from '../dialects/openai-chat/openai-chat.ts';
import type { DialectId } from '../domain/call.ts';
import { providerOf } from '../providers/index.ts';
import { inItsWay, portable } from './chat-ways.ts';

/** The fields that a provider gets beside model and messages, and what was left out. */
function asked(id: string, model: string, fields: object, dialect: DialectId = 'openai-chat') {
  const provider = providerOf(id) ?? assert.fail(id);
  const body = { model, messages: [{ role: 'user', content: 'hi' }], ...fields };
  const request = openaiChat.readRequest(Buffer.from(JSON.stringify(body)));
  const dropped = new Set<string>();
  const target = { provider, dialect, dropped };
  const written = JSON.parse(
    openaiChat.writeRequest(inItsWay(portable(request, target), target)).toString(),
  ) as Record<string, unknown>;
  const { model: _model, messages, ...rest } = written;
  return { fields: rest, messages, dropped: [...dropped] };
}

const BUDGET = { enable_thinking: true, thinking_budget: 5_000 };
const ADAPTIVE = { enable_thinking: true, reasoning_effort: 'high' };
const OFF = { enable_thinking: false };

describe('a wish for thinking that crosses to OpenAI chat', () => {
  const waysOf = (id: string, model: string) =>
    [BUDGET, ADAPTIVE, OFF].map((wish) => {
      const { fields, dropped } = asked(id, model, wish);
      return dropped.length === 0 ? fields : dropped;
    });

  it('is a switch and a budget at Model Studio', () => {
    assert.deepEqual(waysOf('qwen', 'qwen3-max'), [BUDGET, { enable_thinking: true }, OFF]);
    const much = asked('qwen', 'qwen3-max', { enable_thinking: true, thinking_budget: 60_000 });
    assert.deepEqual(much.fields, { enable_thinking: true });
    assert.deepEqual(asked('qwen', 'qwen3-max', { reasoning_effort: 'low' }).fields, {
      ...{ enable_thinking: true, thinking_budget: 2_048 },
    });
    assert.deepEqual(asked('qwen', 'qwen3-max', { reasoning_effort: 'none' }).fields, OFF);
  });

  it('is not said there to models that only think, or never do', () => {
    for (const model of ['qwen3-coder-plus', 'qwen-max', 'qwen3-next-80b-a3b-thinking', 'qwq-plus'])
      assert.deepEqual(waysOf('qwen', model), [['thinking'], ['thinking'], {}]);
  });

  it('is a type at DeepSeek, with the effort, and one without at Zhipu and Moonshot', () => {
    const [on, off] = [{ thinking: { type: 'enabled' } }, { thinking: { type: 'disabled' } }];
    assert.deepEqual(waysOf('deepseek', 'deepseek-chat'), [
      { ...on, reasoning_effort: 'medium' },
      { ...on, reasoning_effort: 'high' },
      off,
    ]);
    assert.deepEqual(waysOf('zhipu', 'glm-5'), [on, on, off]);
    assert.deepEqual(waysOf('moonshot', 'kimi-k2.5'), [on, on, off]);
    assert.deepEqual(waysOf('moonshot', 'kimi-k2-thinking'), [['thinking'], ['thinking'], {}]);
  });

  it('is an effort elsewhere, in words that the model knows', () => {
    assert.deepEqual(waysOf('openai', 'gpt-5.2'), [
      { reasoning_effort: 'medium' },
      { reasoning_effort: 'high' },
      {},
    ]);
    assert.deepEqual(waysOf('openai', 'gpt-4o'), [['thinking'], ['thinking'], {}]);
    assert.deepEqual(waysOf('mistral', 'mistral-large-latest'), [['thinking'], ['thinking'], {}]);
    const most = (model: string) => asked('openai', model, { reasoning_effort: 'max' }).fields;
    assert.deepEqual(most('gpt-5.2'), { reasoning_effort: 'xhigh' });
    assert.deepEqual(most('gpt-5'), { reasoning_effort: 'high' });
    assert.deepEqual(asked('openai-compatible', 'm', { reasoning_effort: 'none' }).fields, {
      reasoning_effort: 'none',
    });
    assert.deepEqual(asked('openai-compatible', 'm', { enable_thinking: true }).fields, {});
  });

  it('gives way to a tool that must be called, and at Model Studio to JSON', () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const forced = { ...ADAPTIVE, tools, tool_choice: 'required' };
    for (const [id, model] of [
      ['qwen', 'qwen3-max'],
      ['moonshot', 'kimi-k2.5'],
    ] as const) {
      const { fields, dropped } = asked(id, model, forced);
      assert.deepEqual(dropped, ['thinking']);
      const off = id === 'qwen' ? OFF : { thinking: { type: 'disabled' } };
      assert.deepEqual(fields, { ...off, tools, tool_choice: 'required' });
    }
    const json = { ...ADAPTIVE, response_format: { type: 'json_object' } };
    assert.deepEqual(asked('qwen', 'qwen3-max', json).dropped, ['thinking']);
    assert.deepEqual(asked('zhipu', 'glm-5', json).dropped, []);
    assert.equal(asked('openai', 'gpt-5', forced).fields['reasoning_effort'], 'high');
  });

  it('is an effort for the other dialects, which have nothing else', () => {
    const fieldsIn = (dialect: DialectId) => asked('openai', 'gpt-5', BUDGET, dialect).fields;
    assert.deepEqual(fieldsIn('openai-responses'), { reasoning_effort: 'medium' });
    assert.deepEqual(fieldsIn('anthropic-messages'), BUDGET, 'its own file makes of it what it can');
  });
});

describe('a request that crosses to OpenAI chat', () => {
  it('loses the fields that its provider does not know, by name', () => {
    const seldom = { top_k: 3, repetition_penalty: 1.1, seed: 1 };
    assert.deepEqual(asked('qwen', 'qwen3-max', seldom), {
      ...{ fields: seldom, dropped: [], messages: [{ role: 'user', content: 'hi' }] },
    });
    const { fields, dropped } = asked('openai', 'gpt-5', seldom);
    assert.deepEqual([fields, dropped], [{ seed: 1 }, ['top_k', 'repetition_penalty']]);
  });

  it('stays below the temperature that its provider refuses', () => {
    const hot = asked('qwen', 'qwen3-max', { temperature: 2 });
    assert.deepEqual([hot.fields, hot.dropped], [{ temperature: 1.99 }, ['temperature']]);
    assert.deepEqual(asked('qwen', 'qwen3-max', { temperature: 1.9 }).dropped, []);
    assert.deepEqual(asked('qwen', 'qwen3-max', { temperature: 3 }).fields, { temperature: 3 });
    assert.deepEqual(asked('openai', 'gpt-5', { temperature: 2 }).fields, { temperature: 2 });
  });

  it('says where the cache ends to those who want to know', () => {
    const cache_control = { type: 'ephemeral' };
    const content = [{ type: 'text', text: 'hi', cache_control }];
    const messages = [{ role: 'user', content }];
    assert.deepEqual(asked('qwen', 'qwen3-max', { messages }).messages, messages);
    const other = asked('openai', 'gpt-5', { messages });
    assert.deepEqual(other.messages, [{ role: 'user', content: 'hi' }]);
    assert.deepEqual(other.dropped, ['cache_control']);
    assert.deepEqual(asked('anthropic', 'claude', { messages }, 'anthropic-messages').messages, messages);
    assert.deepEqual(asked('qwen', 'm', { messages }, 'openai-responses').dropped, ['cache_control']);
  });

  it('tells a thought before every call of tools where that is demanded', () => {
    const tool_calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }];
    const messages = [
      { role: 'assistant', content: 'No.' },
      { role: 'assistant', content: null, tool_calls },
      { role: 'assistant', content: null, tool_calls, reasoning_content: 'hm' },
      { role: 'tool', content: '1', tool_call_id: 'c' },
    ];
    const thoughtsAt = (id: string): unknown[] =>
      (asked(id, 'm', { messages }).messages as { reasoning_content?: string }[]).map(
        ({ reasoning_content }) => reasoning_content,
      );
    assert.deepEqual(thoughtsAt('deepseek'), [undefined, '', 'hm', undefined]);
    assert.deepEqual(thoughtsAt('moonshot'), [undefined, '', 'hm', undefined]);
    assert.deepEqual(thoughtsAt('qwen'), [undefined, undefined, 'hm', undefined]);
  });
});
