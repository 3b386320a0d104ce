/**
 * An order that a simulated model can carry out: "write the file NAME with the text TEXT". With a tool of an agent that
 * runs commands, writes files or applies patches it becomes one call, with arguments in the words of that tool's schema.
 * So agents can be driven through a whole turn without a model that thinks.
 */

import { isJsonObject } from '../base/json.ts';
import type { ChatRequest, ChatTool } from '../domain/chat.ts';
import { sampleOf } from './sample-json.ts';

export type FileOrder = {
  readonly file: string;
  readonly text: string;
  /** The user wants it done without a shell. */
  readonly isShy: boolean;
};

export type OrderedCall = { readonly tool: ChatTool; readonly arguments: string };

/** A name that needs no quotes in a shell; the text in quotes, or to the end of its line. */
const ORDER =
  /\bwrite the file [`"']?([\w./-]+)[`"']? with the text (?:"([^"\n]+)"|'([^'\n]+)'|`([^`\n]+)`|([^\n]+))/i;

/** The last order of the user's, unless something was done about it or said to it. */
export function orderOf({ messages }: ChatRequest): FileOrder | undefined {
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const message = messages[at];
    if (message?.role === 'tool' || message?.role === 'assistant') return undefined;
    if (message?.role !== 'user') continue;
    const said = message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n');
    const [, file, ...texts] = ORDER.exec(said) ?? [];
    const text = texts.find((each) => each !== undefined);
    if (file !== undefined && text !== undefined)
      return { file, text: text.trim(), isShy: /\bwithout a shell\b/i.test(said) };
  }
  return undefined;
}

/** Undefined where no tool can do it. */
export function callFor(order: FileOrder, tools: readonly ChatTool[]): OrderedCall | undefined {
  for (const skill of order.isShy ? [WRITER, PATCHER] : [SHELL, WRITER, PATCHER, SCRIPTER])
    for (const tool of tools) {
      const filled = skill.names.test(tool.name) ? argumentsOf(tool, skill, order) : undefined;
      if (filled !== undefined) return { tool, arguments: JSON.stringify(filled) };
    }
  return undefined;
}

type Field = { readonly names: RegExp; value(order: FileOrder, schema: unknown): unknown };

/** What tools of one kind are called, whatever stands before as the name of a space, and the fields that matter. */
type Skill = { readonly names: RegExp; readonly fields: readonly Field[] };

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const commandOf = ({ file, text }: FileOrder): string => `printf '%s\\n' ${quoted(text)} > ${file}`;

const isList = (schema: unknown): boolean =>
  isJsonObject(schema) && [schema['type']].flat().includes('array');

/** The surest: it takes a path as it is, where tools that write demand an absolute one. */
const SHELL: Skill = {
  names:
    /(?:^|[./]|__)(?:bash|shell|local_shell|shell_command|exec|exec_command|execute_command|run_command|run_shell_command|run_terminal_cmd)$/i,
  fields: [
    {
      names: /^(?:command|cmd|script|command_line)$/,
      value: (order, schema) => (isList(schema) ? ['bash', '-lc', commandOf(order)] : commandOf(order)),
    },
  ],
};

const WRITER: Skill = {
  names: /(?:^|[./]|__)(?:write|write_file|create|create_file|write_to_file)$/i,
  fields: [
    { names: /^(?:file_?path|path|absolute_path|file_?name|target_file)$/i, value: ({ file }) => file },
    { names: /^(?:contents?|text|file_text)$/, value: ({ text }) => `${text}\n` },
  ],
};

/** The language of OpenAI's patches: https://github.com/openai/codex/blob/main/codex-rs/apply-patch/apply_patch_tool_instructions.md */
const PATCHER: Skill = {
  names: /(?:^|[./]|__)apply_patch$/i,
  fields: [
    {
      names: /^(?:input|patch|patch_?text)$/i,
      value: ({ file, text }) => `*** Begin Patch\n*** Add File: ${file}\n+${text}\n*** End Patch\n`,
    },
  ],
};

/** A tool that takes a script, from which the shell is called as one tool of many: so Codex works with its newest models. */
const SCRIPTER: Skill = {
  names: /(?:^|[./]|__)exec$/i,
  fields: [
    {
      names: /^input$/,
      value: (order) => `text(await tools.exec_command(${JSON.stringify({ cmd: commandOf(order) })}));`,
    },
  ],
};

/** What the skill needs and what the schema demands beside it; undefined where the tool has no place for the order. */
function argumentsOf(
  { parameters }: ChatTool,
  { fields }: Skill,
  order: FileOrder,
): Readonly<Record<string, unknown>> | undefined {
  const schema = isJsonObject(parameters) ? parameters : {};
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const filled: Record<string, unknown> = {};
  for (const { names, value } of fields) {
    const name = Object.keys(properties).find((each) => names.test(each));
    if (name === undefined) return undefined;
    filled[name] = value(order, properties[name]);
  }
  for (const name of [schema['required'] ?? []].flat())
    if (typeof name === 'string' && !(name in filled)) filled[name] = besideOf(properties[name], order);
  return filled;
}

/** Off is what most switches of a tool are when nobody thinks of them. */
function besideOf(schema: unknown, { file }: FileOrder): unknown {
  const isSwitch = isJsonObject(schema) && schema['type'] === 'boolean' && !('default' in schema);
  return isSwitch ? false : sampleOf(schema, `Write the file ${file}`);
}
