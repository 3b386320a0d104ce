/** Rule 5: a path that a document names exists. */

import type { SourceFile } from './tree.ts';

const EXTENSION = /\.(md|ts|json|yaml)$/;
/** Names that stand for something of the reader's. */
const PLACEHOLDER = /(^|\/)x(\.[\w.]+)?$|[<>{}$…()=,]|\.\.\./;
/** Files that the reader makes. */
const OF_THE_READER = new Set(['sluice.yaml']);

/** Paths of all files and folders (folders with a slash at their end). */
export function documentComplaints(documents: readonly SourceFile[], paths: readonly string[]): string[] {
  const existing = new Set(paths.map(withoutSlash));
  const names = new Set(paths.map((path) => withoutSlash(path).split('/').at(-1) ?? ''));
  const roots = new Set(paths.flatMap((path) => firstSteps(withoutSlash(path))));
  return documents.flatMap((document) => {
    const folder = document.path.split('/').slice(0, -1).join('/');
    const exists = (path: string): boolean =>
      ['', 'src', folder].some((base) => matches(existing, base === '' ? path : `${base}/${path}`)) ||
      (!path.includes('/') && matches(names, path));
    const written = mentionsOf(document.text)
      .filter((mention) => looksLikePath(mention, roots))
      .filter((mention) => !exists(withoutSlash(mention.replace(/^\.\//, ''))));
    const linked = linksOf(document.text).filter((link) => !exists(withoutSlash(normalized(folder, link))));
    return [...new Set([...written, ...linked])].map(
      (mention) => `${document.path} names ${mention}, which does not exist`,
    );
  });
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

/** Where a path of ours can begin: at the root, or, as documents often do, inside `src/`. */
function firstSteps(path: string): string[] {
  const [first = '', second] = path.split('/');
  return first === 'src' && second !== undefined ? [first, second] : [first];
}

/** Words in inline code; blocks are examples. */
const mentionsOf = (text: string): string[] =>
  [...text.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, code = '']) => code.split(/[\s"']+/))
    .filter((word) => word !== '');

function looksLikePath(word: string, roots: ReadonlySet<string>): boolean {
  if (word.startsWith('/') || word.startsWith('.') || /^\w+:/.test(word)) return false;
  if (PLACEHOLDER.test(word) || OF_THE_READER.has(word)) return false;
  const first = word.split('/')[0] ?? '';
  return EXTENSION.test(word) || (word.includes('/') && roots.has(first));
}

const linksOf = (text: string): string[] =>
  [...text.replace(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target.replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^\w+:/.test(target));

function normalized(folder: string, link: string): string {
  const steps = folder === '' ? [] : folder.split('/');
  for (const step of link.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  return steps.join('/');
}

/** A star stands for any piece of a name. */
function matches(existing: ReadonlySet<string>, path: string): boolean {
  if (!path.includes('*')) return existing.has(path);
  const pattern = path
    .replace(/[.+?^$|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?/g, '\0')
    .replace(/\*/g, '[^/]*')
    .replaceAll('\0', '.*');
  return [...existing].some((each) => new RegExp(`^${pattern}$`).test(each));
}
