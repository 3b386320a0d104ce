/**
 * A tool in a namespace under one name, as providers without namespaces take it: of the usual letters, no longer than 64
 * of them, and the same for the same tool in every call. https://platform.openai.com/docs/api-reference/chat/create
 */

import { hash } from 'node:crypto';

const LONGEST_NAME = 64;
const MARK_LENGTH = 8;

export function flatName(name: string, namespace: string | undefined): string {
  if (namespace === undefined) return name;
  // Codex ends its namespaces with the mark that it sets between server and tool.
  const joined = `${namespace}${namespace.endsWith('__') ? '' : '__'}${name}`;
  const plain = joined.replace(/[^\w-]/g, '_');
  if (plain === joined && plain.length <= LONGEST_NAME) return plain;
  const mark = hash('sha256', joined, 'hex').slice(0, MARK_LENGTH);
  return `${plain.slice(0, LONGEST_NAME - MARK_LENGTH - 1)}_${mark}`;
}
