/**
 * Paths of objects: words of the API and ids between them. What is no word is an id and must have been given by us, so
 * that a path that nobody thought of can never reach another tenant's object.
 */

/** Words of the APIs of OpenAI and Anthropic below the paths that providers pass: https://platform.openai.com/docs/api-reference */
const WORDS: ReadonlySet<string> = new Set(
  (
    'files content uploads parts complete cancel batches batch jobs events results fine_tuning checkpoints permissions ' +
    'pause resume start alpha graders run validate vector_stores file_batches search assistants threads messages runs ' +
    'steps submit_tool_outputs containers evals output_items conversations items videos remix'
  ).split(' '),
);

export type ObjectPath = {
  /** Without the leading slash, as they came, their escapes undone. */
  readonly segments: readonly string[];
  /** For people and metrics: ids are stars. */
  readonly route: string;
  /** Names one object, at least. */
  readonly hasId: boolean;
};

/** No API goes deeper: metrics name each path. */
const DEEPEST = 8;

/** Undefined where a segment is no plain name: an escape that hides a slash, a dot, nothing at all. */
export function objectPathOf(path: string): ObjectPath | undefined {
  const segments: string[] = [];
  for (const raw of path.replace(/^\//, '').split('/')) {
    const segment = unescaped(raw);
    if (segment === undefined || !/^[\w:~-][\w.:~-]*$/.test(segment)) return undefined;
    segments.push(segment);
  }
  if (segments.length > DEEPEST) return undefined;
  const ids = segments.filter(isId);
  return {
    segments,
    route: `/${segments.map((segment) => (isId(segment) ? '*' : segment)).join('/')}`,
    hasId: ids.length > 0,
  };
}

export const isId = (segment: string): boolean => !WORDS.has(segment);

/** A file's own content: its bytes are the client's, whatever their type. */
export const isContent = (route: string): boolean => /\/(?:content|results)$/.test(route);

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `/files` passes `/files` and all below it. */
export const isBelow = (path: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
