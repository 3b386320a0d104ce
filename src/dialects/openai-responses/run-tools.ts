/**
 * Tools of OpenAI's own that the client runs: shells and patches. Their calls and results have forms of their own; to
 * another provider they are shown as functions that take what such a call holds, and are told back in their own form.
 * Names: https://platform.openai.com/docs/guides/tools-shell, https://platform.openai.com/docs/guides/tools-apply-patch
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';
import type { ToolForm } from '../../domain/answer-terms.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';

type RunKind = Exclude<ToolForm['kind'], 'function' | 'custom'>;

type RunTool = {
  readonly description: string;
  readonly parameters: JsonObject;
  /** The field of the call that holds what the function takes. */
  readonly holder: 'action' | 'operation';
  /** What it always holds. */
  readonly fixed: JsonObject;
};

const text = { type: 'string' } as const;
const number = { type: 'integer' } as const;
const texts = { type: 'array', items: text } as const;

export const RUN_TOOLS: Readonly<Record<RunKind, RunTool>> = {
  local_shell: {
    description: "Runs a command on the user's machine and tells its output.",
    parameters: {
      type: 'object',
      properties: {
        command: { ...texts, description: 'The program and its arguments.' },
        working_directory: text,
        timeout_ms: number,
      },
      required: ['command'],
    },
    holder: 'action',
    fixed: { type: 'exec', env: {} },
  },
  shell: {
    description: "Runs commands in a shell on the user's machine and tells the output of each.",
    parameters: {
      type: 'object',
      properties: { commands: texts, timeout_ms: number, max_output_length: number },
      required: ['commands'],
    },
    holder: 'action',
    fixed: { timeout_ms: null, max_output_length: null },
  },
  apply_patch: {
    description:
      'Creates, changes or deletes one file. A diff is in the V4A format: lines after @@, with +, - or a space.',
    parameters: {
      type: 'object',
      properties: {
        type: { type: 'string', enum: ['create_file', 'update_file', 'delete_file'] },
        path: text,
        diff: text,
      },
      required: ['type', 'path'],
    },
    holder: 'operation',
    fixed: {},
  },
};

export const isRunKind = (value: unknown): value is RunKind =>
  typeof value === 'string' && Object.hasOwn(RUN_TOOLS, value);

/** Not those whose commands OpenAI runs in a container of its own. */
export const isRunByClient = (tool: JsonObject): boolean => {
  const place = objectOf(tool['environment'])?.['type'];
  return isRunKind(tool['type']) && (place === undefined || place === 'local');
};

const CALL = /^(local_shell|shell|apply_patch)_call$/;
const RESULT = /^(local_shell|shell|apply_patch)_call_output$/;

/** Such a call, or its result, as that of a function; undefined for other items. */
export function asFunctionItem(item: JsonObject): JsonObject | undefined {
  const type = textOf(item['type']);
  // Results of the older kind name the call by its id alone.
  const callId = textOf(item['call_id']) || textOf(item['id']);
  const kind = CALL.exec(type)?.[1];
  if (isRunKind(kind)) {
    const said = JSON.stringify(objectOf(item[RUN_TOOLS[kind].holder]) ?? {});
    return { type: 'function_call', call_id: callId, name: kind, arguments: said };
  }
  if (!RESULT.test(type)) return undefined;
  const { output, status } = item;
  const told = typeof output === 'string' || output === undefined ? textOf(output) : JSON.stringify(output);
  return {
    type: 'function_call_output',
    call_id: callId,
    output: told === '' ? textOf(status) || 'completed' : told,
  };
}

/** The fields of a call of this kind, from the arguments of the function; before they are whole it has none of them. */
export function runCallFields(kind: RunKind, said: string): JsonObject {
  const { holder, fixed, parameters } = RUN_TOOLS[kind];
  const value = parseJson(said);
  const given = isJsonObject(value) ? value : {};
  const empty = Object.fromEntries(
    (parameters['required'] as readonly string[]).map((name) => [name, kind === 'apply_patch' ? '' : []]),
  );
  return { [holder]: { ...fixed, ...empty, ...given } };
}
