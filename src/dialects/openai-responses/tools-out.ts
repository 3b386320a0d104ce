/**
 * The tools of a Responses request as functions, which is all that other dialects have. A custom tool, which takes a
 * text, becomes a function with that text as its one argument: its calls are told as calls of a custom tool again. Tools
 * that the provider itself runs are left out and named.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { partsOf } from './wire.ts';

export type PortableTools = {
  readonly tools: readonly JsonObject[] | undefined;
  readonly toolChoice: unknown;
  /** The names of those that take a text. */
  readonly textTools: readonly string[];
};

export function portableTools(fields: JsonObject, dropped: Set<string>): PortableTools {
  const textTools: string[] = [];
  const tools: JsonObject[] = [];
  for (const tool of partsOf(fields['tools'])) {
    const { type, name } = tool;
    if (typeof name === 'string' && type === 'custom') {
      textTools.push(name);
      tools.push(functionOf(tool));
    } else if (typeof name === 'string' && type === 'function') {
      tools.push(tool);
      for (const [field, value] of Object.entries(tool))
        if (!FUNCTION_FIELDS.has(field) && value !== null && value !== false) dropped.add(field);
    } else dropped.add(textOf(type) || 'tools');
  }
  // Without tools there is nothing to choose, and an empty list is refused.
  const toolChoice = choiceOf(fields['tool_choice'], tools);
  if (toolChoice === undefined && !asksNothing(fields['tool_choice'])) dropped.add('tool_choice');
  return { tools: tools.length === 0 ? undefined : tools, toolChoice, textTools };
}

/** `strict` is among what gets lost. */
const FUNCTION_FIELDS = new Set(['type', 'name', 'description', 'parameters']);

const asksNothing = (choice: unknown): boolean =>
  choice === undefined || choice === null || choice === 'auto' || choice === 'none';

function choiceOf(choice: unknown, tools: readonly JsonObject[]): unknown {
  if (tools.length === 0) return undefined;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  const name = objectOf(choice)?.['name'];
  return tools.some((tool) => tool['name'] === name) ? { type: 'function', name } : undefined;
}

const INPUT = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] } as const;

function functionOf(tool: JsonObject): JsonObject {
  const format = objectOf(tool['format']);
  const grammar = textOf(format?.['definition']);
  const rule =
    grammar === '' ? '' : `The input follows this ${textOf(format?.['syntax'])} grammar:\n${grammar}`;
  const description = [textOf(tool['description']), rule].filter((text) => text !== '').join('\n\n');
  return {
    type: 'function',
    name: tool['name'],
    ...(description === '' ? {} : { description }),
    parameters: INPUT,
  };
}

/** The text for a custom tool from the arguments of such a function: what is none of them is the text itself. */
export function textInputOf(said: string): string {
  const value = parseJson(said);
  const input = isJsonObject(value) ? value['input'] : undefined;
  return typeof input === 'string' ? input : said;
}
