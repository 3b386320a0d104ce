/**
 * Messages for those who speak Anthropic's wire format but not all of it: turns of the system in the middle are told by
 * the user, and thoughts of another provider are taken out. Only the turns are written anew, and only where there
 * is something to change; every other byte stays as it came.
 */

import { asBuffer } from '../../base/fetch.ts';
import {
  type JsonEdit,
  type JsonObject,
  parseJson,
  splice,
  topLevelFields,
  valueAt,
} from '../../base/json.ts';
import { objectOf, textOf } from '../openai-chat/wire.ts';
import { readContent } from './blocks.ts';

export type Adapted = { readonly body: Uint8Array; readonly dropped: readonly string[] };

const SYSTEM = Buffer.from('"system"');
const AS_ROLE = /"role"\s*:\s*$/;

/** On the way of every call to some providers: searched for, not parsed. */
function hasSystemTurn(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(SYSTEM); at >= 0; at = bytes.indexOf(SYSTEM, at + SYSTEM.length))
    if (AS_ROLE.test(bytes.toString('latin1', Math.max(0, at - 16), at))) return true;
  return false;
}

/** The client wraps such words so itself where a model knows no turns of the system. */
const asReminder = (text: string): JsonObject => ({
  type: 'text',
  text: `<system-reminder>\n${text}\n</system-reminder>`,
});

/** What the system says in the middle, at the end of the user's turn before it. */
export function withoutSystemTurns(body: Uint8Array): Uint8Array {
  const bytes = asBuffer(body);
  if (!hasSystemTurn(bytes)) return body;
  return rewritten(bytes, (turns) => {
    const told: JsonObject[] = [];
    for (const turn of turns) {
      const last = told.at(-1);
      const isSystem = turn['role'] === 'system';
      if (isSystem) {
        const said = saidBySystem(turn);
        if (last?.['role'] === 'user') told[told.length - 1] = joined(last, said);
        else told.push({ role: 'user', content: said });
      } else if (turn['role'] === 'user' && last?.['role'] === 'user' && isReminder(last))
        told[told.length - 1] = joined(last, readContent(turn['content']) ?? []);
      else told.push(turn);
    }
    return told.filter(({ content }) => !Array.isArray(content) || content.length > 0);
  });
}

const saidBySystem = (turn: JsonObject): JsonObject[] =>
  (readContent(turn['content']) ?? []).flatMap((block) =>
    textOf(block['text']) === '' ? [] : [{ ...block, ...asReminder(textOf(block['text'])) }],
  );

const joined = (turn: JsonObject, blocks: readonly JsonObject[]): JsonObject => ({
  ...turn,
  content: [...(readContent(turn['content']) ?? []), ...blocks],
});

/** A turn that is nothing but what the system said. */
const isReminder = ({ content }: JsonObject): boolean =>
  Array.isArray(content) &&
  content.every((block) => textOf(objectOf(block)?.['text']).startsWith('<system-reminder>'));

const THOUGHTS: ReadonlySet<unknown> = new Set(['thinking', 'redacted_thinking']);

type IsTaken = (block: JsonObject) => boolean;

/** Without the thoughts that somebody else has sealed. */
export const withoutThoughts = (body: Uint8Array): Adapted =>
  without(body, { name: 'thought_signature', isTaken: ({ type }) => THOUGHTS.has(type) });

const UNSEALED = ['"signature":""', '"signature": ""'].map((sign) => Buffer.from(sign));

/** Without the thoughts that nobody has sealed: models that seal theirs refuse the words of others. */
export function withoutUnsealed(body: Uint8Array): Adapted {
  const bytes = asBuffer(body);
  if (!UNSEALED.some((sign) => bytes.includes(sign))) return { body, dropped: [] };
  const isTaken: IsTaken = ({ type, signature }) => type === 'thinking' && signature === '';
  return without(body, { name: 'thinking', isTaken });
}

/** A turn of tools that has lost its thought cannot go on thinking within a budget. */
function without(
  body: Uint8Array,
  { name, isTaken }: { readonly name: string; readonly isTaken: IsTaken },
): Adapted {
  const bytes = asBuffer(body);
  let found = false;
  let isBroken = false;
  const left = rewritten(bytes, (turns) =>
    turns.map((turn) => {
      const { content } = turn;
      if (turn['role'] !== 'assistant') return turn;
      isBroken = false;
      if (!Array.isArray(content)) return turn;
      const kept = content.filter((block) => !isTaken(objectOf(block) ?? {}));
      if (kept.length === content.length) return turn;
      found = true;
      isBroken = kept.some((block) => objectOf(block)?.['type'] === 'tool_use');
      return { ...turn, content: kept.length === 0 ? [{ type: 'text', text: '…' }] : kept };
    }),
  );
  if (!found) return { body, dropped: [] };
  const thinking = isBroken ? topLevelFields(left)?.get('thinking') : undefined;
  const told = thinking && parseJson(left.toString('utf8', thinking.start, thinking.end));
  if (thinking === undefined || objectOf(told)?.['type'] !== 'enabled')
    return { body: left, dropped: [name] };
  const edit: JsonEdit = { ...thinking, text: '{"type":"disabled"}' };
  return { body: splice(left, [edit]), dropped: [...new Set([name, 'thinking'])] };
}

function rewritten(bytes: Buffer, change: (turns: readonly JsonObject[]) => readonly JsonObject[]): Buffer {
  const span = topLevelFields(bytes)?.get('messages');
  const turns = valueAt(bytes, span);
  if (span === undefined || !Array.isArray(turns)) return bytes;
  const changed = change(turns.map((turn: unknown) => objectOf(turn) ?? {}));
  return splice(bytes, [{ ...span, text: JSON.stringify(changed) }]);
}
