/**
 * A request of OpenAI chat for an upstream of another dialect: what it says in its oldest and in its newest words (functions
 * without an id, tools that take a text, a choice among some of the tools) is said in those that every dialect has, and
 * what none has is left out and named.
 */

import { isJsonObject, type JsonObject } from '../../base/json.ts';
import type { ToolForm } from '../../domain/answer-terms.ts';
import type { Crossing } from '../dialect.ts';
import { readFields, readHead, requestOf } from './request.ts';
import { textArguments, textFunction } from './text-tools.ts';
import { objectOf, textOf } from './wire.ts';

export function readCrossing(body: Uint8Array): Crossing {
  const head = readHead(body);
  const { functions, function_call, ...fields } = readFields(body);
  const dropped = new Set<string>();
  const forms = new Map<string, ToolForm>();
  const old = listOf(functions);
  const given = [...listOf(fields['tools']), ...old.map((each) => ({ type: 'function', function: each }))];
  const choice = allowedOf(fields['tool_choice'] ?? choiceOfOld(function_call));
  const tools = given.flatMap((tool) => portableTool(tool, { dropped, forms }));
  const left = tools.filter(
    (tool) => choice.names === undefined || choice.names.has(textOf(objectOf(tool['function'])?.['name'])),
  );
  // Without tools there is nothing to choose, and an empty list is refused.
  const isLeft = left.length > 0;
  if (!isLeft && asks(choice.choice)) dropped.add('tool_choice');
  const { tools: _tools, tool_choice: _choice, parallel_tool_calls: parallel, ...rest } = fields;
  const request = requestOf(head, {
    ...rest,
    messages: portableMessages(listOf(fields['messages']), dropped),
    ...(isLeft ? { tools: left } : {}),
    ...(isLeft && choice.choice !== undefined ? { tool_choice: choice.choice } : {}),
    ...(isLeft && parallel !== undefined ? { parallel_tool_calls: parallel } : {}),
    // In the oldest form an answer has one call.
    ...(isLeft && old.length > 0 ? { parallel_tool_calls: false } : {}),
  });
  return {
    request,
    dropped: [...dropped],
    terms: {
      ...(forms.size === 0 ? {} : { tools: forms }),
      ...(old.length === 0 ? {} : { oldFunctions: true }),
    },
  };
}

const listOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

const asks = (choice: unknown): boolean =>
  choice !== undefined && choice !== null && choice !== 'auto' && choice !== 'none';

const choiceOfOld = (choice: unknown): unknown =>
  isJsonObject(choice) ? { type: 'function', function: choice } : (choice ?? undefined);

type Choice = { readonly choice: unknown; readonly names?: ReadonlySet<string> };

/** https://platform.openai.com/docs/api-reference/chat/create#chat-create-tool_choice */
function allowedOf(choice: unknown): Choice {
  const asked = objectOf(choice);
  const name = textOf(objectOf(asked?.['custom'])?.['name']);
  if (asked?.['type'] === 'custom') return { choice: { type: 'function', function: { name } } };
  const allowed = objectOf(asked?.['allowed_tools']);
  if (asked?.['type'] !== 'allowed_tools' || allowed === undefined) return { choice: choice ?? undefined };
  const names = listOf(allowed['tools']).map((tool) => textOf(bodyOf(tool)?.['name']));
  return { choice: allowed['mode'], names: new Set(names) };
}

const bodyOf = (tool: JsonObject): JsonObject | undefined =>
  objectOf(tool['function']) ?? objectOf(tool['custom']);

const TOOL_FIELDS = new Set(['type', 'function', 'custom', 'index', 'id']);
const FUNCTION_FIELDS = new Set(['name', 'description', 'parameters', 'format', 'arguments', 'input']);

function nameLost(value: JsonObject, known: ReadonlySet<string>, dropped: Set<string>): void {
  for (const [name, each] of Object.entries(value))
    if (!known.has(name) && saysSomething(each)) dropped.add(name);
}

const saysSomething = (value: unknown): boolean =>
  value !== null && value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);

function portableTool(
  tool: JsonObject,
  { dropped, forms }: { readonly dropped: Set<string>; readonly forms: Map<string, ToolForm> },
): JsonObject[] {
  const { type } = tool;
  const body = bodyOf(tool);
  const name = textOf(body?.['name']);
  if (body === undefined || name === '' || (type !== 'function' && type !== 'custom')) {
    dropped.add(textOf(type) || 'tools');
    return [];
  }
  nameLost(tool, TOOL_FIELDS, dropped);
  nameLost(body, FUNCTION_FIELDS, dropped);
  if (type === 'function') return [tool];
  forms.set(name, { name, kind: 'custom' });
  const grammar = objectOf(objectOf(body['format'])?.['grammar']);
  const target = textFunction({
    name,
    description: textOf(body['description']),
    syntax: textOf(grammar?.['syntax']),
    definition: textOf(grammar?.['definition']),
  });
  return [{ type: 'function', function: target }];
}

const MESSAGE_FIELDS = new Set([
  ...['role', 'content', 'name', 'tool_calls', 'tool_call_id', 'reasoning_content', 'refusal'],
  'function_call',
]);

function portableMessages(messages: readonly JsonObject[], dropped: Set<string>): JsonObject[] {
  let oldCalls = 0;
  return messages.map((message) => {
    nameLost(message, MESSAGE_FIELDS, dropped);
    const { function_call, refusal, ...rest } = message;
    if (message['role'] === 'function') {
      const { name: _name, ...result } = rest;
      return { ...result, role: 'tool', tool_call_id: `call_${oldCalls}` };
    }
    const old = objectOf(function_call);
    if (old !== undefined) oldCalls += 1;
    const calls = [
      ...listOf(message['tool_calls']).map((call) => portableCall(call, dropped)),
      ...(old === undefined ? [] : [{ id: `call_${oldCalls}`, type: 'function', function: old }]),
    ];
    return {
      ...rest,
      content: saidOf(rest['content'], refusal),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
  });
}

function portableCall(call: JsonObject, dropped: Set<string>): JsonObject {
  nameLost(call, TOOL_FIELDS, dropped);
  const custom = objectOf(call['custom']);
  if (custom === undefined) {
    const target = objectOf(call['function']);
    // Others read JSON, and nothing is none.
    return target?.['arguments'] === '' ? { ...call, function: { ...target, arguments: '{}' } } : call;
  }
  return {
    ...call,
    type: 'function',
    function: { name: custom['name'], arguments: textArguments(custom['input']) },
  };
}

/** What a model refused with is what it said. */
function saidOf(content: unknown, refusal: unknown): unknown {
  if (typeof refusal === 'string' && (content === null || content === undefined || content === ''))
    return refusal;
  if (!Array.isArray(content)) return content;
  return (content as unknown[]).map((part) =>
    isJsonObject(part) && part['type'] === 'refusal' ? { type: 'text', text: textOf(part['refusal']) } : part,
  );
}
