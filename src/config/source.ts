// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are for the reader of a configuration

/**
 * A YAML text as plain data, with the place of every node kept, so that a problem can point at it. Interpolation
 * happens on the way; what could not be resolved is left out and told once, here, and nowhere else again.
 */

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
} from 'yaml';
import { hasInterpolation, type InterpolationSources, interpolate } from './interpolate.ts';
import { type Path, pathKey } from './place.ts';

export type Range = { readonly start: number; readonly end: number };

export type SourceNode = {
  readonly path: Path;
  readonly kind: 'mapping' | 'list' | 'value' | 'nothing';
  /** Of the value; undefined when nothing stands there. */
  readonly range?: Range;
  /** Of the name before it, inside a mapping. */
  readonly keyRange?: Range;
  /** After interpolation. */
  readonly value?: unknown;
  /** As it stands in the file, when it was interpolated. */
  readonly written?: string;
};

export type SourceProblem = { readonly path?: Path; readonly range: Range; readonly message: string };

export type Source = {
  /** Undefined when the YAML could not be read at all. */
  readonly data: unknown;
  readonly readable: boolean;
  readonly problems: readonly SourceProblem[];
  readonly nodes: ReadonlyMap<string, SourceNode>;
  /** Paths whose problem is already told. */
  readonly told: ReadonlySet<string>;
  /** Both from 1. */
  position(offset: number): { readonly line: number; readonly column: number };
};

/** Enough for ten thousand accounts, too few for a bomb of aliases. */
const MAX_NODES = 200_000;

export function readSource(text: string, sources: InterpolationSources): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const problems = syntaxProblems(text, [...document.errors, ...document.warnings.filter(isTagWarning)]);
  // A repeated name still leaves a document to look at; anything else is told alone, as the rest would be guesswork.
  const readable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  const reader = createReader(sources, aliasResolver(document));
  const data = readable ? reader.read(document.contents as Node | null, []) : undefined;
  return {
    data: data ?? undefined,
    readable,
    problems: [...problems, ...reader.problems],
    nodes: reader.nodes,
    told: reader.told,
    position: (offset) => {
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    },
  };
}

const isTagWarning = ({ code }: { code: string }): boolean => code === 'TAG_RESOLVE_FAILED';

type SyntaxError = Pick<YAMLParseError, 'code' | 'message' | 'pos'>;

/** Duplicates, or else the first error alone: the ones after it are mostly its echo. */
function syntaxProblems(text: string, errors: readonly SyntaxError[]): SourceProblem[] {
  const duplicates = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  return (first === undefined ? duplicates : [first]).map(({ code, message, pos: [start, end] }) => ({
    range: { start, end: Math.max(end, start + 1) },
    message: sentenceOf({ code, message, interpolation: text.startsWith('${', start - 1) }),
  }));
}

type Fault = { readonly code: string; readonly message: string; readonly interpolation: boolean };

/** The library's message without the piece of the file that some carry: it could be a secret. */
function sentenceOf({ code, message, interpolation }: Fault): string {
  if (code === 'DUPLICATE_KEY') return 'this name was already used above';
  if (interpolation) return 'not valid YAML: inside { } and [ ] an interpolation needs quotes, "${VAR}"';
  if (code === 'MULTIPLE_DOCS') return 'not valid YAML: one document only, but "---" starts another';
  if (code === 'TAG_RESOLVE_FAILED')
    return 'not valid YAML: an unknown tag (a text that begins with "!" needs quotes)';
  return `not valid YAML: ${message.replace(/: ["'`].*$/s, '')}`;
}

/** What an alias stands for, looked for once: the library walks the whole document each time. */
function aliasResolver(document: Document.Parsed): (node: Node) => Node | undefined {
  const resolved = new Map<Node, Node | undefined>();
  return (node) => {
    if (!isAlias(node)) return node;
    if (!resolved.has(node)) resolved.set(node, node.resolve(document));
    return resolved.get(node);
  };
}

function createReader(sources: InterpolationSources, resolve: (node: Node) => Node | undefined) {
  const problems: SourceProblem[] = [];
  const nodes = new Map<string, SourceNode>();
  const told = new Set<string>();
  const open = new Set<Node>();
  let count = 0;

  type At = { readonly keyRange?: Range; readonly aliasRange?: Range };

  function read(written: Node | null, path: Path, { keyRange, aliasRange }: At = {}): unknown {
    const range = aliasRange ?? rangeOf(written);
    const keep = (node: Omit<SourceNode, 'path' | 'range' | 'keyRange'>): void => {
      nodes.set(pathKey(path), {
        path,
        ...(range === undefined ? {} : { range }),
        ...(keyRange === undefined ? {} : { keyRange }),
        ...node,
      });
    };
    const tell = (message: string): undefined => {
      problems.push({ path, range: range ?? keyRange ?? { start: 0, end: 1 }, message });
      told.add(pathKey(path));
      keep({ kind: 'value' });
      return undefined;
    };

    const node = written === null ? null : resolve(written);
    if (node === undefined)
      return tell(
        'an alias ("*name") without its anchor ("&name"); a text that begins with "*" needs quotes',
      );
    if (node !== null && open.has(node)) return tell('an alias inside its own anchor');
    count += 1;
    if (count > MAX_NODES)
      return count === MAX_NODES + 1 ? tell('too large: aliases multiply it') : undefined;

    const inside: At =
      isAlias(written) && range !== undefined
        ? { aliasRange: range }
        : aliasRange === undefined
          ? {}
          : { aliasRange };
    if (isMap(node)) {
      keep({ kind: 'mapping' });
      return within(node, () => readMapping(node, path, inside));
    }
    if (isSeq(node)) {
      keep({ kind: 'list' });
      return within(node, () =>
        node.items.map((item, index) => read(item as Node | null, [...path, index], inside)),
      );
    }
    const value: unknown = isScalar(node) ? node.value : null;
    if (typeof value !== 'string' || !hasInterpolation(value)) {
      keep(value === null ? { kind: 'nothing' } : { kind: 'value', value });
      return value;
    }
    const result = interpolate(value, sources);
    if (result.problems.length > 0) return tell(result.problems.join('; '));
    keep({ kind: 'value', value: result.text, written: value });
    return result.text;
  }

  function within<T>(node: Node, task: () => T): T {
    open.add(node);
    try {
      return task();
    } finally {
      open.delete(node);
    }
  }

  function readMapping(map: YAMLMap, path: Path, inside: At): Record<string, unknown> {
    // Without a prototype, so that `__proto__` is a name like any other.
    const data: Record<string, unknown> = Object.create(null);
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const name = isScalar(pair.key) ? String(pair.key.value) : undefined;
      const keyRange = inside.aliasRange ?? rangeOf(pair.key);
      if (name === undefined) {
        problems.push({
          path,
          range: keyRange ?? { start: 0, end: 1 },
          message: 'a name must be plain text (a text that begins with "{" or "[" needs quotes)',
        });
      } else if (name === '<<') {
        for (const [merged, value] of mergedEntries(pair.value, path, inside)) {
          if (!(merged in data) && !map.has(merged)) data[merged] = value;
        }
      } else if (!(name in data)) {
        data[name] = read(pair.value, [...path, name], {
          ...inside,
          ...(keyRange === undefined ? {} : { keyRange }),
        });
      }
    }
    return data;
  }

  /** What `<<: *anchor` (or a list of them) brings in; the mapping's own entries win. */
  function mergedEntries(written: Node | null, path: Path, inside: At): [string, unknown][] {
    const node = written === null ? undefined : resolve(written);
    if (isSeq(node)) return node.items.flatMap((item) => mergedEntries(item as Node, path, inside));
    if (isMap(node) && !open.has(node))
      return Object.entries(within(node, () => readMapping(node, path, inside)));
    problems.push({
      path,
      range: rangeOf(written) ?? { start: 0, end: 1 },
      message: '"<<" takes an alias of a mapping',
    });
    return [];
  }

  return { read, problems, nodes, told };
}

function rangeOf(node: Node | null): Range | undefined {
  const range = node?.range;
  return range === undefined || range === null || range[0] === range[1]
    ? undefined
    : { start: range[0], end: range[1] };
}
