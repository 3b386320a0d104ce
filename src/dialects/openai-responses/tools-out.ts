/**
 * The tools of a Responses request as functions, which is all that other dialects have, and the forms in which their
 * calls are told back. A custom tool, which takes a text, becomes a function with that text as its one argument; tools in
 * a namespace get a name that holds it; those that the input brings along stand with the others. Tools that the provider
 * itself runs are left out and named.
 */

import type { JsonObject } from '../../base/json.ts';
import type { ToolForm } from '../../domain/answer-terms.ts';
import { textFunction } from '../openai-chat/text-tools.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { flatName } from './flat-name.ts';
import { isRunByClient, isRunKind, RUN_TOOLS } from './run-tools.ts';
import { partsOf } from './wire.ts';

export type PortableTools = {
  readonly tools: readonly JsonObject[] | undefined;
  readonly toolChoice: unknown;
  /** Of those that are something else at the client, by their names on the way. */
  readonly forms: ReadonlyMap<string, ToolForm>;
};

type Gathered = {
  readonly tools: Map<string, JsonObject>;
  readonly forms: Map<string, ToolForm>;
  readonly dropped: Set<string>;
};

export function portableTools(fields: JsonObject, dropped: Set<string>): PortableTools {
  const gathered: Gathered = { tools: new Map(), forms: new Map(), dropped };
  const inInput = partsOf(fields['input']).filter(({ type }) => type === 'additional_tools');
  for (const tool of [fields, ...inInput].flatMap((holder) => partsOf(holder['tools'])))
    gather(gathered, tool, undefined);
  const choice = fields['tool_choice'];
  const allowed = allowedOf(choice);
  const tools = [...gathered.tools].flatMap(([name, tool]) =>
    allowed === undefined || allowed.names.has(name) ? [tool] : [],
  );
  // Without tools there is nothing to choose, and an empty list is refused.
  const toolChoice = choiceOf(allowed === undefined ? choice : allowed.mode, tools);
  if (toolChoice === undefined && !asksNothing(choice)) dropped.add('tool_choice');
  return { tools: tools.length === 0 ? undefined : tools, toolChoice, forms: gathered.forms };
}

function gather(to: Gathered, tool: JsonObject, namespace: string | undefined): void {
  const { type } = tool;
  const name = textOf(tool['name']);
  const flat = flatName(name, namespace);
  if (type === 'namespace' && namespace === undefined) {
    for (const each of partsOf(tool['tools'])) gather(to, each, name);
  } else if (name !== '' && (type === 'custom' || type === 'function')) {
    const form = { name, kind: type, ...(namespace === undefined ? {} : { namespace }) } as const;
    if (type === 'custom' || flat !== name) to.forms.set(flat, form);
    to.tools.set(flat, { ...(type === 'custom' ? customFunction(tool) : tool), name: flat });
    if (type === 'function')
      for (const [field, value] of Object.entries(tool))
        if (!FUNCTION_FIELDS.has(field) && value !== null && value !== false) to.dropped.add(field);
  } else if (isRunKind(type) && isRunByClient(tool)) {
    const { description, parameters } = RUN_TOOLS[type];
    to.forms.set(type, { name: type, kind: type });
    to.tools.set(type, { type: 'function', name: type, description, parameters });
  } else to.dropped.add(textOf(type) || 'tools');
}

/** `strict` is among what gets lost. */
const FUNCTION_FIELDS = new Set(['type', 'name', 'description', 'parameters']);

const asksNothing = (choice: unknown): boolean =>
  choice === undefined || choice === null || choice === 'auto' || choice === 'none';

/** Only some of the tools may be called now: the others are not shown. */
function allowedOf(
  choice: unknown,
): { readonly names: ReadonlySet<string>; readonly mode: unknown } | undefined {
  const asked = objectOf(choice);
  if (asked?.['type'] !== 'allowed_tools') return undefined;
  return { names: new Set(partsOf(asked['tools']).map(nameOfChoice)), mode: asked['mode'] };
}

const nameOfChoice = (choice: JsonObject): string =>
  flatName(textOf(choice['name']) || textOf(choice['type']), namespaceOf(choice));

function choiceOf(choice: unknown, tools: readonly JsonObject[]): unknown {
  if (tools.length === 0) return undefined;
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  const asked = objectOf(choice);
  const name = asked === undefined ? '' : nameOfChoice(asked);
  return tools.some((tool) => tool['name'] === name) ? { type: 'function', name } : undefined;
}

const customFunction = (tool: JsonObject): JsonObject => {
  const format = objectOf(tool['format']);
  return {
    type: 'function',
    ...textFunction({
      name: tool['name'],
      description: textOf(tool['description']),
      syntax: textOf(format?.['syntax']),
      definition: textOf(format?.['definition']),
    }),
  };
};

/** Of a call or choice; undefined where it stands outside of all. */
export const namespaceOf = (item: JsonObject): string | undefined => textOf(item['namespace']) || undefined;
