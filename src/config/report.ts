/**
 * Turns issues into problems: finds the place in the file, decides what may be shown of it, and words the sentence.
 */

import type { Issue } from './issue.ts';
import { isLeaf, type JsonSchema, schemasAt } from './json-schema.ts';
import { carriesSecret, isPlainReference, looksSecret, maskLine, type Ranges } from './mask.ts';
import { nearestWord } from './nearest.ts';
import { pathKey, pathText } from './place.ts';
import type { Excerpt, Problem } from './problem.ts';
import type { Range, Source, SourceNode } from './source.ts';

type ReportOptions = {
  readonly file: string;
  readonly text: string;
  readonly source: Source;
  readonly schema: JsonSchema;
};

export function reportProblems(
  issues: readonly Issue[],
  { file, text, source, schema }: ReportOptions,
): Problem[] {
  const ranges = rangesOf(source, schema);
  const placed = (range: Range): Pick<Problem, 'line' | 'column' | 'excerpt'> => {
    const { line, column } = source.position(range.start);
    return { line, column, excerpt: excerptOf(text, range, { column, ranges }) };
  };
  const told = source.problems.map(
    ({ path, range, message }): Problem => ({
      file,
      ...placed(range),
      path: pathText(path ?? []),
      message,
    }),
  );
  const found = issues
    .filter(({ path }) => !source.told.has(pathKey(path)))
    .map((issue): Problem => {
      const node = source.nodes.get(pathKey(issue.path));
      return {
        file,
        ...placed(rangeOf(issue, source)),
        path: shownPath(issue),
        ...sentenceOf(issue, node, schema),
      };
    });
  return [...told, ...found].sort(
    (a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}

/** Where the fault stands: the value, the name before it when it has none, or else what should have contained it. */
function rangeOf({ path, at }: Issue, source: Source): Range {
  const node = source.nodes.get(pathKey(path));
  const range = at === 'name' ? (node?.keyRange ?? node?.range) : (node?.range ?? node?.keyRange);
  if (range !== undefined)
    return node?.kind === 'value' || at === 'name' ? range : firstOf(range, node?.keyRange);
  for (let length = path.length - 1; length >= 0; length--) {
    const above = source.nodes.get(pathKey(path.slice(0, length)));
    if (above?.range !== undefined) return firstOf(above.range, above.keyRange);
  }
  return { start: 0, end: 1 };
}

/** A whole mapping is pointed at by its name, or by its first character. */
const firstOf = (range: Range, keyRange: Range | undefined): Range =>
  keyRange ?? { start: range.start, end: range.start + 1 };

function sentenceOf(
  issue: Issue,
  node: SourceNode | undefined,
  schema: JsonSchema,
): Pick<Problem, 'message' | 'expected' | 'found' | 'nearest'> {
  const { expected, unknown, message } = issue;
  const found = issue.at === 'name' ? shownName(issue) : foundOf(node, schema);
  if (message !== undefined) return { message, expected, found };
  if (unknown !== undefined && (issue.at === 'name' || typeof node?.value === 'string')) {
    const word = issue.at === 'name' ? String(issue.path.at(-1)) : String(node?.value);
    const nearest = nearestWord(word, unknown.words);
    const hint = nearest === undefined ? `: expected ${expected}` : `: did you mean '${nearest}'?`;
    const message = `unknown ${unknown.noun} ${found}${hint}`;
    return { message, expected, found, ...(nearest === undefined ? {} : { nearest }) };
  }
  const nothing = node === undefined || node.kind === 'nothing';
  return {
    message: nothing ? `missing: expected ${expected}` : `expected ${expected}, found ${found}`,
    expected,
    found,
  };
}

function shownPath({ path, at }: Issue): string {
  const last = path.at(-1);
  const hidden = at === 'name' && typeof last === 'string' && looksSecret(last);
  return pathText(hidden ? path.slice(0, -1) : path);
}

function shownName({ path }: Issue): string {
  const name = String(path.at(-1));
  return looksSecret(name) ? '(not shown, it could be a secret)' : `'${name}'`;
}

function foundOf(node: SourceNode | undefined, schema: JsonSchema): string {
  if (node === undefined || node.kind === 'nothing') return 'nothing';
  if (node.kind !== 'value') return node.kind === 'list' ? 'a list' : 'a mapping';
  if (node.written !== undefined) {
    return isPlainReference(node.written) ? `the value of ${node.written}` : 'an interpolated value';
  }
  if (!mayBeShown(node, schema)) return 'a value that is not shown here';
  const { value } = node;
  if (typeof value !== 'string') return String(value);
  return value.length > 60 ? `'${value.slice(0, 60)}…'` : `'${value}'`;
}

/** Only a value at a place that is known, and known to hold no secret. */
function mayBeShown({ path, value, written }: SourceNode, schema: JsonSchema): boolean {
  if (written !== undefined) return isPlainReference(written);
  const leaves = schemasAt(schema, path).filter(isLeaf);
  const secret = leaves.length === 0 || leaves.some(({ writeOnly }) => writeOnly === true);
  return !secret && !(typeof value === 'string' && carriesSecret(value));
}

function rangesOf(source: Source, schema: JsonSchema): Ranges {
  const open: Range[] = [];
  const closed: Range[] = [];
  for (const node of source.nodes.values()) {
    const known = schemasAt(schema, node.path).length > 0;
    const name = String(node.path.at(-1));
    if (node.keyRange !== undefined && (known || !looksSecret(name))) open.push(node.keyRange);
    else if (node.keyRange !== undefined) closed.push(node.keyRange);
    if (node.kind === 'value' && node.range !== undefined)
      (mayBeShown(node, schema) ? open : closed).push(node.range);
  }
  return { open, closed };
}

/** Long lines are cut around the fault. */
const LONGEST_LINE = 160;

function excerptOf(
  text: string,
  range: Range,
  { column, ranges }: { column: number; ranges: Ranges },
): Excerpt {
  const start = range.start - (column - 1);
  const found = text.indexOf('\n', start);
  const end = found < 0 ? text.length : found;
  const line = maskLine({ text: text.slice(start, end).replace(/\r$/, ''), start }, ranges);
  const length = Math.max(1, Math.min(range.end - range.start, line.length - (column - 1)));
  const cut = column > LONGEST_LINE / 2 ? column - LONGEST_LINE / 2 : 0;
  const visible = line.slice(cut, cut + LONGEST_LINE);
  return {
    text: visible,
    offset: column - 1 - cut,
    length: Math.max(1, Math.min(length, visible.length - (column - 1 - cut))),
  };
}
