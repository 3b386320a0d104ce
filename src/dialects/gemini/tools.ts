/**
 * What a request of Gemini's wire format says of tools: functions of the client's own and which of them may or must be
 * called. Tools of Google's own have no neutral form.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ChatRequest, ChatTool } from '../../domain/chat.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { jsonSchemaOf } from './schema.ts';
import { camelOf, fieldOf, listOf } from './wire.ts';

const FUNCTIONS = 'functionDeclarations';

const declarationsIn = (tools: unknown): JsonObject[] =>
  listOf(tools).flatMap((tool) => listOf(fieldOf(tool, FUNCTIONS)));

export const readTools = (tools: unknown): ChatTool[] | undefined =>
  Array.isArray(tools) ? declarationsIn(tools).map(toolOf) : undefined;

function toolOf(declaration: JsonObject): ChatTool {
  const { name, description } = declaration;
  const parameters =
    fieldOf(declaration, 'parametersJsonSchema') ?? jsonSchemaOf(declaration['parameters']) ?? undefined;
  return {
    name: textOf(name),
    ...(typeof description === 'string' ? { description } : {}),
    ...(parameters === undefined ? {} : { parameters }),
  };
}

const KEPT_FIELDS = new Set(['name', 'description', 'parametersJsonSchema']);

/** The neutral form holds all of them. */
export const arePlainTools = (tools: unknown): boolean =>
  listOf(tools).every((tool) => Object.keys(tool).every((name) => name === FUNCTIONS)) &&
  listOf(tools).length <= 1 &&
  declarationsIn(tools).every((each) => Object.keys(each).every((name) => KEPT_FIELDS.has(name)));

const CARRIED_FIELDS = new Set([...KEPT_FIELDS, 'parameters']);

/** What of them another dialect has no place for, by the client's own names. */
export function lostOfTools(tools: unknown): string[] {
  const others = listOf(tools).flatMap((tool) =>
    Object.keys(tool).filter((name) => camelOf(name) !== FUNCTIONS),
  );
  const fields = declarationsIn(tools).flatMap((each) =>
    Object.keys(each).filter((name) => !CARRIED_FIELDS.has(camelOf(name))),
  );
  return [...others, ...fields];
}

export const writeTools = (tools: readonly ChatTool[]): JsonObject[] => [
  {
    [FUNCTIONS]: tools.map(({ name, description, parameters }) => ({
      name,
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parametersJsonSchema: parameters }),
    })),
  },
];

const callingIn = (toolConfig: unknown): JsonObject | undefined =>
  objectOf(fieldOf(objectOf(toolConfig), 'functionCallingConfig'));

/** The functions that may be called, where not all may. */
export const allowedIn = (toolConfig: unknown): readonly unknown[] => {
  const allowed = fieldOf(callingIn(toolConfig), 'allowedFunctionNames');
  return Array.isArray(allowed) ? allowed : [];
};

export function readToolChoice(toolConfig: unknown): ChatRequest['toolChoice'] {
  const [name, ...others] = allowedIn(toolConfig);
  switch (callingIn(toolConfig)?.['mode']) {
    case 'AUTO':
    case 'VALIDATED':
      return 'auto';
    case 'NONE':
      return 'none';
    case 'ANY':
      return typeof name === 'string' && others.length === 0 ? { name } : 'required';
    default:
      return undefined;
  }
}

export function isPlainChoice(toolConfig: unknown): boolean {
  if (toolConfig === undefined) return true;
  const choice = readToolChoice(toolConfig);
  return choice !== undefined && JSON.stringify(writeToolChoice(choice)) === JSON.stringify(toolConfig);
}

export function writeToolChoice(choice: NonNullable<ChatRequest['toolChoice']>): JsonObject {
  if (typeof choice === 'object')
    return { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: [choice.name] } };
  return {
    functionCallingConfig: { mode: choice === 'auto' ? 'AUTO' : choice === 'none' ? 'NONE' : 'ANY' },
  };
}
