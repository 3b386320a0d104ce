/**
 * Custom tools, which take a text and no arguments, as functions with that text as their one argument. The grammar that
 * the text follows, which only OpenAI can enforce, is told in the description.
 */

import { isJsonObject, type JsonObject, parseJson } from '../../base/json.ts';

const INPUT = { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] } as const;

type TextTool = {
  readonly name: unknown;
  readonly description: string;
  readonly syntax: string;
  /** Empty: any text. */
  readonly definition: string;
};

export function textFunction({ name, description, syntax, definition }: TextTool): JsonObject {
  const rule = definition === '' ? '' : `The input follows this ${syntax} grammar:\n${definition}`;
  const told = [description, rule].filter((text) => text !== '').join('\n\n');
  return { name, ...(told === '' ? {} : { description: told }), parameters: INPUT };
}

export const textArguments = (input: unknown): string => JSON.stringify({ input });

/** The text from the arguments of such a function: what is none of them is the text itself. */
export function textInputOf(said: string): string {
  const value = parseJson(said);
  const input = isJsonObject(value) ? value['input'] : undefined;
  return typeof input === 'string' ? input : said;
}
