/**
 * Applies rules to a body that is ready to be sent, by splicing: what no rule names stays byte for byte as it is, and
 * where there is no rule nothing is looked at. What the client said and the provider does not get is named.
 */

import { createHash } from 'node:crypto';
import { asBuffer } from '../base/fetch.ts';
import { arrayItems, type JsonEdit, type JsonSpan, parseJson, splice, topLevelFields } from '../base/json.ts';
import type { BodyRules } from '../domain/body-rules.ts';
import type { DialectId } from '../domain/call.ts';
import type { Channel } from '../domain/channel.ts';
import type { Provider } from '../providers/provider.ts';

export type Dressed = { readonly body: Uint8Array; readonly dropped: readonly string[] };

const NOTHING: readonly never[] = [];

/** The provider's own rules for this model and dialect, as one, then the account's. */
export function rulesFor(provider: Provider, channel: Channel, dialect: DialectId): readonly BodyRules[] {
  const { bodyRules } = channel.account;
  if (provider.quirks.length === 0) return bodyRules === undefined ? NOTHING : [bodyRules];
  const rules = provider.quirks.flatMap((quirk) =>
    quirk.rules !== undefined &&
    (quirk.dialect ?? 'openai-chat') === dialect &&
    (quirk.models === undefined || quirk.models.test(channel.upstreamModel))
      ? [quirk.rules]
      : [],
  );
  const own = rules.length > 1 ? [asOne(rules)] : rules;
  return bodyRules === undefined ? own : [...own, bodyRules];
}

/** Quirks of one provider speak of different fields, so that one look at the body does for all. */
function asOne(rules: readonly BodyRules[]): BodyRules {
  return {
    drop: rules.flatMap(({ drop = [] }) => drop),
    omit: rules.flatMap(({ omit = [] }) => omit),
    nine: rules.flatMap(({ nine = [] }) => nine),
    rename: Object.assign({}, ...rules.map(({ rename }) => rename)),
    set: Object.assign({}, ...rules.map(({ set }) => set)),
    swap: Object.assign({}, ...rules.map(({ swap }) => swap)),
  };
}

export function dressed(body: Uint8Array, rules: readonly BodyRules[]): Dressed {
  if (rules.length === 0) return { body, dropped: NOTHING };
  let bytes = asBuffer(body);
  const dropped = new Set<string>();
  for (const each of rules) bytes = dressedBy(each, bytes, dropped);
  return { body: bytes, dropped: [...dropped] };
}

function dressedBy(rules: BodyRules, bytes: Buffer, dropped: Set<string>): Buffer {
  if (!concerns(rules, bytes)) return bytes;
  const edits: JsonEdit[] = [];
  edit({ bytes, edits, dropped }, { from: 0, level: levelOf(rules), path: '' });
  return edits.length === 0 ? bytes : splice(bytes, edits);
}

/** A word that is said otherwise somewhere is rare, and looked for faster than the places where it may stand. */
function concerns({ swap, ...others }: BodyRules, bytes: Buffer): boolean {
  if (swap === undefined || Object.keys(others).length > 0) return true;
  return Object.values(swap).some((words) => Object.keys(words).some((word) => bytes.includes(`"${word}"`)));
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** The rules of one object, and of those inside it. */
type Level = {
  readonly drop: Set<string>;
  readonly omit: Set<string>;
  readonly nine: Set<string>;
  readonly swap: Map<string, Readonly<Record<string, string>>>;
  readonly rename: Readonly<Record<string, string>>;
  readonly set: Readonly<Record<string, unknown>>;
  readonly within: Map<string, Level>;
};

const emptyLevel = (rename: Level['rename'] = {}, set: Level['set'] = {}): Level => ({
  ...{ drop: new Set(), omit: new Set(), nine: new Set(), swap: new Map(), within: new Map() },
  ...{ rename, set },
});

function levelOf({ drop = [], omit = [], nine = [], swap = {}, rename, set }: BodyRules): Level {
  const top = emptyLevel(rename, set);
  for (const path of drop) above(top, path).drop.add(lastOf(path));
  for (const path of omit) above(top, path).omit.add(lastOf(path));
  for (const path of nine) above(top, path).nine.add(lastOf(path));
  for (const [path, words] of Object.entries(swap)) above(top, path).swap.set(lastOf(path), words);
  return top;
}

/** The level that holds the field at the end of the path. */
function above(top: Level, path: string): Level {
  let level = top;
  for (const step of path.split('.').slice(0, -1)) {
    const next = level.within.get(step) ?? emptyLevel();
    level.within.set(step, next);
    level = next;
  }
  return level;
}

type Work = { readonly bytes: Buffer; readonly edits: JsonEdit[]; readonly dropped: Set<string> };
type At = { readonly from: number; readonly level: Level; readonly path: string };

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;

/** Nothing where the object is none, or a field of it stands twice: those were refused at the door. */
function edit(work: Work, { from, level, path }: At): void {
  const { bytes, edits, dropped } = work;
  const fields = topLevelFields(bytes, from);
  if (fields === undefined) return;
  /** Where the last field, kept or dropped, ends; before the first one, behind the brace. */
  let end = bytes.indexOf(OPEN_BRACE, from) + 1;
  let keeps = false;
  for (const [name, value] of fields) {
    const renamed = Object.hasOwn(level.rename, name) ? level.rename[name] : undefined;
    const isOmitted = level.omit.has(name);
    if (isOmitted || level.drop.has(name) || (renamed !== undefined && fields.has(renamed))) {
      if (!isOmitted) dropped.add(path + name);
      // With the comma before it; of the first ones, with the comma behind.
      const until = keeps ? value.end : behindComma(bytes, value.end);
      edits.push({ start: end, end: until, text: '' });
      end = until;
      continue;
    }
    if (renamed !== undefined) edits.push({ ...keySpan(bytes, end, value), text: JSON.stringify(renamed) });
    if (Object.hasOwn(level.set, name)) overwrite(work, value, { name, value: level.set[name] });
    else inside(work, { name, value }, { from, level, path });
    keeps = true;
    end = value.end;
  }
  const added = Object.entries(level.set).filter(([name]) => !fields.has(name));
  if (added.length === 0) return;
  const text = JSON.stringify(Object.fromEntries(added)).slice(1, -1);
  edits.push({ start: end, end, text: keeps ? `,${text}` : text });
}

function overwrite(
  { bytes, edits, dropped }: Work,
  span: JsonSpan,
  to: { name: string; value: unknown },
): void {
  const text = JSON.stringify(to.value);
  if (bytes.toString('utf8', span.start, span.end) === text) return;
  dropped.add(to.name);
  edits.push({ ...span, text });
}

function inside(work: Work, field: { name: string; value: JsonSpan }, { level, path }: At): void {
  const { bytes, edits } = work;
  const { name, value } = field;
  const words = level.swap.get(name);
  if (words !== undefined || level.nine.has(name)) {
    const text = parseJson(bytes.toString('utf8', value.start, value.end));
    if (typeof text !== 'string') return;
    if (words === undefined && !NINE.test(text)) edits.push({ ...value, text: `"${nineOf(text)}"` });
    if (words !== undefined && Object.hasOwn(words, text))
      edits.push({ ...value, text: JSON.stringify(words[text]) });
    return;
  }
  const object = level.within.get(name);
  if (object !== undefined) edit(work, { from: value.start, level: object, path: `${path}${name}.` });
  const items = level.within.get(`${name}[]`);
  if (items === undefined) return;
  for (const { start } of arrayItems(bytes, value.start) ?? NOTHING)
    edit(work, { from: start, level: items, path: `${path}${name}[].` });
}

const NINE = /^[A-Za-z0-9]{9}$/;

const nineOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 9);

function behindComma(bytes: Buffer, from: number): number {
  let i = from;
  while ((bytes[i] ?? 0xff) <= 0x20) i++;
  return bytes[i] === COMMA ? i + 1 : from;
}

/** Between the end of the field before and the value there is one text, and it is the key. */
function keySpan(bytes: Buffer, from: number, value: JsonSpan): JsonSpan {
  return { start: bytes.indexOf(QUOTE, from), end: bytes.lastIndexOf(QUOTE, value.start - 1) + 1 };
}
